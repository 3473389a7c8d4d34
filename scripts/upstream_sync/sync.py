"""A sync moves the pin of one source to a newer commit, like git's rebase: begun, answered, then ended or given up.

`.sync/` (`state.py`) holds it meanwhile. Outside it nothing changes before the end but what the developer changes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from scripts.upstream_sync.candidate import find_judged, to_judgement
from scripts.upstream_sync.check import Checked, Ours, check
from scripts.upstream_sync.classify import Attention, Class
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.facts import write_facts
from scripts.upstream_sync.ledger import LEDGER, Verdict
from scripts.upstream_sync.outlook import Obstacle, Outlook, look_ahead
from scripts.upstream_sync.register import Standing
from scripts.upstream_sync.state import Decision, Item, State, Step, SyncFolder
from scripts.upstream_sync.target import Target
from scripts.upstream_sync.work_tree import require_clean

# A change that may concern security is not put off for longer.
SECURITY_DAYS: Final = 3
_REFUSED: Final[Mapping[Class, tuple[Verdict, ...]]] = {
    Class.CONTRACT: (Verdict.IRRELEVANT,),
    Class.ERRORS: (Verdict.IRRELEVANT,),
    Class.REVERTED: tuple(set(Verdict) - {Verdict.REVERTED, Verdict.IRRELEVANT}),
}
# Classes that may be judged as a whole.
_IN_BULK: Final = (Attention.ROUTE, Attention.IGNORE)
_SHORTEST_COMMIT: Final = 7


class SyncError(UpstreamError):
    """It cannot be done now."""


class VerdictError(UpstreamError):
    """The verdict does not suit what it is given for."""


class NotReadyError(UpstreamError):
    """Something is left to do before the pin can move."""

    exit_code = 1

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        number = len(obstacles)
        super().__init__(
            f"{number} {'thing is' if number == 1 else 'things are'} in the way; the lock is as it was",
            "Settle each, then ./scripts/upstream continue; or ./scripts/upstream abort.",
        )
        self.obstacles = obstacles


@dataclass(frozen=True, slots=True)
class Place:
    """Where we work. `ours` asks the running application, which takes a while."""

    root: Path
    ours: Callable[[], Ours]
    today: date

    @property
    def folder(self) -> SyncFolder:
        return SyncFolder(self.root)

    def look_ahead(self, state: State) -> Outlook:
        return look_ahead(self.folder, state, self.ours(), self.today)


@dataclass(frozen=True, slots=True)
class Ended:
    """`changed`: files. `resumed`: it had been stopped in the middle of its end."""

    changed: Sequence[str]
    outlook: Outlook | None = None
    resumed: bool = False


def start(place: Place, target: Target, by: str) -> Outlook | None:
    """None when the pin is there already and everything on the way is judged. Raises `SyncError`."""
    folder = place.folder
    with folder.hold():
        state, stopped = folder.resume()
        if state is not None:
            raise SyncError(
                f"a sync of {state.source} is open already, since {state.began}",
                "Go on with ./scripts/upstream continue, or give it up with ./scripts/upstream abort.",
            )
        if stopped is Step.FINISHING:
            raise _nothing_open(stopped)
        require_clean(place.root)
        if not _is_needed(place, target):
            return None
        folder.prepare()
        for name, facts in target.facts.items():
            if facts.facts:
                write_facts(folder.theirs / f"{name}.jsonl", facts)
        begun = State(
            source=target.pin.id,
            from_=target.base.commit,
            to=target.pin,
            began=place.today,
            by=by,
            items=list(target.items),
        )
        return place.look_ahead(folder.open(begun))


def resolve(place: Place, name: str, decision: Decision) -> list[str]:
    """`name`: of a pull request, of a class that concerns nobody, or the key of a fact. Returns what was judged.

    Raises `VerdictError`, `SyncError`.
    """
    with _open_sync(place) as state:
        _require_day(decision, place.today)
        items = find_items(state, name)
        for item in items:
            _require_suitable(state, item, decision)
        names = [item.name for item in items] or [_find_lagging(place, state, name, decision)]
        decisions = {**state.decisions, **dict.fromkeys(names, decision)}
        place.folder.write(state.model_copy(update={"decisions": decisions}))
        return names


def finish(place: Place) -> Ended:
    """What `continue` does. Raises `NotReadyError`, `SyncError`."""
    folder = place.folder
    with folder.hold():
        state, stopped = folder.resume()
        if stopped is Step.FINISHING:
            return Ended((), resumed=True)
        if state is None:
            raise _nothing_open(stopped)
        outlook = place.look_ahead(state)
        if outlook.obstacles:
            raise NotReadyError(outlook.obstacles)
        return Ended(folder.finish(state), outlook)


def abort(place: Place) -> list[str]:
    """Returns the files that had been changed; they are as before now. Raises `SyncError`."""
    folder = place.folder
    with folder.hold():
        state, stopped = folder.resume()
        if stopped is Step.ABORTING:
            return []
        if state is None:
            raise _nothing_open(stopped)
        return folder.abort(state)


def find_open(root: Path) -> State | None:
    """The open sync. One that was stopped in the middle of its end is brought to it first."""
    folder = SyncFolder(root)
    state = folder.read()
    if state is None or state.step is Step.OPEN:
        return state
    with folder.hold():
        return folder.resume()[0]


def check_ahead(place: Place) -> Checked:
    """As `check` without an open sync; within one, as things stand between the pin, where it goes, and us."""
    state = find_open(place.root)
    if state is None:
        return check(place.root, place.folder.patches, place.ours(), place.today, overdue=False)
    with place.folder.hold():
        outlook = place.look_ahead(state)
    return Checked(outlook.checked.violations, outlook.findings, outlook.conditions)


def find_items(state: State, name: str) -> list[Item]:
    """`#12`, `12`, `uk-api#12`, the first digits of a commit; or a class: those of it that need not be read one by one.

    Raises `VerdictError` when each of the class must be.
    """
    plain = name.removeprefix(state.source).lstrip("#")
    if of_class := [item for item in state.items if item.class_ == plain]:
        in_bulk = [item for item in of_class if item.attention in _IN_BULK]
        if not in_bulk:
            raise VerdictError(
                f"{plain}: each pull request of this class is judged by itself",
                f"They are: {', '.join(item.name for item in of_class)}.",
            )
        return in_bulk
    is_commit = len(plain) >= _SHORTEST_COMMIT
    return [
        item
        for item in state.items
        if str(item.number) == plain or (is_commit and item.merge.startswith(plain))
    ]


def _require_suitable(state: State, item: Item, decision: Decision) -> None:
    if decision.verdict in _REFUSED.get(item.class_, ()):
        allowed = [str(verdict) for verdict in Verdict if verdict not in _REFUSED[item.class_]]
        raise VerdictError(
            f"{item.name} is of class {item.class_}: {decision.verdict} is no verdict for it",
            f"Possible: {', '.join(allowed)}.",
        )
    if item.security and decision.until and decision.until > decision.on + timedelta(days=SECURITY_DAYS):
        raise VerdictError(
            f"{item.name} may concern security: it is not put off for more than {SECURITY_DAYS} days",
            "Read it now; if it does not concern us, say so: irrelevant.",
        )
    to_judgement(state, item, decision)


def _require_day(decision: Decision, today: date) -> None:
    if decision.verdict is Verdict.DEFERRED and decision.until is None:
        raise VerdictError("what is deferred needs a day", "Give --until DATE.")
    if decision.until is not None and decision.until <= today:
        raise VerdictError(f"--until {decision.until} is over already", "Give a day to come.")


def _find_lagging(place: Place, state: State, key: str, decision: Decision) -> str:
    finding = next((finding for finding in place.look_ahead(state).findings if finding.key == key), None)
    if finding is None:
        raise VerdictError(
            f"the sync has no pull request, class or fact {key!r}",
            "Name what ./scripts/upstream continue lists: 12 for pull request #12, or the whole key of a fact in quotes.",
        )
    if decision.verdict is not Verdict.DEFERRED or finding.standing not in (
        Standing.LAG,
        Standing.UNDECLARED,
    ):
        raise VerdictError(
            f"{key} is settled by what is done about it, not by a verdict: {finding.standing}",
            "Bring our code in line, or declare the difference in a patch. A fact that lags may be `deferred --until DATE`.",
        )
    return key


@contextmanager
def _open_sync(place: Place) -> Iterator[State]:
    folder = place.folder
    with folder.hold():
        state, stopped = folder.resume()
        if state is None:
            raise _nothing_open(stopped)
        yield state


def _nothing_open(stopped: Step | None) -> SyncError:
    if stopped is Step.FINISHING:
        return SyncError(
            "the sync had been stopped in the middle of its end; it has come to it now",
            "Look at the change and commit it, or take the files back from git.",
        )
    if stopped is Step.ABORTING:
        return SyncError(
            "the sync was being given up when it was stopped; now it is", "Nothing is left of it."
        )
    return SyncError("no sync is open", "Begin one: ./scripts/upstream start")


def _is_needed(place: Place, target: Target) -> bool:
    judged = find_judged(place.root / "upstream" / LEDGER, target.pin.id, place.today)
    return target.pin.commit != target.base.commit or any(item.merge not in judged for item in target.items)
