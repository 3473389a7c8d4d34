"""A sync from its beginning to its end: what it asks, what it refuses, what it leaves behind."""

import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.upstream_sync.check import Ours, check
from scripts.upstream_sync.classify import MEANINGS, Attention, Class
from scripts.upstream_sync.facts import read_facts, value_digest
from scripts.upstream_sync.ledger import InvalidLedgerError, Verdict, read_ledger
from scripts.upstream_sync.lock import SurfacePin, read_lock
from scripts.upstream_sync.outlook import Outlook
from scripts.upstream_sync.pending import read_pending, write_pending
from scripts.upstream_sync.state import Decision, Item, Step, SyncFolder
from scripts.upstream_sync.sync import (
    NotReadyError,
    Place,
    SyncError,
    VerdictError,
    abort,
    check_ahead,
    find_open,
    finish,
    resolve,
    start,
)
from scripts.upstream_sync.target import Target, find_due
from scripts.upstream_sync.watch import Kind, Role, Source
from scripts.upstream_sync.work_tree import WorkTreeError
from tests.upstream.made_up import TODAY, declare, make_facts, make_pending, make_pin
from tests.upstream.projects import digest_tree, kill_everywhere, make_project, write_patches
from tests.upstream.repositories import Upstream

A, B = "route GET /v2/a", "route GET /v2/b"
ONE, TWO = {"auth": "service-key"}, {"auth": "none"}
SOON = TODAY + timedelta(days=20)


@dataclass
class Sync:
    """One project, and what our program says of itself."""

    project: Upstream
    ours: Mapping[str, Any]
    today: date = TODAY

    @property
    def root(self) -> Path:
        return self.project.path

    @property
    def place(self) -> Place:
        return Place(self.root, lambda: Ours(self.ours, {}), self.today)

    def start(self, theirs: Mapping[str, Any], *items: Item) -> Outlook:
        outlook = start(self.place, self.target(theirs, *items), "Ada")
        assert outlook is not None
        return outlook

    def target(self, theirs: Mapping[str, Any], *items: Item) -> Target:
        base = read_lock(self.root / "upstream.lock").pin("uk-api")
        assert base is not None
        facts = {"routes": make_facts("routes", theirs)}
        return Target(base, _pin(facts, items, base.reviewed_through), facts, items)

    def decide(self, name: str, verdict: Verdict, **changed: Any) -> list[str]:
        return resolve(self.place, name, Decision(verdict=verdict, by="Ada", on=TODAY, **changed))

    def obstacles(self) -> dict[str, str]:
        with pytest.raises(NotReadyError) as caught:
            finish(self.place)
        return {obstacle.name: obstacle.kind for obstacle in caught.value.obstacles}

    def pending(self) -> list[tuple[list[str], date]]:
        entries = read_pending(self.root / "upstream" / "pending")
        return [(entry.pending.facts, entry.pending.deadline) for entry in entries]

    def ledger(self) -> list[tuple[int | None, str, bool]]:
        rows = read_ledger(self.root / "upstream" / "ledger.jsonl")
        return [(row.pr, str(row.verdict), row.auto) for row in rows]


def _pin(facts, items: Sequence[Item], reviewed_through: str):
    pinned = {
        name: SurfacePin(count=len(found), digest=found.digest)
        for name, found in facts.items()
        if found.facts
    }
    commit = items[-1].merge if items else "c" * 40
    return make_pin(surface=pinned, commit=commit, **{"reviewed-through": reviewed_through})


def pull(number: int, class_: Class = Class.CONTRACT, *facts: str, **changed: Any) -> Item:
    values = {
        "name": f"#{number}",
        "merge": f"{number:040x}",
        "number": number,
        "url": f"https://example.org/pull/{number}",
        "class_": class_,
        "attention": MEANINGS[class_].attention,
        "facts": list(facts),
    }
    return Item(**(values | changed))


@pytest.fixture
def make_sync(tmp_path: Path):
    def make(pinned: Mapping[str, Any], ours: Mapping[str, Any], *patches: Mapping[str, Any]) -> Sync:
        return Sync(make_project(tmp_path / "project", pinned, *patches), ours)

    return make


@pytest.fixture
def lagging(make_sync) -> Sync:
    """In step, and upstream got something new."""
    return make_sync({A: ONE}, {A: ONE})


def test_new_fact_waits_with_a_day(lagging: Sync) -> None:
    outlook = lagging.start({A: ONE, B: TWO}, pull(7, Class.CONTRACT, B))

    assert [obstacle.name for obstacle in outlook.obstacles] == ["#7"]
    (entry,) = outlook.candidate.opened
    assert (entry.pending.facts, entry.pending.deadline) == ([B], TODAY + timedelta(days=30))


def test_start_is_refused_while_a_sync_is_open(lagging: Sync) -> None:
    lagging.start({A: ONE, B: TWO})

    with pytest.raises(SyncError, match="open already"):
        lagging.start({A: ONE, B: TWO})


@pytest.mark.parametrize("name", ["upstream.lock", "new.txt"])
def test_start_is_refused_when_files_are_changed(lagging: Sync, name: str) -> None:
    with (lagging.root / name).open("a") as file:
        file.write("# changed\n")

    with pytest.raises(WorkTreeError, match=name):
        lagging.start({A: ONE, B: TWO})
    assert SyncFolder(lagging.root).read() is None


def test_start_outside_git_is_refused(lagging: Sync) -> None:
    subprocess.run(["rm", "-r", str(lagging.root / ".git")], check=True)

    with pytest.raises(WorkTreeError, match="not a git repository"):
        lagging.start({A: ONE, B: TWO})


def test_start_and_abort_leave_the_tree_as_it_was(lagging: Sync) -> None:
    before = digest_tree(lagging.root)
    lagging.start({A: ONE, B: TWO}, pull(7, Class.CONTRACT, B))
    lagging.decide("7", Verdict.ADOPT)
    lagging.obstacles()

    assert abort(lagging.place) == []

    assert digest_tree(lagging.root) == before
    assert not (lagging.root / ".sync").exists()


def test_abort_takes_declarations_back_that_were_written_meanwhile(make_sync) -> None:
    sync = make_sync({A: ONE}, {A: TWO}, {"slug": "one", "fact": [declare(A, ONE, TWO)]})
    before = digest_tree(sync.root)
    sync.start({A: TWO})
    write_patches(sync.root, {"slug": "one", "kind": "lag"})
    write_pending(sync.root / "upstream" / "pending", 1, make_pending(B))

    assert abort(sync.place) == ["patches/one/patch.toml", "upstream/pending/0001.toml"]

    assert digest_tree(sync.root) == before


@pytest.mark.parametrize("act", [finish, abort])
def test_without_a_sync_there_is_nothing_to_end(lagging: Sync, act) -> None:
    with pytest.raises(SyncError, match="no sync is open"):
        act(lagging.place)


def test_end_moves_lock_facts_ledger_and_pending_together(lagging: Sync) -> None:
    target = lagging.target({A: ONE, B: TWO}, pull(7, Class.CONTRACT, B))
    start(lagging.place, target, "Ada")
    lagging.decide("#7", Verdict.DEFERRED, until=SOON, note="After the letters")

    ended = finish(lagging.place)

    assert ended.changed == [
        "upstream/facts/uk-api/routes.jsonl",
        "upstream/pending/0001.toml",
        "upstream/ledger.jsonl",
        "upstream.lock",
    ]
    pin = read_lock(lagging.root / "upstream.lock").pin("uk-api")
    assert pin == target.pin.model_copy(update={"reviewed_through": target.pin.commit})
    assert read_facts(lagging.root / "upstream/facts/uk-api/routes.jsonl").values == {A: ONE, B: TWO}
    assert lagging.ledger() == [(7, "deferred", False)]
    assert lagging.pending() == [([B], SOON)]
    assert check(lagging.root, lagging.root / "patches", lagging.place.ours(), TODAY).violations == []


def test_second_continue_changes_nothing_more(lagging: Sync) -> None:
    lagging.start({A: ONE, B: TWO}, pull(7, Class.CONTRACT, B))
    lagging.decide("7", Verdict.DEFERRED, until=SOON)
    finish(lagging.place)
    after = digest_tree(lagging.root)

    with pytest.raises(SyncError):
        finish(lagging.place)

    assert digest_tree(lagging.root) == after


def test_start_at_the_pin_has_nothing_to_do(lagging: Sync) -> None:
    lagging.start({A: ONE, B: TWO}, pull(7, Class.CONTRACT, B))
    lagging.decide("7", Verdict.DEFERRED, until=SOON)
    finish(lagging.place)
    lagging.project.commit({}, "Moved")

    assert start(lagging.place, lagging.target({A: ONE, B: TWO}, pull(7, Class.CONTRACT, B)), "Ada") is None
    assert not (lagging.root / ".sync").exists()


def test_what_ours_took_over_is_settled(make_sync) -> None:
    sync = make_sync({A: ONE, B: TWO}, {A: ONE})
    write_pending(sync.root / "upstream" / "pending", 1, make_pending(B))
    sync.project.commit({}, "Wait")
    sync.ours = {A: TWO, B: TWO}

    outlook = sync.start({A: TWO, B: TWO}, pull(7, Class.CONTRACT, A))
    sync.decide("7", Verdict.ADOPT)
    finish(sync.place)

    assert outlook.candidate.closed == ["upstream/pending/0001.toml"]
    assert (sync.pending(), sync.ledger()) == ([], [(7, "adopt", False)])


def test_entry_that_is_settled_in_part_keeps_the_rest(make_sync) -> None:
    sync = make_sync({A: ONE, B: TWO}, {})
    write_pending(sync.root / "upstream" / "pending", 1, make_pending(A, B))
    sync.project.commit({}, "Wait")
    sync.ours = {A: ONE}

    sync.start({A: ONE, B: TWO})
    finish(sync.place)

    assert sync.pending() == [([B], date(2027, 2, 28))]


def test_adopted_pull_request_must_be_here(lagging: Sync) -> None:
    lagging.start({A: ONE, B: TWO}, pull(7, Class.CONTRACT, B))
    lagging.decide("7", Verdict.ADOPT)

    assert lagging.obstacles() == {B: "lag"}

    lagging.ours = {A: ONE, B: TWO}
    finish(lagging.place)
    assert lagging.pending() == []


DECLARED = {"slug": "one", "fact": [declare(A, ONE, TWO)]}


@pytest.mark.parametrize(
    ("theirs", "ours", "patches", "kind"),
    [
        ({A: {"auth": "admin"}}, {A: TWO}, [DECLARED], "conflict"),
        ({}, {A: TWO}, [DECLARED], "orphan"),
        ({A: TWO}, {A: TWO}, [DECLARED], "obsolete"),
        ({A: ONE}, {A: ONE}, [DECLARED], "void"),
        ({A: ONE}, {A: TWO}, [], "undeclared divergence"),
        ({A: {"auth": "admin"}}, {A: TWO}, [], "undeclared divergence"),
    ],
)
def test_end_is_refused_while_the_register_does_not_hold(make_sync, theirs, ours, patches, kind: str) -> None:
    sync = make_sync({A: ONE}, ours, *patches)
    before = digest_tree(sync.root)
    sync.start(theirs)

    assert sync.obstacles() == {A: kind}
    assert digest_tree(sync.root) == before


def test_conflict_is_settled_by_looking_again(make_sync) -> None:
    sync = make_sync({A: ONE}, {A: TWO}, DECLARED)
    admin = {"auth": "admin"}
    sync.start({A: admin})

    checked = check_ahead(sync.place)
    (condition,) = checked.conditions
    assert condition.state == "conflict"
    path = sync.root / condition.entrant.file
    path.write_text(path.read_text().replace(value_digest(ONE), value_digest(checked.findings[0].theirs)))
    finish(sync.place)

    assert check(sync.root, sync.root / "patches", sync.place.ours(), TODAY).violations == []
    assert value_digest(admin) in path.read_text()


def test_any_command_brings_a_stopped_end_to_its_end(lagging: Sync) -> None:
    lagging.start({A: ONE})
    folder = SyncFolder(lagging.root)
    state = folder.read()
    assert state is not None
    lock = folder.fill_next() / "upstream.lock"
    lock.write_text("new")
    digest = hashlib.sha256(b"new").hexdigest()
    folder.write(state.model_copy(update={"step": Step.FINISHING, "plan": {"upstream.lock": digest}}))

    assert find_open(lagging.root) is None
    assert (lagging.root / "upstream.lock").read_text() == "new"


def test_end_waits_for_verdicts_on_the_contract_alone(lagging: Sync) -> None:
    items = [pull(number, class_) for number, class_ in enumerate(Class, 1)]
    binding = {item.name for item in items if item.attention is Attention.DECIDE}
    outlook = lagging.start({A: ONE}, *items)

    assert lagging.obstacles().keys() == binding
    assert {item.name for item in outlook.to_read} == {
        item.name for item in items if item.attention in (Attention.READ, Attention.ROUTE)
    }


def test_machine_judges_what_concerns_nobody(lagging: Sync) -> None:
    undone = [pull(1, Class.REVERTED, other=2), pull(2, Class.REVERTED, other=1)]
    lagging.start({A: ONE}, *undone, pull(3, Class.UPKEEP), pull(4, Class.BEHAVIOUR), pull(5, Class.COSMETIC))
    finish(lagging.place)

    assert lagging.ledger() == [
        (1, "reverted", True),
        (2, "reverted", True),
        (3, "irrelevant", True),
        (5, "irrelevant", True),
    ]
    pin = read_lock(lagging.root / "upstream.lock").pin("uk-api")
    assert pin is not None
    assert pin.reviewed_through == pull(3).merge, "up to the first that nobody has judged"


def test_verdicts_of_before_are_not_asked_again(lagging: Sync) -> None:
    items = [pull(1, Class.BEHAVIOUR), pull(2, Class.CONTRACT), pull(3, Class.UPKEEP)]
    lagging.start({A: ONE}, *items)
    lagging.decide("2", Verdict.ADOPT)
    finish(lagging.place)
    lagging.project.commit({}, "Moved")

    outlook = lagging.start({A: ONE}, *items, pull(4, Class.UPKEEP))
    lagging.decide("1", Verdict.IRRELEVANT)
    finish(lagging.place)

    assert outlook.obstacles == []
    assert [(pr, verdict) for pr, verdict, _ in lagging.ledger()] == [
        (2, "adopt"),
        (3, "irrelevant"),
        (1, "irrelevant"),
        (4, "irrelevant"),
    ]


def test_what_was_put_off_comes_back(lagging: Sync) -> None:
    item = pull(7, Class.ADJACENT)
    lagging.start({A: ONE}, item)
    lagging.decide("7", Verdict.DEFERRED, until=TODAY + timedelta(days=1))
    finish(lagging.place)
    lagging.project.commit({}, "Moved")
    source = Source("uk-api", "https://example.org", Role.AUTHORITY, Kind.API)
    ledger = lagging.root / "upstream" / "ledger.jsonl"

    assert find_due(ledger, source, TODAY, ()) == []
    (due,) = find_due(ledger, source, TODAY + timedelta(days=1), ())
    assert due == item.model_copy(update={"url": "https://example.org/pull/7"})
    lagging.today += timedelta(days=1)
    lagging.start({A: ONE}, due)
    assert lagging.obstacles() == {"#7": "pull request"}


def test_full_disk_leaves_the_sync_open_and_the_lock_alone(lagging: Sync, monkeypatch) -> None:
    lagging.start({A: ONE, B: TWO})
    before = digest_tree(lagging.root)

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", fail)
        with pytest.raises(OSError, match="No space left"):
            finish(lagging.place)

    assert digest_tree(lagging.root) == before
    assert "upstream.lock" in finish(lagging.place).changed


@pytest.mark.parametrize(
    ("class_", "verdict", "extra"),
    [
        (Class.CONTRACT, Verdict.IRRELEVANT, {}),
        (Class.ERRORS, Verdict.IRRELEVANT, {}),
        (Class.REVERTED, Verdict.ADOPT, {}),
        (Class.CONTENT, Verdict.DEFERRED, {"until": TODAY}),
        (Class.CONTENT, Verdict.DEFERRED, {}),
    ],
)
def test_verdict_that_does_not_suit_is_refused(lagging: Sync, class_: Class, verdict: Verdict, extra) -> None:
    lagging.start({A: ONE}, pull(7, class_))

    with pytest.raises(VerdictError):
        lagging.decide("7", verdict, **extra)


@pytest.mark.parametrize(
    ("verdict", "extra"),
    [
        (Verdict.ADOPT, {"until": SOON}),
        (Verdict.SUPERSEDED, {}),
        (Verdict.REVERTED, {}),
    ],
)
def test_verdict_without_what_it_needs_is_refused(lagging: Sync, verdict: Verdict, extra) -> None:
    lagging.start({A: ONE}, pull(7))

    with pytest.raises(InvalidLedgerError):
        lagging.decide("7", verdict, **extra)


def test_security_is_not_put_off_for_long(lagging: Sync) -> None:
    lagging.start({A: ONE}, pull(7, Class.BEHAVIOUR, security=True))

    with pytest.raises(VerdictError, match="security"):
        lagging.decide("7", Verdict.DEFERRED, until=SOON)
    lagging.decide("7", Verdict.DEFERRED, until=TODAY + timedelta(days=3))


@pytest.mark.parametrize("name", ["7", "#7", "uk-api#7", "000000000000000000000000000000000000000"])
def test_pull_request_is_found_by_its_names(lagging: Sync, name: str) -> None:
    lagging.start({A: ONE}, pull(7))

    assert lagging.decide(name, Verdict.ADAPT) == ["#7"]


def test_class_is_judged_as_a_whole_unless_each_must_be_read(lagging: Sync) -> None:
    sensitive = pull(3, Class.CONTENT, attention=Attention.READ, security=True)
    lagging.start(
        {A: ONE}, pull(1, Class.CONTENT), pull(2, Class.CONTENT), sensitive, pull(4, Class.BEHAVIOUR)
    )

    assert lagging.decide("content", Verdict.ADAPT) == ["#1", "#2"]
    with pytest.raises(VerdictError, match="by itself"):
        lagging.decide("behaviour", Verdict.IRRELEVANT)


def test_difference_can_be_given_a_day(make_sync) -> None:
    sync = make_sync({A: ONE}, {A: TWO})
    sync.start({A: ONE})

    assert sync.decide(A, Verdict.DEFERRED, until=SOON) == [A]
    finish(sync.place)

    assert (sync.pending(), sync.ledger()) == ([([A], SOON)], [])


@pytest.mark.parametrize(
    ("name", "verdict"), [(A, Verdict.ADOPT), (B, Verdict.DEFERRED), ("99", Verdict.ADOPT)]
)
def test_what_a_verdict_cannot_settle_is_explained(make_sync, name: str, verdict: Verdict) -> None:
    sync = make_sync({A: ONE}, {A: TWO})
    sync.start({A: ONE})

    with pytest.raises(VerdictError):
        sync.decide(name, verdict, until=SOON if verdict is Verdict.DEFERRED else None)


def test_ledger_is_only_appended_to(lagging: Sync) -> None:
    path = lagging.root / "upstream" / "ledger.jsonl"
    contents = [b""]
    for round_ in range(3):
        items = [pull(number, Class.UPKEEP) for number in range(1, 3 + round_)]
        lagging.start({A: ONE}, *items)
        lagging.decide("1", Verdict.IRRELEVANT, note=str(round_))
        finish(lagging.place)
        lagging.project.commit({}, "Moved")
        contents.append(path.read_bytes())

    assert all(new.startswith(old) and new != old for old, new in pairwise(contents))


VALUES = st.dictionaries(
    st.sampled_from([A, B, "limit c", "task d"]), st.sampled_from([ONE, TWO, {}]), min_size=1
)


@settings(max_examples=25, deadline=None)
@given(pinned=VALUES, theirs=VALUES, ours=VALUES, waits=st.booleans())
def test_whatever_the_facts_it_ends_clean_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, pinned, theirs, ours, waits: bool
) -> None:
    sync = Sync(make_project(tmp_path_factory.mktemp("sync") / "project", pinned), ours)
    before = digest_tree(sync.root)
    outlook = sync.start(theirs)
    for obstacle in outlook.obstacles if waits else ():
        if obstacle.kind == "undeclared divergence":
            sync.decide(obstacle.name, Verdict.DEFERRED, until=SOON)
    try:
        finish(sync.place)
    except NotReadyError:
        abort(sync.place)
        assert digest_tree(sync.root) == before
    else:
        assert check(sync.root, sync.root / "patches", sync.place.ours(), TODAY).violations == []


def end(root: Path) -> None:
    place = Place(root, lambda: Ours({A: ONE}, {}), TODAY)
    if SyncFolder(root).read() is not None:
        finish(place)


@pytest.mark.slow
def test_killed_end_leaves_the_old_lock_or_the_new_one_and_comes_to_its_end(
    make_sync, tmp_path: Path
) -> None:
    sync = make_sync({A: TWO}, {A: ONE})
    write_pending(sync.root / "upstream" / "pending", 1, make_pending(A))
    sync.project.commit({}, "Wait")
    before = digest_tree(sync.root)
    sync.start({A: ONE, B: TWO}, pull(7, Class.CONTRACT, B))
    sync.decide("7", Verdict.DEFERRED, until=SOON)

    *deaths, last = kill_everywhere("tests.upstream.test_sync:end", sync.root, tmp_path / "scratch")

    after = last["then"]
    assert after["upstream.lock"] != before["upstream.lock"]
    assert before.keys() - after.keys() == {"upstream/pending/0001.toml"}
    for report in deaths:
        assert report["then"]["upstream.lock"] in (before["upstream.lock"], after["upstream.lock"])
        assert report["then"] in (before, after) or report["open"]
        assert report["again"] == after
    assert any(report["then"] not in (before, after) for report in deaths), (
        "killed in the middle at least once"
    )
