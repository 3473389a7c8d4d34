"""The project's files as they would be if the sync ended now, written below `.sync/NEXT`."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from shutil import copyfile, rmtree
from typing import Any, Final

from scripts.upstream_sync.classify import Attention, Class
from scripts.upstream_sync.ledger import LEDGER, Judgement, Verdict, append, latest, read_ledger
from scripts.upstream_sync.lock import LOCK, Pin, read_lock, write_lock
from scripts.upstream_sync.pending import FOLDER, Entry, Pending, next_number, read_pending, write_pending
from scripts.upstream_sync.pinning import FACTS
from scripts.upstream_sync.register import Finding, Register, Standing, compare
from scripts.upstream_sync.state import Decision, Item, State, SyncFolder

DAYS_TO_ADOPT: Final = 30
MACHINE: Final = "scripts/upstream"


@dataclass(frozen=True)
class Candidate:
    """`opened` and `closed`: pending entries that come and go. `judgements`: what is new in the ledger."""

    folder: Path
    opened: Sequence[Entry]
    closed: Sequence[str]
    judgements: Sequence[Judgement]
    unjudged: Sequence[Item]


def write_candidate(
    folder: SyncFolder, state: State, findings: Sequence[Finding], register: Register, ours: Mapping[str, Any]
) -> Candidate:
    """`findings`: the three-way comparison. `ours`: strict facts."""
    root = folder.fill_next()
    _write_facts(folder, root, state)
    ledger = root / "upstream" / LEDGER
    judgements = make_judgements(state, find_judged(ledger, state.source, state.began))
    append(ledger, judgements)
    judged = find_judged(ledger, state.source, state.began)
    unjudged = [item for item in state.items if item.merge not in judged]
    lock = read_lock(root / LOCK)
    write_lock(root / LOCK, lock.with_pin(_review(state, unjudged)))
    pending = root / "upstream" / FOLDER
    first = next_number(pending)
    for number, proposal in enumerate(propose(state, findings), first):
        write_pending(pending, number, proposal)
    closed = _close(pending, findings, register, ours)
    opened = [entry for entry in read_pending(pending) if entry.number >= first]
    return Candidate(root, opened, closed, judgements, unjudged)


def find_judged(ledger: Path, source_id: str, day: date) -> set[str]:
    """Merges of a source with a verdict that holds on that day: what was put off comes back."""
    found = latest(read_ledger(ledger))
    return {merge for (up, merge), last in found.items() if up == source_id and not is_due(last, day)}


def is_due(judgement: Judgement, day: date) -> bool:
    return judgement.until is not None and judgement.until <= day


def make_judgements(state: State, judged: Collection[str]) -> list[Judgement]:
    """People's, and the machine's of what concerns nobody. Nothing for what is in the ledger already, unless decided anew."""
    return [
        judgement
        for item in state.items
        if item.name in state.decisions or item.merge not in judged
        for judgement in _judge(state, item)
    ]


def to_judgement(state: State, item: Item, decision: Decision) -> Judgement:
    """Raises `InvalidLedgerError`."""
    return Judgement(
        up=state.source,
        merge=item.merge,
        pr=item.number,
        class_=item.class_,
        **decision.model_dump(),
    )


def propose(state: State, findings: Sequence[Finding]) -> Iterator[Pending]:
    """An entry for each pull request whose facts lag, with the day of its verdict or the usual one.

    What is judged otherwise than deferred gets none: it is to be here already.
    """
    brought = {key: item for item in state.items for key in item.facts}
    groups: defaultdict[tuple[str, Decision], list[str]] = defaultdict(list)
    usual = Decision(
        verdict=Verdict.DEFERRED,
        by=state.by,
        on=state.began,
        until=state.began + timedelta(days=DAYS_TO_ADOPT),
    )
    for finding in findings:
        if finding.standing not in (Standing.LAG, Standing.UNDECLARED):
            continue
        item = brought.get(finding.key)
        decision = state.decisions.get(finding.key)
        if decision is None and finding.standing is Standing.LAG:
            decision = state.decisions.get(item.name, usual) if item else usual
        if decision is not None and decision.verdict is Verdict.DEFERRED:
            groups[item.name if item else "", decision].append(finding.key)
    urls = {item.name: item.url for item in state.items}
    for (name, decision), keys in groups.items():
        yield _pending(state, name, urls.get(name, ""), decision, keys)


def _pending(state: State, name: str, url: str, decision: Decision, keys: list[str]) -> Pending:
    assert decision.until is not None
    origin = f"{state.source} {name}".strip()
    return Pending(
        title=f"{origin}: {keys[0]}" if len(keys) == 1 else f"{origin}: {len(keys)} facts",
        reason=decision.note or "Upstream has it and we do not yet",
        opened=decision.on,
        deadline=decision.until,
        by=decision.by,
        upstream=state.source,
        pull=url,
        facts=keys,
    )


def _judge(state: State, item: Item) -> Iterator[Judgement]:
    decision = state.decisions.get(item.name)
    if decision is not None:
        yield to_judgement(state, item, decision)
    elif item.attention is Attention.IGNORE:
        is_undone = item.class_ is Class.REVERTED and item.other is not None
        yield Judgement(
            up=state.source,
            merge=item.merge,
            pr=item.number,
            class_=item.class_,
            auto=True,
            verdict=Verdict.REVERTED if is_undone else Verdict.IRRELEVANT,
            other=item.other if is_undone else None,
            by=MACHINE,
            on=state.began,
        )


def _review(state: State, unjudged: Sequence[Item]) -> Pin:
    """The pin, with the newest commit up to which everything is judged."""
    open_merges = {item.merge for item in unjudged}
    reached = state.to.reviewed_through
    for item in state.items:
        if item.merge in open_merges:
            break
        reached = item.merge
    return state.to.model_copy(update={"reviewed_through": reached if open_merges else state.to.commit})


def _write_facts(folder: SyncFolder, root: Path, state: State) -> None:
    place = root / FACTS / state.source
    rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for path in folder.theirs.iterdir():
        copyfile(path, place / path.name)


def _close(
    folder: Path, findings: Sequence[Finding], register: Register, ours: Mapping[str, Any]
) -> list[str]:
    """Takes out of the entries what is not waited for any more."""
    theirs = {finding.key: finding.theirs for finding in findings if finding.theirs is not None}
    entries = read_pending(folder)
    following = compare(theirs, theirs, ours, register, entries)
    closed = []
    for entry in entries:
        keys = [finding.key for finding in following if finding.entry is entry]
        left = [pattern.text for pattern in entry.patterns if any(map(pattern.matches, keys))]
        if not left:
            (folder / f"{entry.number:04}.toml").unlink()
            closed.append(entry.file)
        elif left != entry.pending.facts:
            write_pending(folder, entry.number, entry.pending.model_copy(update={"facts": left}))
    return closed
