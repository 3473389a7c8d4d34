"""What a text goes through before it enters an e-mail, whether it comes from a template or from a value."""

import html
import re
from html.entities import html5
from typing import Final

_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|([A-Za-z][A-Za-z0-9]*));")
_CARRIAGE_RETURN: Final = re.compile(r"\r\n?")
# Control characters and lone surrogates, which no HTML page may hold; two invisible fillers (contract); and
# the private-use planes, whose characters are the holes of our stencils.
_REFUSED: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u3164\ud800-\udfff\U000f0000-\U0010ffff"
_DROPPED: Final = re.compile(f"[{_REFUSED}]")
_SUSPECT: Final = re.compile(f"[&\r{_REFUSED}]")


def clean(text: str) -> str:
    """The text without what cannot be shown. Contract: entities are decoded when they end with a semicolon."""
    if _SUSPECT.search(text) is None:
        return text
    decoded = _ENTITY.sub(_decode, text) if "&" in text else text
    return _DROPPED.sub("", _CARRIAGE_RETURN.sub("\n", decoded))


def is_clean(text: str) -> bool:
    """Whether the text holds nothing that `clean` would drop."""
    return _DROPPED.search(text) is None


def _decode(entity: re.Match[str]) -> str:
    name = entity[1]
    return html.unescape(entity[0]) if name is None else html5.get(f"{name};", entity[0])
