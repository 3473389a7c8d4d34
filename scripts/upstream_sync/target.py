"""What a sync goes to: a newer commit of a source, its facts, and the pull requests on the way."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from scripts.upstream_sync.anchors import ANCHORS, extract_anchors
from scripts.upstream_sync.candidate import is_due
from scripts.upstream_sync.classify import MEANINGS, Class, Classified
from scripts.upstream_sync.context import Context
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.extract import extract, guard_shrinking, require_whole
from scripts.upstream_sync.facts import FACTS_VERSION, FactSet
from scripts.upstream_sync.fetching import tip
from scripts.upstream_sync.git import Repository
from scripts.upstream_sync.history import read_history
from scripts.upstream_sync.ledger import LEDGER, latest, read_ledger
from scripts.upstream_sync.lock import LOCK, Pin, read_lock
from scripts.upstream_sync.pinning import GRAMMAR, make_pin
from scripts.upstream_sync.pulls import pull_url
from scripts.upstream_sync.register import read_register
from scripts.upstream_sync.state import Item
from scripts.upstream_sync.watch import Source


class NoTargetError(UpstreamError):
    """The pin cannot go there."""


@dataclass(frozen=True)
class Target:
    """`base`: the pin as it stands; `pin`: as it will. `items`: oldest first, from the last that was judged."""

    base: Pin
    pin: Pin
    facts: Mapping[str, FactSet]
    items: Sequence[Item]


def read_target(context: Context, source: Source, revision: str | None, today: date) -> Target:
    """Without a revision: the newest commit that has settled. Raises `UpstreamError`."""
    base = _find_pin(context, source)
    with context.repository(source) as repository, context.cache() as cache:
        commit = repository.resolve(revision) if revision else find_settled(repository, source, base, today)
        for older in (base.commit, base.reviewed_through):
            _require_history(repository, source, older, commit)
        before = {name: surface.count for name, surface in base.surface.items()}
        facts = guard_shrinking(
            before, extract(repository, commit, source, cache), context.watch.shrink_guard
        )
        require_whole(source, facts)
        register = read_register(context.root / "patches", context.upstream_dir)
        anchors = (anchor for _entrant, anchor in register.anchors)
        facts = {**facts, ANCHORS: extract_anchors(repository, commit, source.id, anchors)}
        pin = make_pin(repository, source, commit, facts, reviewed_through=base.reviewed_through)
        history = read_history(
            repository,
            source,
            context.cache_dir,
            base.reviewed_through,
            commit,
            lambda done, total: context.progress(done, total, "pull requests"),
        )
    items = make_items(history)
    due = find_due(context.upstream_dir / LEDGER, source, today, {item.merge for item in items})
    return Target(base, pin, facts, [*due, *items])


def find_settled(repository: Repository, source: Source, base: Pin, today: date) -> str:
    """The newest commit of the main line that is old enough not to be taken back soon; else the pin's own."""
    latest_day = today - timedelta(days=source.settle_days)
    line = repository.first_parent(base.commit, tip(repository, source))
    settled = [commit.id for commit in line if commit.committed.date() <= latest_day]
    return settled[-1] if settled else base.commit


def make_items(history: Sequence[Classified]) -> list[Item]:
    numbers = {each.pull.merge: each.pull.number for each in history}
    return [
        Item(
            name=each.pull.name,
            merge=each.pull.merge,
            number=each.pull.number,
            url=each.pull.url,
            class_=each.class_,
            attention=each.attention,
            security=bool(each.security),
            other=numbers.get(each.pull.link.other) if each.pull.link and each.pull.is_folded else None,
            facts=sorted({change.key for change in each.evidence.all_changes}),
        )
        for each in history
    ]


def find_due(ledger: Path, source: Source, today: date, known: Collection[str]) -> list[Item]:
    """What was put off until a day that has come, `known` ones left aside: the ledger alone still knows of it."""
    return [
        Item(
            name=f"#{judgement.pr}" if judgement.pr is not None else merge[:9],
            merge=merge,
            number=judgement.pr,
            url=pull_url(source, judgement.pr, merge),
            class_=class_,
            attention=MEANINGS[class_].attention,
        )
        for (up, merge), judgement in latest(read_ledger(ledger)).items()
        if up == source.id and merge not in known and is_due(judgement, today)
        for class_ in [Class(judgement.class_) if judgement.class_ in set(Class) else Class.UNREADABLE]
    ]


def _find_pin(context: Context, source: Source) -> Pin:
    lock = read_lock(context.root / LOCK)
    pin = lock.pin(source.id)
    if pin is None:
        raise NoTargetError(
            f"{source.id} is not in {LOCK}", f"./scripts/upstream pin {source.id} does it the first time."
        )
    if pin.frozen:
        raise NoTargetError(
            f"{source.id} is frozen: nothing is followed there any more",
            f"Its facts stay as {LOCK} has them.",
        )
    makes = [(lock.extractor, FACTS_VERSION), (lock.grammar, GRAMMAR)]
    if other := [f"{pinned}, not {current}" for pinned, current in makes if pinned != current]:
        raise NoTargetError(
            f"the pinned facts were read by {' and '.join(other)}, as this program does",
            "Read them anew at the pin first, and commit that: ./scripts/upstream pin",
        )
    return pin


def _require_history(repository: Repository, source: Source, older: str, commit: str) -> None:
    if repository.resolve(older) != commit and not repository.is_ancestor(older, commit):
        raise NoTargetError(
            f"{older[:12]}, where {source.id} is pinned, is not in the history of {commit[:12]}",
            f"Either that commit is an older one, or the history was rewritten: ./scripts/upstream fetch {source.id} "
            "tells. The lock is as it was.",
        )
