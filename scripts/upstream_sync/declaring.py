"""The `[[fact]]` tables of declarations as text: written for new ones, and brought up to date in old ones."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from scripts.upstream_sync.facts import value_digest

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_HEADER: Final = re.compile(r"\s*\[")
_FACT: Final = re.compile(r"\s*\[\[\s*fact\s*\]\]\s*(?:#.*)?")
_LINE: Final = re.compile(r'(\s*)(key|base)(\s*=\s*)"([^"]*)"(.*)')


def fact_table(key: str, theirs: Any, ours: Any) -> str:
    """Ready to be put into a `patch.toml`. None for a side that has none."""
    lines = ["[[fact]]", f"key = {json.dumps(key, ensure_ascii=False)}"]
    if theirs is not None:
        lines.append(f'base = "{value_digest(theirs)}"')
    if ours is not None:
        lines.append(f"ours = {to_toml(ours)}")
    return "\n".join(lines) + "\n"


def to_toml(value: Any) -> str:
    """On one line. Numbers, truths and texts of JSON are TOML's."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_name(name)} = {to_toml(part)}" for name, part in value.items())
        return f"{{{pairs}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(to_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def refresh(text: str, theirs: Mapping[str, Any]) -> str:
    """The declaration with the digests of upstream's values as they are now; a fact that is gone loses its `base`.

    Everything else, comments included, stays as it is. A fact that had no `base` gets none: what it adds is then upstream's too,
    and that is for people to look at.
    """
    return "".join(_refresh(text.splitlines(keepends=True), theirs))


def _refresh(lines: list[str], theirs: Mapping[str, Any]) -> Iterator[str]:
    is_fact, key = False, ""
    for line in lines:
        if _HEADER.match(line):
            is_fact, key = _FACT.fullmatch(line.rstrip("\n")) is not None, ""
        found = _LINE.fullmatch(line.rstrip("\n")) if is_fact else None
        if found and found[2] == "key":
            key = json.loads(f'"{found[4]}"')
        if found and found[2] == "base" and key:
            if key in theirs:
                yield f'{found[1]}base{found[3]}"{value_digest(theirs[key])}"{found[5]}\n'
            continue
        yield line
