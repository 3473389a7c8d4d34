"""Filling in what a vector leaves open: names of the deployment's things, times, long texts."""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

_PLACEHOLDER = re.compile(r"\$\{([a-z0-9.-]+)(?:\|([a-z]+))?\}")
_PHONE_GROUP = 3


class UnknownPlaceholderError(LookupError):
    """The deployment did not say what this placeholder stands for."""


def expand(value: Any, values: Mapping[str, str]) -> Any:
    """A copy of `value` with placeholders, `$repeat`, `$now` and `$time` replaced; other matchers stay."""
    if isinstance(value, str):
        return expand_text(value, values)
    if isinstance(value, list):
        return [expand(item, values) for item in value]
    if not isinstance(value, dict):
        return value
    if "$repeat" in value:
        return str(value["$repeat"]) * int(value["times"])
    if "$now" in value:
        return _moment_as(time.time() + value["$now"], value.get("as", "integer"))
    if "$time" in value:
        return _iso_time(value["$time"], value.get("offset"))
    if "$pattern" in value:
        return {"$pattern": expand_text(value["$pattern"], values, escape=True)}
    return {name: expand(item, values) for name, item in value.items()}


def expand_text(text: str, values: Mapping[str, str], *, escape: bool = False) -> str:
    """`escape` keeps what is inserted literal in a regular expression."""

    def replace(found: re.Match[str]) -> str:
        name, form = found.groups()
        if name not in values:
            raise UnknownPlaceholderError(f"${{{name}}} is not known for this deployment")
        shown = _FORMS[form](values[name])
        return re.escape(shown) if escape else shown

    return _PLACEHOLDER.sub(replace, text)


def _spaced(number: str) -> str:
    """The same phone number as people write it: `+447700…` → `+44 770 0…`."""
    sign_and_country, rest = number[:_PHONE_GROUP], number[_PHONE_GROUP:]
    groups = [rest[start : start + _PHONE_GROUP] for start in range(0, len(rest), _PHONE_GROUP)]
    return " ".join([sign_and_country, *groups])


_FORMS: Mapping[str | None, Callable[[str], str]] = {
    None: lambda text: text,
    "upper": str.upper,
    "hex": lambda text: text.replace("-", ""),
    "spaced": _spaced,
}


def _moment_as(seconds: float, form: str) -> Any:
    forms: dict[str, Any] = {
        "integer": int(seconds),
        "float": seconds,
        "text": str(int(seconds)),
    }
    return forms[form]


def _iso_time(seconds: float, offset_minutes: int | None) -> str:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    if offset_minutes is None:
        return moment.replace(tzinfo=None).isoformat(timespec="seconds")
    return moment.astimezone(timezone(timedelta(minutes=offset_minutes))).isoformat(timespec="seconds")
