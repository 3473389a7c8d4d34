"""The sync on disk: all of a step or nothing of it, whenever the machine stops."""

import json
from pathlib import Path

import pytest

from scripts.upstream_sync.facts import write_facts
from scripts.upstream_sync.state import BrokenStateError, BusyError, State, Step, SyncFolder
from tests.upstream.made_up import TODAY, make_facts, make_pin
from tests.upstream.projects import digest_tree, kill_everywhere, make_project

OLD, NEW = "1" * 40, "2" * 40


@pytest.fixture
def root(tmp_path: Path) -> Path:
    pinned = {"route GET /v2/a": {"auth": "none"}}
    return make_project(tmp_path / "project", pinned, {"slug": "one", "kind": "lag"}).path


def open_sync(root: Path) -> State:
    folder = SyncFolder(root)
    folder.prepare()
    write_facts(folder.theirs / "routes.jsonl", make_facts("routes", {"route GET /v2/b": {"auth": "none"}}))
    return folder.open(State(source="uk-api", from_=OLD, to=make_pin(commit=NEW), began=TODAY, by="Ada"))


def edit(root: Path) -> None:
    """What a developer may do while a sync is open: change, add and remove."""
    (root / "patches" / "one" / "patch.toml").write_text("changed")
    (root / "upstream" / "pending").mkdir(exist_ok=True)
    (root / "upstream" / "pending" / "0001.toml").write_text("new")
    (root / "upstream" / "facts" / "uk-api" / "routes.jsonl").unlink()


def start(root: Path) -> None:
    if SyncFolder(root).read() is None:
        open_sync(root)


def abort(root: Path) -> None:
    folder = SyncFolder(root)
    state, _ = folder.resume()
    if state is not None:
        folder.abort(state)


def test_state_that_was_written_is_read_again(root: Path) -> None:
    written = open_sync(root)

    assert SyncFolder(root).read() == written
    assert json.loads((root / ".sync" / "state.json").read_text())["from"] == OLD


def test_abort_gives_every_file_back_and_keeps_what_was_changed(root: Path) -> None:
    before = digest_tree(root)
    state = open_sync(root)
    edit(root)

    edited = SyncFolder(root).abort(state)

    assert digest_tree(root) == before
    assert edited == [
        "patches/one/patch.toml",
        "upstream/facts/uk-api/routes.jsonl",
        "upstream/pending/0001.toml",
    ]
    kept = root / ".sync" / "ABORTED"
    assert list(digest_tree(kept)) == ["patches/one/patch.toml", "upstream/pending/0001.toml"]


def test_abort_without_changes_leaves_no_folder(root: Path) -> None:
    SyncFolder(root).abort(open_sync(root))

    assert not (root / ".sync").exists()


def test_next_sync_removes_what_an_aborted_one_left(root: Path) -> None:
    state = open_sync(root)
    edit(root)
    SyncFolder(root).abort(state)

    open_sync(root)

    assert not (root / ".sync" / "ABORTED").exists()


def test_finish_changes_nothing_but_what_is_another_one(root: Path) -> None:
    state = open_sync(root)
    folder = SyncFolder(root)
    folder.fill_next()

    assert folder.finish(state) == []
    assert folder.read() is None


def test_two_commands_at_once_are_refused(root: Path) -> None:
    with SyncFolder(root).hold(), pytest.raises(BusyError), SyncFolder(root).hold():
        pass


def test_broken_state_is_explained(root: Path) -> None:
    open_sync(root)
    (root / ".sync" / "state.json").write_text('{"source": 3')

    with pytest.raises(BrokenStateError) as caught:
        SyncFolder(root).read()

    assert ".sync/ORIG" in caught.value.cure


def test_file_changed_in_the_middle_of_the_end_is_not_written_over(root: Path) -> None:
    state = open_sync(root)
    folder = SyncFolder(root)
    folder.write(state.model_copy(update={"step": Step.FINISHING, "plan": {"upstream.lock": "f" * 64}}))

    with pytest.raises(BrokenStateError):
        folder.resume()


@pytest.mark.slow
def test_killed_start_is_open_or_never_was(root: Path, tmp_path: Path) -> None:
    before = digest_tree(root)

    for report in kill_everywhere("tests.upstream.test_state:start", root, tmp_path / "scratch"):
        assert report["then"] == report["again"] == before


@pytest.mark.slow
def test_killed_abort_comes_to_its_end(root: Path, tmp_path: Path) -> None:
    before = digest_tree(root)
    open_sync(root)
    edit(root)

    for report in kill_everywhere("tests.upstream.test_state:abort", root, tmp_path / "scratch"):
        assert report["then"]["upstream.lock"] == before["upstream.lock"]
        assert report["again"] == before
