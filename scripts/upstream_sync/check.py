"""The offline check: our running code against the facts of the lock, and everything that is declared against both."""

import fnmatch
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from api.patch_series.declaration import Anchor
from scripts.conformance_suite.vectors import InvalidVectorError, load_vectors
from scripts.upstream_sync.anchors import ANCHORS, anchor_key
from scripts.upstream_sync.facts import FactSet, conceal, read_facts
from scripts.upstream_sync.lock import LOCK, Lock, Pin, read_lock
from scripts.upstream_sync.mapping import MAPPING, find_questions, read_mapping
from scripts.upstream_sync.pending import FOLDER, Entry, read_pending
from scripts.upstream_sync.profiles import Profile, profile_of
from scripts.upstream_sync.register import (
    Condition,
    Finding,
    Register,
    Standing,
    State,
    compare,
    find_states,
    read_register,
)

FACTS: Final = "facts"
STRINGS: Final = "strings"
# Sentences of so many words do not come about twice by chance.
LEAST_WORDS: Final = 7
_MOST_WORDS_OF_A_NAME: Final = 8
_AUTHORITY: Final = "authority"


class Kind(StrEnum):
    """Which part of the check found it."""

    LOCK = "lock"
    PROSE = "prose"
    DIVERGENCE = "divergence"
    DECLARATION = "declaration"
    ANCHOR = "anchor"
    PENDING = "pending"
    MAPPING = "mapping"
    VECTORS = "vectors"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Violation:
    """`sentence` says what is wrong and what to do; `subject` is the key, file or name that it is about."""

    kind: Kind
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Ours:
    """Our side: values by key, and the long sentences that people read here, by hash."""

    facts: Mapping[str, Any]
    texts: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Pinned:
    """What the lock and the files beside it hold."""

    lock: Lock
    facts: Mapping[str, Mapping[str, FactSet]]

    def values(self, profile: Profile) -> dict[str, Any]:
        """Of the authorities, under one profile."""
        return {
            key: value
            for pin in self.lock.upstream
            if pin.role == _AUTHORITY
            for surface in self.facts.get(pin.id, {}).values()
            for key, value in surface.values.items()
            if profile_of(key) is profile
        }

    def anchor_digest(self, anchor: Anchor) -> str | None:
        """None when the pinned commit has no such thing."""
        surface = self.facts.get(anchor.upstream, {}).get(ANCHORS)
        found = surface.values.get(anchor_key(anchor)) if surface else None
        return str(found["digest"]) if found else None


@dataclass(frozen=True)
class Checked:
    """`violations` is empty when all is well."""

    violations: Sequence[Violation]
    findings: Sequence[Finding]
    conditions: Sequence[Condition]


def check(root: Path, patches: Path | None, ours: Ours, today: date, *, overdue: bool = True) -> Checked:
    """`root`: of the repository; `patches`: folder of the series. Without `overdue`, passed deadlines do no harm.

    Raises `UpstreamError` when a file cannot be read at all.
    """
    upstream = root / "upstream"
    pinned = read_pinned(root)
    register = read_register(patches, upstream)
    pending = read_pending(upstream / FOLDER)
    theirs = pinned.values(Profile.STRICT)
    strict = {key: value for key, value in ours.facts.items() if profile_of(key) is Profile.STRICT}
    findings = compare(theirs, theirs, strict, register, pending)
    conditions = find_states(register, findings, find_moved(register, pinned), today)
    violations = [
        *_check_lock(pinned, upstream / FACTS),
        *_check_values(upstream / FACTS),
        *_check_findings(findings),
        *_check_declarations(conditions),
        *_check_anchors(register, pinned),
        *_check_vectors(register, upstream / "vectors"),
        *_check_pending(pending, findings, today if overdue else date.min),
        *_check_mapping(pinned, ours.facts, upstream / MAPPING),
        *_check_texts(pinned, ours.texts),
    ]
    return Checked(violations, findings, conditions)


def read_pinned(root: Path) -> Pinned:
    """Raises `UpstreamError`."""
    lock = read_lock(root / LOCK)
    folder = root / "upstream" / FACTS
    return Pinned(
        lock,
        {
            pin.id: {
                path.stem: read_facts(path)
                for name in pin.surface
                if (path := folder / pin.id / f"{name}.jsonl").exists()
            }
            for pin in lock.upstream
        },
    )


def find_moved(register: Register, pinned: Pinned, before: Pinned | None = None) -> dict[str, list[str]]:
    """Declarations whose anchors have another syntax than the one that they were written against.

    That is the one they name, or else the one of `before`: the pin that a sync comes from.
    """
    moved: dict[str, list[str]] = {}
    for entrant, anchor in register.anchors:
        known = anchor.digest or (before.anchor_digest(anchor) if before else None)
        found = pinned.anchor_digest(anchor)
        if known and found and found != known:
            moved.setdefault(entrant.name, []).append(anchor_key(anchor))
    return moved


def _check_lock(pinned: Pinned, folder: Path) -> Iterator[Violation]:
    known = set()
    for pin in pinned.lock.upstream:
        known |= {folder / pin.id / f"{name}.jsonl" for name in pin.surface}
        yield from _check_pin(pin, pinned.facts[pin.id])
    for path in sorted(set(folder.glob("**/*.jsonl")) - known):
        shown = f"upstream/{FACTS}/{path.relative_to(folder)}"
        yield Violation(Kind.LOCK, shown, f"{shown}: the lock does not know this file; remove it")


def _check_pin(pin: Pin, facts: Mapping[str, FactSet]) -> Iterator[Violation]:
    again = f"take both from git, or `./scripts/upstream pin {pin.id}` reads them anew"
    if pin.parse_failures:
        sentence = f"{pin.id}: {pin.parse_failures} files could not be parsed, so their facts are unknown; "
        yield Violation(Kind.LOCK, pin.id, sentence + "bring the parser up to date and pin it again")
    for name, surface in pin.surface.items():
        shown = f"upstream/{FACTS}/{pin.id}/{name}.jsonl"
        found = facts.get(name)
        if found is None:
            yield Violation(Kind.LOCK, shown, f"{shown}: the lock names it and it is missing; {again}")
        elif found.digest != surface.digest or len(found) != surface.count:
            yield Violation(Kind.LOCK, shown, f"{shown}: its digest is not the one in the lock; {again}")
        if surface.unresolved:
            sentence = f"{shown}: {surface.unresolved} values are unknown; mend the surface that reads them, and pin it again"
            yield Violation(Kind.LOCK, shown, sentence)


def _check_values(folder: Path) -> Iterator[Violation]:
    """The files as they are: reading facts would hide prose, so it could not be seen any more."""
    for path in sorted(folder.glob("**/*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n"), 1):
            row = json.loads(line)
            words = max(len(row[name].split()) for name in ("k", "src", "sym"))
            if conceal(row["v"]) != row["v"] or words > _MOST_WORDS_OF_A_NAME:
                place = f"upstream/{FACTS}/{path.relative_to(folder)}:{number}"
                sentence = f"{place}: a sentence of upstream is stored; mend the surface that let it through, and pin it again"
                yield Violation(Kind.PROSE, place, sentence)


_CURES: Final = {
    Standing.UNDECLARED: "make them equal, or declare the difference in a patch "
    "(`./scripts/upstream patch fact KEY` prints the lines), or give it a day in upstream/pending",
    Standing.LAG: "adopt it, or give it a day in upstream/pending",
    Standing.CONFLICT: "upstream has moved since it was declared: look again, then `./scripts/upstream patch refresh`",
}


def _check_findings(findings: Iterable[Finding]) -> Iterator[Violation]:
    for finding in findings:
        if cure := _CURES.get(finding.standing):
            yield Violation(Kind.DIVERGENCE, finding.key, f"{finding.key}: {describe(finding)}; {cure}")


def describe(finding: Finding) -> str:
    """Both sides in a few words."""
    if finding.declared and finding.standing is Standing.UNDECLARED:
        return (
            f"{finding.declared.entrant.file} declares another value than ours, which is {show(finding.ours)}"
        )
    if finding.ours is None:
        return f"upstream has it ({show(finding.theirs)}) and we do not"
    if finding.theirs is None:
        return f"we have it ({show(finding.ours)}) and upstream does not"
    return f"upstream has {show(finding.theirs)}, we have {show(finding.ours)}"


def show(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


_STATE_CURES: Final = {
    State.VOID: "nothing differs there any more; remove the fact, or the whole declaration",
    State.OBSOLETE: "upstream does the same now; remove it",
    State.ORPHAN: "upstream dropped what it changes; keep it as an extension (without base), or remove it",
    State.EXPIRED: "look at it again, then set last-update and a later review-by",
}


def _check_declarations(conditions: Iterable[Condition]) -> Iterator[Violation]:
    for condition in conditions:
        if cure := _STATE_CURES.get(condition.state):
            file, because = condition.entrant.file, ", ".join(condition.because)
            yield Violation(
                Kind.DECLARATION, condition.entrant.name, f"{file}: {condition.state}: {because}: {cure}"
            )


def _check_anchors(register: Register, pinned: Pinned) -> Iterator[Violation]:
    for entrant, anchor in register.anchors:
        if pinned.anchor_digest(anchor) is None:
            key = anchor_key(anchor)
            sentence = (
                f"{entrant.file}: {anchor.upstream} has no {key} at the pin; correct path and symbol, "
                f"then `./scripts/upstream pin {anchor.upstream}` reads it"
            )
            yield Violation(Kind.ANCHOR, key, sentence)


def _check_vectors(register: Register, folder: Path) -> Iterator[Violation]:
    try:
        names = [vector.name for vector in load_vectors(folder)]
    except InvalidVectorError as error:
        sentence = f"upstream/vectors/{error}; its form: upstream/vectors/README.md"
        yield Violation(Kind.VECTORS, "upstream/vectors", sentence)
        return
    for entrant in register.entrants:
        for pattern in entrant.declaration.vectors:
            if not fnmatch.filter(names, pattern):
                sentence = f"{entrant.file}: no vector is called {pattern}; write one, or correct the name"
                yield Violation(Kind.VECTORS, entrant.name, sentence)


def _check_pending(pending: Sequence[Entry], findings: Sequence[Finding], today: date) -> Iterator[Violation]:
    waiting = [finding for finding in findings if finding.standing is Standing.WAITING]
    for entry in pending:
        if entry.is_overdue(today):
            sentence = f"{entry.file}: was to be settled by {entry.pending.deadline}; adopt it, decline it by a patch, or set another day and say why"
            yield Violation(Kind.PENDING, entry.file, sentence)
        mine = [finding.key for finding in waiting if finding.entry is entry]
        for pattern in entry.patterns:
            if not any(pattern.matches(key) for key in mine):
                sentence = f"{entry.file}: nothing is waited for under {pattern.text}; remove that line, and the file with the last one"
                yield Violation(Kind.PENDING, entry.file, sentence)


def _check_mapping(pinned: Pinned, ours: Mapping[str, Any], path: Path) -> Iterator[Violation]:
    theirs = sorted(pinned.values(Profile.MAPPED))
    for question in find_questions(theirs, ours, read_mapping(path)):
        yield Violation(
            Kind.MAPPING, question.key, f"{question.key}: {question.problem}; answer in upstream/{MAPPING}"
        )


def _check_texts(pinned: Pinned, ours: Mapping[str, tuple[str, str]]) -> Iterator[Violation]:
    for upstream, surfaces in pinned.facts.items():
        for fact in surfaces[STRINGS].facts if STRINGS in surfaces else ():
            if fact.value.get("h") in ours:
                text, place = ours[fact.value["h"]]
                sentence = (
                    f"{place}: {text!r} is also a sentence of {upstream} ({fact.src}); write one of our own"
                )
                yield Violation(Kind.TEXT, place, sentence)


def our_side() -> Ours:
    """Asked of the running application."""
    from scripts.upstream_sync.ours import our_facts, our_texts, text_hashes

    return Ours(our_facts().values, text_hashes(our_texts(), LEAST_WORDS))
