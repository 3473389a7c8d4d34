"""Whether our value of a fact keeps upstream's promise.

Requests must be equal: who sends ours sends theirs. Answers may say more than upstream's do, because a client that
reads theirs then reads ours too.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from scripts.upstream_sync.facts import canonical
from scripts.upstream_sync.profiles import is_public_response

_TOLD_ELSEWHERE: Final = re.compile(r"schema [A-Z]+ \S+ (?:response .*|path /.*)")
_LOWER: Final = ("minLength", "minItems", "minimum")
_UPPER: Final = ("maxLength", "maxItems", "maximum")
_EQUAL: Final = ("format", "pattern", "also", "required", "closed", "uniqueItems")


def meets(key: str, ours: Any, theirs: Any) -> bool:
    if canonical(ours) == canonical(theirs):
        return True
    is_answer = is_public_response(key) and isinstance(ours, Mapping) and isinstance(theirs, Mapping)
    return is_answer and narrows(ours, theirs)


def is_told_elsewhere(key: str) -> bool:
    """Whether a fact that only we have says nothing by itself: another one is compared in its place.

    What is in an answer is told by its `response-key`, because upstream's schemas of answers leave keys out; that an
    address has a part is told by its route.
    """
    return _TOLD_ELSEWHERE.fullmatch(key) is not None


def narrows(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether all that the one schema allows is allowed by the other; both in the form of `schema_facts`."""
    return (
        all(ours.get(name) == theirs[name] for name in _EQUAL if name in theirs)
        and all(ours.get(name, 0) >= theirs[name] for name in _LOWER if name in theirs)
        and all(name in ours and ours[name] <= theirs[name] for name in _UPPER if name in theirs)
        and _is_within("type", ours, theirs)
        and _is_within("enum", ours, theirs)
    )


def _is_within(name: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    if name not in theirs:
        return True
    return name in ours and {canonical(value) for value in ours[name]} <= {
        canonical(value) for value in theirs[name]
    }
