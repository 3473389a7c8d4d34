"""Where the project would stand if the sync ended now, and what is in the way.

The files are really written (`candidate.py`), and the same `check` that runs in CI judges them: a sync that ends leaves
nothing for CI to find.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from scripts.upstream_sync.candidate import Candidate, write_candidate
from scripts.upstream_sync.check import Checked, Ours, Pinned, check, describe, find_moved, read_pinned
from scripts.upstream_sync.check import Kind as CheckKind
from scripts.upstream_sync.classify import MEANINGS, Attention
from scripts.upstream_sync.facts import read_facts
from scripts.upstream_sync.pending import FOLDER, read_pending
from scripts.upstream_sync.profiles import Profile, profile_of
from scripts.upstream_sync.register import (
    Condition,
    Finding,
    Standing,
    compare,
    find_states,
    read_register,
)
from scripts.upstream_sync.register import State as PatchState
from scripts.upstream_sync.state import Item, State, SyncFolder


@dataclass(frozen=True, slots=True)
class Obstacle:
    """In the way of the end. `name`: a pull request, the key of a fact, or a file; `cure`: what to do."""

    kind: str
    name: str
    sentence: str
    cure: str = ""


@dataclass(frozen=True)
class Outlook:
    """`findings`: the three-way comparison; `conditions`: the declarations' states by it. `checked`: as CI would."""

    state: State
    findings: Sequence[Finding]
    conditions: Sequence[Condition]
    candidate: Candidate
    checked: Checked
    obstacles: Sequence[Obstacle]

    @property
    def to_read(self) -> list[Item]:
        """Not in the way; what may concern security comes first."""
        unjudged = (item for item in self.candidate.unjudged if item.attention is not Attention.DECIDE)
        return sorted(unjudged, key=lambda item: (not item.security, item.attention is not Attention.READ))


def look_ahead(folder: SyncFolder, state: State, ours: Ours, today: date) -> Outlook:
    """Raises `UpstreamError` when a file of the project cannot be read."""
    register = read_register(folder.patches, folder.root / "upstream")
    pinned = read_pinned(folder.root)
    following = _follow(folder, state, pinned)
    strict = {key: value for key, value in ours.facts.items() if profile_of(key) is Profile.STRICT}
    findings = compare(
        pinned.values(Profile.STRICT),
        following.values(Profile.STRICT),
        strict,
        register,
        read_pending(folder.root / "upstream" / FOLDER),
    )
    conditions = find_states(register, findings, find_moved(register, following, pinned), today)
    candidate = write_candidate(folder, state, findings, register, strict)
    checked = check(candidate.folder, folder.patches, ours, today, overdue=False)
    obstacles = [*_of_pulls(candidate), *_of_facts(state, findings, candidate)]
    obstacles += _of_check(checked, {obstacle.name for obstacle in obstacles}, _concerned(conditions))
    return Outlook(state, findings, conditions, candidate, checked, obstacles)


def _follow(folder: SyncFolder, state: State, pinned: Pinned) -> Pinned:
    theirs = {path.stem: read_facts(path) for path in sorted(folder.theirs.glob("*.jsonl"))}
    return Pinned(pinned.lock.with_pin(state.to), {**pinned.facts, state.source: theirs})


def _of_pulls(candidate: Candidate) -> Iterator[Obstacle]:
    for item in candidate.unjudged:
        if item.attention is Attention.DECIDE:
            meaning = MEANINGS[item.class_]
            yield Obstacle(
                "pull request",
                item.name,
                f"{item.name} ({item.class_}) {item.url}: {meaning.says}",
                f"./scripts/upstream resolve {item.name.lstrip('#')} {meaning.verdict}",
            )


_CURES: Final[Mapping[Standing, str]] = {
    Standing.CONFLICT: "Upstream has moved since {file} was written: look again, then ./scripts/upstream patch refresh",
    Standing.ORPHAN: "Upstream dropped it: keep ours as an extension (without base), or take it out of {file}.",
    Standing.OBSOLETE: "Upstream does the same now: take it out of {file}.",
    Standing.VOID: "Nothing differs there any more: take it out of {file}.",
    Standing.UNDECLARED: "Make them equal, declare it in a patch, or give it a day: "
    "./scripts/upstream resolve '{key}' deferred --until DATE",
    Standing.LAG: "It is judged as being here: make them equal, or judge it `deferred --until DATE`.",
}


def _of_facts(state: State, findings: Sequence[Finding], candidate: Candidate) -> Iterator[Obstacle]:
    brought = {key: item.name for item in state.items for key in item.facts}
    for finding in findings:
        cure = _CURES.get(finding.standing)
        if cure is None or any(entry.covers(finding.key) for entry in candidate.opened):
            continue
        file = finding.declared.entrant.file if finding.declared else ""
        origin = f" ({brought[finding.key]})" if finding.key in brought else ""
        yield Obstacle(
            finding.standing,
            finding.key,
            f"{finding.key}{origin}: {describe(finding)}",
            cure.format(file=file, key=finding.key),
        )


def _concerned(conditions: Sequence[Condition]) -> set[str]:
    """Declarations that the three-way comparison speaks of in better words, or that only time has touched."""
    told = (PatchState.CONFLICT, PatchState.ORPHAN, PatchState.OBSOLETE, PatchState.VOID, PatchState.EXPIRED)
    return {condition.entrant.name for condition in conditions if condition.state in told}


def _of_check(checked: Checked, told: set[str], concerned: set[str]) -> Iterator[Obstacle]:
    for violation in checked.violations:
        is_told = violation.kind is CheckKind.DECLARATION and violation.subject in concerned
        if violation.subject not in told and not is_told:
            yield Obstacle(violation.kind, violation.subject, violation.sentence)
