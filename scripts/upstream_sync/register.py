"""The register of declared differences, and where each fact stands between upstream's old, its new and ours.

Declarations are the `[[fact]]` and `[[anchor]]` tables of `patches/*/patch.toml`, and of `upstream/extensions/*.toml`
for what the core itself does beyond upstream (ADR 0008).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from api.patch_series.declaration import (
    Anchor,
    Declaration,
    Extension,
    Fact,
    InvalidDeclarationError,
    read_table,
)
from api.patch_series.reading import InvalidSeriesError, Patch, read_series
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.facts import canonical, value_digest
from scripts.upstream_sync.narrowing import is_told_elsewhere, meets
from scripts.upstream_sync.patterns import Pattern
from scripts.upstream_sync.pending import Entry

EXTENSIONS: Final = "extensions"
_WITHOUT: Final = ("removal", "restriction")


class InvalidRegisterError(UpstreamError):
    """The sentences name file and line."""


class Standing(StrEnum):
    """Of one fact: the verdicts of a three-way merge."""

    IN_STEP = "in step"
    ADOPTED = "adopted"
    DECLARED = "declared divergence"
    WAITING = "waiting"
    LAG = "lag"
    UNDECLARED = "undeclared divergence"
    CONFLICT = "conflict"
    OBSOLETE = "obsolete"
    ORPHAN = "orphan"
    VOID = "void"


class State(StrEnum):
    """Of one declaration, the gravest first."""

    CONFLICT = "conflict"
    ORPHAN = "orphan"
    OBSOLETE = "obsolete"
    VOID = "void"
    EXPIRED = "expired"
    MOVED = "moved"
    PENDING_UPSTREAM = "pending-upstream"
    CLEAN = "clean"


@dataclass(frozen=True)
class Entrant:
    """Who declares: a patch or an extension of the core. `file` is what to open."""

    name: str
    file: str
    declaration: Declaration


@dataclass(frozen=True)
class Declared:
    """One `[[fact]]`."""

    entrant: Entrant
    fact: Fact

    @cached_property
    def pattern(self) -> Pattern:
        return Pattern(self.fact.key)

    def fits(self, theirs: Any, ours: Any) -> bool:
        """Whether both values are those that it names."""
        if not self.pattern.is_exact:
            present, absent = (theirs, ours) if self.is_about_lack else (ours, theirs)
            return present is not None and absent is None
        return self.knows(theirs) and canonical(self.fact.ours) == canonical(ours)

    def knows(self, theirs: Any) -> bool:
        """Whether it was written against this value of upstream."""
        return self.fact.base == (None if theirs is None else value_digest(theirs))

    @property
    def is_about_lack(self) -> bool:
        return self.entrant.declaration.kind in _WITHOUT


@dataclass(frozen=True)
class Register:
    """All declarations, in the order of the series."""

    entrants: Sequence[Entrant] = ()

    @cached_property
    def _exact(self) -> Mapping[str, Declared]:
        return {declared.fact.key: declared for declared in self.facts if declared.pattern.is_exact}

    @cached_property
    def _patterns(self) -> Sequence[Declared]:
        return [declared for declared in self.facts if not declared.pattern.is_exact]

    @cached_property
    def facts(self) -> Sequence[Declared]:
        return [Declared(entrant, fact) for entrant in self.entrants for fact in entrant.declaration.fact]

    @property
    def anchors(self) -> Iterable[tuple[Entrant, Anchor]]:
        return ((entrant, anchor) for entrant in self.entrants for anchor in entrant.declaration.anchor)

    def find(self, key: str) -> Declared | None:
        """The declaration of just this key, or else the first pattern that it matches."""
        found = self._exact.get(key)
        return found or next((declared for declared in self._patterns if declared.pattern.matches(key)), None)


@dataclass(frozen=True)
class Finding:
    """Where one fact stands; None for a side that has none. `entry` is set when it is waited for."""

    key: str
    standing: Standing
    base: Any
    theirs: Any
    ours: Any
    declared: Declared | None = None
    entry: Entry | None = None


def read_register(patches: Path | None, upstream: Path) -> Register:
    """`patches`: folder of the series; `upstream`: folder that holds `extensions/`. Raises `InvalidRegisterError`.

    A review that is overdue is a state here, not an error.
    """
    series = read_patches(patches)
    entrants = [Entrant(patch.slug, patch.file, patch.declaration) for patch in series]
    problems = []
    for path in sorted((upstream / EXTENSIONS).glob("*.toml")):
        shown = f"upstream/{EXTENSIONS}/{path.name}"
        try:
            entrants.append(Entrant(path.stem, shown, read_table(path, shown, Extension)))
        except InvalidDeclarationError as error:
            problems += error.problems
    problems += _find_repeated_keys(entrants)
    if problems:
        raise InvalidRegisterError("\n".join(problems), "Mend what it names: docs/reference/upstream.md")
    return Register(entrants)


def read_patches(folder: Path | None) -> list[Patch]:
    """The whole series, overdue reviews or not. Raises `InvalidRegisterError`."""
    try:
        return read_series(folder, today=date.min)
    except InvalidSeriesError as error:
        raise InvalidRegisterError(
            "\n".join(error.problems), "Mend what it names: docs/how-to/write-a-patch.md"
        ) from None


def _find_repeated_keys(entrants: Iterable[Entrant]) -> list[str]:
    seen: dict[str, Entrant] = {}
    problems = []
    for entrant in entrants:
        for fact in entrant.declaration.fact:
            if fact.key in seen:
                problems.append(
                    f"{entrant.file}: fact: {fact.key} is declared in {seen[fact.key].file} already"
                )
            seen[fact.key] = entrant
    return problems


def judge(base: Any, theirs: Any, ours: Any, declared: Declared | None, key: str = "") -> Standing:
    """The table of verdicts: upstream's value at the pin, its value now, ours; None for none."""
    is_met = partial(meets, key, ours)
    if canonical(base) == canonical(theirs):
        return _judge_unchanged(theirs, ours, declared, is_met)
    if is_met(theirs):
        return Standing.OBSOLETE if declared else Standing.ADOPTED
    if declared:
        if declared.fits(theirs, ours):
            return Standing.DECLARED
        return Standing.ORPHAN if theirs is None else Standing.CONFLICT
    return Standing.LAG if is_met(base) else Standing.UNDECLARED


def _judge_unchanged(
    theirs: Any, ours: Any, declared: Declared | None, is_met: Callable[[Any], bool]
) -> Standing:
    if is_met(theirs):
        return Standing.VOID if declared else Standing.IN_STEP
    if declared is None:
        return Standing.UNDECLARED
    if declared.fits(theirs, ours):
        return Standing.DECLARED
    is_stale = declared.pattern.is_exact and not declared.knows(theirs)
    return Standing.CONFLICT if is_stale else Standing.UNDECLARED


def compare(
    base: Mapping[str, Any],
    theirs: Mapping[str, Any],
    ours: Mapping[str, Any],
    register: Register,
    pending: Sequence[Entry] = (),
) -> list[Finding]:
    """Sorted by key; for all facts that any side has."""
    findings = []
    telling = (key for key in ours if not is_told_elsewhere(key))
    for key in sorted({*base, *theirs, *telling}):
        sides = base.get(key), theirs.get(key), ours.get(key)
        declared = register.find(key)
        standing = judge(*sides, declared, key)
        entry = None
        if standing in (Standing.LAG, Standing.UNDECLARED):
            entry = next((entry for entry in pending if entry.covers(key)), None)
        findings.append(Finding(key, Standing.WAITING if entry else standing, *sides, declared, entry))
    return findings


@dataclass(frozen=True)
class Condition:
    """A declaration's state, and the keys or anchors by which it has it."""

    entrant: Entrant
    state: State
    because: Sequence[str] = field(default_factory=list)


_BY_STANDING: Final = {
    Standing.CONFLICT: State.CONFLICT,
    Standing.UNDECLARED: State.CONFLICT,
    Standing.ORPHAN: State.ORPHAN,
    Standing.OBSOLETE: State.OBSOLETE,
    Standing.VOID: State.VOID,
}


def find_states(
    register: Register, findings: Sequence[Finding], moved: Mapping[str, Sequence[str]], today: date
) -> list[Condition]:
    """`moved`: name of the declaration → its anchors whose syntax is another one now."""
    return [
        _find_state(entrant, findings, moved.get(entrant.name, ()), today) for entrant in register.entrants
    ]


def _find_state(
    entrant: Entrant, findings: Sequence[Finding], moved: Sequence[str], today: date
) -> Condition:
    mine = [finding for finding in findings if finding.declared and finding.declared.entrant is entrant]
    reasons: dict[State, list[str]] = {}
    for finding in mine:
        if state := _BY_STANDING.get(finding.standing):
            reasons.setdefault(state, []).append(finding.key)
    seen = [finding.key for finding in mine]
    if unmatched := [fact.key for fact in entrant.declaration.fact if not _is_matched(fact.key, seen)]:
        reasons.setdefault(State.VOID, []).extend(unmatched)
    declaration = entrant.declaration
    if declaration.applied_upstream:
        reasons.setdefault(State.OBSOLETE, []).append(f"applied upstream as {declaration.applied_upstream}")
    if declaration.review_by < today:
        reasons[State.EXPIRED] = [f"review-by {declaration.review_by}"]
    if moved:
        reasons[State.MOVED] = list(moved)
    if declaration.forwarded.startswith("https://"):
        reasons[State.PENDING_UPSTREAM] = [declaration.forwarded]
    state = next((state for state in State if state in reasons), State.CLEAN)
    return Condition(entrant, state, reasons.get(state, []))


def _is_matched(text: str, keys: Sequence[str]) -> bool:
    pattern = Pattern(text)
    return any(pattern.matches(key) for key in keys)
