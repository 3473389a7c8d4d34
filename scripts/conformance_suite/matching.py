"""Comparing an answer with what a vector expects of it, and saying where they differ."""

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_MISSING = object()


def find_differences(expected: Any, actual: Any, at: str = "") -> Iterator[str]:
    """Objects may have more keys than expected, lists must be as long; `$…` objects are matchers."""
    if isinstance(expected, dict) and any(name.startswith("$") for name in expected):
        for name in expected:
            if name.startswith("$"):
                yield from _MATCHERS[name](expected, actual, at)
    elif isinstance(expected, dict):
        yield from _object_differences(expected, actual, at)
    elif isinstance(expected, list):
        yield from _list_differences(expected, actual, at)
    elif not _equal(expected, actual):
        yield _differ(at, show(expected), actual)


def look_up(body: Any, pointer: str) -> Any:
    """The value at a JSON pointer. Raises `LookupError`."""
    for part in pointer.split("/")[1:]:
        if not isinstance(body, dict | list):
            raise LookupError(pointer)  # noqa: TRY004 - nothing is there, whatever the type
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body


def show(value: Any, length: int = 300) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= length else f"{text[:length]}… ({len(text)} characters)"


def _differ(at: str, expected: str, actual: Any) -> str:
    return f"{at or '/'}: expected {expected}, got {'nothing' if actual is _MISSING else show(actual)}"


def _equal(expected: Any, actual: Any) -> bool:
    """JSON's equality: true is not 1."""
    return isinstance(expected, bool) == isinstance(actual, bool) and bool(expected == actual)


def _object_differences(expected: Mapping[str, Any], actual: Any, at: str) -> Iterator[str]:
    if not isinstance(actual, dict):
        yield _differ(at, "an object", actual)
        return
    for name, value in expected.items():
        if name not in actual:
            yield _differ(f"{at}/{name}", show(value), _MISSING)
        else:
            yield from find_differences(value, actual[name], f"{at}/{name}")


def _list_differences(expected: list[Any], actual: Any, at: str) -> Iterator[str]:
    if not isinstance(actual, list) or len(actual) != len(expected):
        yield _differ(at, f"a list of {len(expected)}: {show(expected)}", actual)
        return
    for number, (wanted, got) in enumerate(zip(expected, actual, strict=True)):
        yield from find_differences(wanted, got, f"{at}/{number}")


def _matches(expected: Any, actual: Any) -> bool:
    return next(find_differences(expected, actual), None) is None


def _match_pattern(matcher: Mapping[str, Any], actual: Any, at: str) -> Iterator[str]:
    if not isinstance(actual, str) or not re.fullmatch(matcher["$pattern"], actual):
        yield _differ(at, f"text like {matcher['$pattern']}", actual)


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "uuid": _is_uuid,
    "timestamp": lambda value: isinstance(value, str) and bool(_TIMESTAMP.fullmatch(value)),
}


def _match_type(matcher: Mapping[str, Any], actual: Any, at: str) -> Iterator[str]:
    if actual is None and matcher.get("nullable"):
        return
    if not _TYPES[matcher["$type"]](actual):
        yield _differ(at, f"a value of type {matcher['$type']}", actual)


def _match_one_of(matcher: Mapping[str, Any], actual: Any, at: str) -> Iterator[str]:
    if not any(_equal(wanted, actual) for wanted in matcher["$one-of"]):
        yield _differ(at, f"one of {show(matcher['$one-of'])}", actual)


def _match_not(matcher: Mapping[str, Any], actual: Any, at: str) -> Iterator[str]:
    if _matches(matcher["$not"], actual):
        yield _differ(at, f"anything but {show(matcher['$not'])}", actual)


def _match_length(matcher: Mapping[str, Any], actual: Any, at: str) -> Iterator[str]:
    if not isinstance(actual, list) or len(actual) != matcher["$length"]:
        length = len(actual) if isinstance(actual, list) else actual
        yield _differ(at, f"a list of {matcher['$length']}", length)


def _match_each(matcher: Mapping[str, Any], actual: Any, at: str) -> Iterator[str]:
    if not isinstance(actual, list) or not actual:
        yield _differ(at, "a list with items", actual)
        return
    for number, item in enumerate(actual):
        yield from find_differences(matcher["$each"], item, f"{at}/{number}")


def _match_includes(matcher: Mapping[str, Any], actual: Any, at: str) -> Iterator[str]:
    items = actual if isinstance(actual, list) else []
    for wanted in matcher["$includes"]:
        if not any(_matches(wanted, item) for item in items):
            yield _differ(at, f"a list with {show(wanted)}", actual)


def _match_items(matcher: Mapping[str, Any], actual: Any, at: str) -> Iterator[str]:
    """The same items in any order."""
    if not isinstance(actual, list):
        yield _differ(at, "a list", actual)
        return
    left = list(actual)
    for wanted in matcher["$items"]:
        found = next((item for item in left if _matches(wanted, item)), _MISSING)
        if found is _MISSING:
            yield _differ(at, f"a list with {show(wanted)}", actual)
        else:
            left.remove(found)
    for item in left:
        yield f"{at or '/'}: unexpected item {show(item)}"


def _match_sorted(matcher: Mapping[str, Any], actual: Any, at: str) -> Iterator[str]:
    values = [item[matcher["$sorted"]] for item in actual]
    if values != sorted(values, reverse=matcher.get("descending", False)):
        yield _differ(at, f"a list sorted by {matcher['$sorted']}", values)


_MATCHERS: Mapping[str, Callable[[Mapping[str, Any], Any, str], Iterator[str]]] = {
    "$pattern": _match_pattern,
    "$type": _match_type,
    "$one-of": _match_one_of,
    "$not": _match_not,
    "$length": _match_length,
    "$each": _match_each,
    "$includes": _match_includes,
    "$items": _match_items,
    "$sorted": _match_sorted,
}
