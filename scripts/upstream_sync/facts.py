"""Facts: what a program promises, as keys and small values that name no file and no variable.

Keys are words and a path, e.g. `route GET /v2/notifications/{id}` or `schema POST /v2/notifications/sms request
/phone_number`; the whole list is in `docs/reference/upstream-facts.md`. A value is JSON and never prose: longer texts are
replaced by their hash and number of words. A value is never null: null means "no such fact" in a change.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from scripts.upstream_sync.errors import UpstreamError

# Facts of two versions are never compared: raise it when keys or values are formed anew.
FACTS_VERSION = "facts/1"
_LONGEST, _MOST_WORDS = 40, 6


class MalformedFactsError(UpstreamError):
    """A file of facts that cannot be read."""


@dataclass(frozen=True, slots=True)
class Fact:
    """`src` and `sym` say where it was found (path, name in it); they take no part in comparisons."""

    key: str
    value: Any
    src: str = ""
    sym: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """`kind`: "parse" (a file that cannot be read), "unresolved" (a value that cannot be known), "duplicate" (two
    values of one key), "shrunk" (far fewer facts than before). `what` is a sentence without upstream's words.
    """

    kind: str
    src: str
    what: str


@dataclass(frozen=True)
class FactSet:
    """The facts of one surface, sorted by key. Make it with `FactSet.of`."""

    surface: str
    facts: tuple[Fact, ...] = ()
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, surface: str, facts: Iterable[Fact], problems: Iterable[Problem] = ()) -> Self:
        """Sorts, hides prose, and turns two values of one key into a problem (the smaller text is kept)."""
        named: dict[str, list[Fact]] = {}
        for fact in facts:
            if fact.value is None:
                raise ValueError(f"fact without a value: {fact.key}")
            plain = Fact(fact.key, conceal(fact.value), fact.src, fact.sym)
            named.setdefault(fact.key, []).append(plain)
        doubles: list[Problem] = []
        for key, same in named.items():
            if len(same) > 1:
                same.sort(key=lambda each: (canonical(each.value), each.src, each.sym))
                doubles += [
                    Problem("duplicate", each.src, f"{key} has another value in {same[0].src}")
                    for each in same[1:]
                    if canonical(each.value) != canonical(same[0].value)
                ]
        kept = tuple(named[key][0] for key in sorted(named))
        return cls(surface, kept, tuple(sorted({*problems, *doubles})))

    @cached_property
    def values(self) -> Mapping[str, Any]:
        return {fact.key: fact.value for fact in self.facts}

    @cached_property
    def digest(self) -> str:
        """Of keys and values alone."""
        lines = (f"{fact.key}\0{canonical(fact.value)}\n" for fact in self.facts)
        return _sha256("".join(lines))

    def __len__(self) -> int:
        return len(self.facts)


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that differs: `before` is None when it is new, `after` when it is gone."""

    key: str
    before: Any
    after: Any


def diff(before: FactSet, after: FactSet) -> list[Change]:
    """Sorted by key; `diff(b, a)` is the mirror of `diff(a, b)`."""
    old, new = before.values, after.values
    keys = sorted(old.keys() | new.keys())
    pairs = ((key, old.get(key), new.get(key)) for key in keys)
    return [Change(key, was, now) for key, was, now in pairs if canonical(was) != canonical(now)]


def canonical(value: Any) -> str:
    """JSON that is the same for equal values. Upstream's tuples and sets must have become lists before."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def value_digest(value: Any) -> str:
    """What `base` in a patch's `[[fact]]` holds: "sha256:" and 64 digits."""
    return _sha256(canonical(value))


def hash_text(text: str) -> dict[str, Any]:
    """{"h": 16 digits, "n": number of words} of the normalised text."""
    normal = normalise_text(text)
    return {"h": hashlib.sha256(normal.encode()).hexdigest()[:16], "n": len(normal.split())}


def normalise_text(text: str) -> str:
    """Typography and white space do not make another text: straight quotes, single spaces."""
    straight = unicodedata.normalize("NFKC", text).translate(str.maketrans("‘’“”–—", "''\"\"--"))
    return " ".join(straight.split())


def is_prose(text: str) -> bool:
    return len(text) > _LONGEST or len(text.split()) > _MOST_WORDS


def conceal(value: Any) -> Any:
    """The value with each prose string replaced by its hash; names of members are left alone."""
    if isinstance(value, str):
        return hash_text(value) if is_prose(value) else value
    if isinstance(value, Mapping):
        return {str(name): conceal(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [conceal(part) for part in value]
    return value


def route_path(rule: str) -> str:
    """A Flask rule as facts write it: `/v2/template/<uuid:template_id>` → `/v2/template/{id}`.

    The names of identifiers are upstream's own affair: any `…_id` is `{id}`; other names stay.
    """
    named = re.sub(r"<(?:[^:<>]*:)?([^<>]+)>", r"{\1}", rule)
    return re.sub(r"\{\w*_id\}", "{id}", named)


def write_facts(path: Path, facts: FactSet) -> None:
    """One fact a line: {"k", "v", "src", "sym"}, sorted by key. Problems are not kept: facts with some are not written."""
    path.write_text(format_facts(facts), encoding="utf-8", newline="\n")


def format_facts(facts: FactSet) -> str:
    """The text of a file of facts."""
    return "".join(_to_line(fact) for fact in facts.facts)


def read_facts(path: Path) -> FactSet:
    """The surface is the file's name. Raises `MalformedFactsError`."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        facts = [Fact(row["k"], row["v"], row["src"], row["sym"]) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MalformedFactsError(
            f"{path.name} is no file of facts ({type(error).__name__})",
            "Nobody edits these files: take them from git, or write them anew: ./scripts/upstream pin",
        ) from error
    return FactSet.of(path.stem, facts)


def _to_line(fact: Fact) -> str:
    row = {"k": fact.key, "v": fact.value, "src": fact.src, "sym": fact.sym}
    return "{" + ",".join(f"{json.dumps(name)}:{canonical(part)}" for name, part in row.items()) + "}\n"


def _sha256(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
