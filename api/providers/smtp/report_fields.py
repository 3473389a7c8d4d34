"""The fields of a report's machine-readable part: groups of `Name: value` lines (RFC 3464 §2.1, RFC 6533 §3)."""

import base64
import binascii
import quopri
import re
from collections.abc import Sequence
from email.generator import BytesGenerator
from email.message import Message
from email.policy import compat32
from io import BytesIO
from typing import Final

_END_OF_HEADERS: Final = re.compile(rb"\r?\n\r?\n")
_BETWEEN_BLOCKS: Final = re.compile(r"\n(?:[ \t]*\n)+")
_FOLD: Final = re.compile(r"\n[ \t]+")
_MOST_BLOCKS: Final = 100
_MAX_VALUE_LENGTH: Final = 1000


def read_fields(part: Message) -> Sequence[dict[str, str]]:
    """By block, names in lower case; of a field given twice, the first. The first block is about the whole message."""
    text = _content_of(part).decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    blocks = _BETWEEN_BLOCKS.split(text)[:_MOST_BLOCKS]
    return [_read_block(block) for block in blocks if block.strip()]


def _read_block(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in _FOLD.sub(" ", block).split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip()[:_MAX_VALUE_LENGTH])
    return fields


def _content_of(part: Message) -> bytes:
    """As it was written: the parser takes the fields for headers of messages inside, and leaves their encoding alone."""
    whole = BytesIO()
    BytesGenerator(whole, mangle_from_=False, maxheaderlen=0, policy=compat32).flatten(part)
    ends = _END_OF_HEADERS.search(whole.getvalue())
    content = whole.getvalue()[ends.end() :] if ends else b""
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "quoted-printable":
        return quopri.decodestring(content)
    if encoding == "base64":
        try:
            return base64.b64decode(content)
        except binascii.Error:
            return b""
    return content
