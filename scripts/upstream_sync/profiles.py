"""How strictly a fact is compared (ADR 0002): the contract must be equal, our insides need not be.

strict: each difference is declared or an error. mapped: each fact of upstream has a counterpart of ours, or a reason
why it has none (`upstream/mapping.toml`). inform: only reported.
"""

import re
from enum import StrEnum
from typing import Final


class Profile(StrEnum):
    STRICT = "strict"
    MAPPED = "mapped"
    INFORM = "inform"


# What official clients and services' programs see.
_STRICT: Final = re.compile(
    r"(?:route|schema|response-key) [A-Z]+ (?:/v2/|/unsubscribe/).*|status notification .*|(?:key-type|error|callback|limit) .*"
)
_MAPPED_WORDS: Final = ("status", "permission", "enum", "table", "column", "task", "beat")


def profile_of(key: str) -> Profile:
    if _STRICT.fullmatch(key):
        return Profile.STRICT
    return Profile.MAPPED if key.partition(" ")[0] in _MAPPED_WORDS else Profile.INFORM


_ANSWER: Final = re.compile(r"(?:schema|response-key) [A-Z]+ \S+ response\b")


def is_public_response(key: str) -> bool:
    """Answers may promise more than upstream's do: a client that reads theirs reads ours."""
    return _ANSWER.match(key) is not None
