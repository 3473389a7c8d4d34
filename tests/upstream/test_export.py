"""Handing our own work back: what is in the folder can be applied, and nothing in it is somebody else's."""

import json
from pathlib import Path

import pytest

from api.patch_series.declaration import read_declaration
from scripts.upstream_sync.export import (
    Destination,
    Exported,
    ExportError,
    export_patch,
    export_range,
    set_forwarded,
)
from scripts.upstream_sync.outbox import EmptySeriesError, NotOursError
from tests.upstream.projects import make_project
from tests.upstream.repositories import Upstream

US, OTHERS = "ada@example.org", "someone@example.org"
VECTOR = "sms-circumflexes-kept"
PATCH = {"slug": "one_thing", "title": "One thing", "vectors": [VECTOR], "kind": "lag"}


class Clone:
    """A developer's clone of an upstream with one commit, at which the project pins it."""

    def __init__(self, folder: Path) -> None:
        self.upstream = Upstream(folder / "upstream", {"app.py": "one = 1\n"})
        self.pin = self.upstream.tip
        self.upstream.commit({"app.py": "one = 2\n"})
        self.work = Upstream(folder / "clone")
        self.work.git("pull", "--quiet", str(self.upstream.path), "main")
        self.path = self.work.path

    def commit(self, files, subject: str, address: str = US) -> str:
        self.work.git("switch", "--quiet", "notifications/one-thing")
        self.work.git("config", "user.email", address)
        commit = self.work.commit(files, subject)
        self.work.git("switch", "--quiet", "main")
        return commit


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


@pytest.fixture
def root(tmp_path: Path, clone: Clone) -> Path:
    return make_project(tmp_path / "project", {}, PATCH, commit=clone.pin).path


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


def export(root: Path, clone: Clone, outbox: Path, **changed) -> Exported:
    return export_patch(root, "one_thing", clone.path, Destination(outbox, (US,), **changed))


def test_first_call_makes_the_branch_at_the_pin(root: Path, clone: Clone, outbox: Path) -> None:
    exported = export(root, clone, outbox)

    assert exported.begun
    assert clone.work.git("rev-parse", "notifications/one-thing") == clone.pin
    assert clone.work.git("branch", "--show-current") == "main", "the developer's work tree is left alone"
    assert not outbox.exists()


def test_series_can_be_applied_at_the_pin(root: Path, clone: Clone, outbox: Path, tmp_path: Path) -> None:
    export(root, clone, outbox)
    clone.commit({"app.py": "one = 'un'\n"}, "Say it in French")
    tip = clone.commit({"test_app.py": "assert True\n"}, "Test it")

    exported = export(root, clone, outbox)

    assert exported.files == [
        "0000-cover-letter.patch",
        "0001-Say-it-in-French.patch",
        "0002-Test-it.patch",
        "vectors.json",
        "vectors.md",
    ]
    other = Upstream(tmp_path / "other")
    other.git("pull", "--quiet", str(clone.upstream.path), clone.pin)
    other.git("am", "--quiet", *(str(outbox / name) for name in exported.files[1:3]))
    assert other.git("rev-parse", "HEAD^{tree}") == clone.work.git("rev-parse", f"{tip}^{{tree}}")


def test_cover_letter_is_filled_in(root: Path, clone: Clone, outbox: Path) -> None:
    export(root, clone, outbox)
    clone.commit({"app.py": "one = 'un'\n"}, "Say it in French")

    export(root, clone, outbox)

    letter = (outbox / "0000-cover-letter.patch").read_text()
    assert "One thing" in letter
    assert "***" not in letter
    assert VECTOR in letter
    assert f"base-commit: {clone.pin}" in letter


def test_vectors_go_with_it(root: Path, clone: Clone, outbox: Path) -> None:
    export(root, clone, outbox)
    clone.commit({"app.py": "one = 'un'\n"}, "Say it in French")

    exported = export(root, clone, outbox, vectors=("sms-reference-*",))

    names = [vector["name"] for vector in json.loads((outbox / "vectors.json").read_text())["vectors"]]
    assert names == list(exported.vectors)
    assert VECTOR in names
    assert len(names) > 1


def test_series_of_before_is_replaced(root: Path, clone: Clone, outbox: Path) -> None:
    export(root, clone, outbox)
    clone.commit({"app.py": "one = 'un'\n"}, "Say it in French")
    export(root, clone, outbox)
    clone.work.git("switch", "--quiet", "notifications/one-thing")
    clone.work.git("commit", "--quiet", "--amend", "--message", "Another title")

    export(root, clone, outbox)

    assert sorted(path.name for path in outbox.glob("*.patch")) == [
        "0000-cover-letter.patch",
        "0001-Another-title.patch",
    ]


def test_branch_without_work_is_nothing_to_hand_over(root: Path, clone: Clone, outbox: Path) -> None:
    export(root, clone, outbox)

    with pytest.raises(EmptySeriesError):
        export(root, clone, outbox)


def test_commit_of_others_is_refused(root: Path, clone: Clone, outbox: Path) -> None:
    export(root, clone, outbox)
    clone.commit({"app.py": "one = 'un'\n"}, "Say it in French")
    theirs = clone.commit({"copied.py": "two = 2\n"}, "Copy a file", OTHERS)

    with pytest.raises(NotOursError, match=theirs[:9]):
        export(root, clone, outbox)
    assert not list(outbox.glob("*"))

    exported = export_patch(root, "one_thing", clone.path, Destination(outbox, (US, OTHERS)))
    assert len(exported.files) > 3


def test_merge_is_refused(root: Path, clone: Clone, outbox: Path) -> None:
    export(root, clone, outbox)
    clone.work.git("config", "user.email", US)
    clone.work.git("switch", "--quiet", "--create", "side", clone.pin)
    clone.work.commit({"side.py": "x = 1\n"}, "Aside")
    clone.work.git("switch", "--quiet", "notifications/one-thing")
    clone.work.git("merge", "--quiet", "--no-ff", "--message", "Merge", "side")

    with pytest.raises(NotOursError, match="merges"):
        export(root, clone, outbox)


def test_branch_that_does_not_begin_at_the_pin_is_refused(root: Path, clone: Clone, outbox: Path) -> None:
    clone.work.git("branch", "notifications/one-thing", "main")
    clone.work.git("switch", "--quiet", "--orphan", "elsewhere")
    clone.work.git("commit", "--quiet", "--allow-empty", "--message", "Elsewhere")
    clone.work.git("branch", "--force", "notifications/one-thing", "elsewhere")

    with pytest.raises(ExportError, match="pin"):
        export(root, clone, outbox)


@pytest.mark.parametrize("kind", ["nothing", "folder", "another repository"])
def test_clone_must_have_the_pin(root: Path, outbox: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "elsewhere"
    if kind == "folder":
        path.mkdir()
    if kind == "another repository":
        Upstream(path, {"app.py": "x = 1\n"})

    with pytest.raises(ExportError) as caught:
        export_patch(root, "one_thing", path, Destination(outbox, (US,)))
    assert caught.value.cure


def test_unknown_patch_is_refused(root: Path, clone: Clone, outbox: Path) -> None:
    with pytest.raises(ExportError):
        export_patch(root, "nothing", clone.path, Destination(outbox, (US,)))


@pytest.fixture
def fork(tmp_path: Path) -> Upstream:
    """This project, with two commits of ours above `start`."""
    project = make_project(tmp_path / "project", {}, PATCH)
    project.git("branch", "start")
    project.git("config", "user.email", US)
    project.commit({"api/core.py": "x = 1\n"}, "core: Count from one")
    project.commit({"api/core.py": "x = 2\n"}, "core: Count from two")
    return project


def test_range_of_the_core_is_offered(fork: Upstream, outbox: Path) -> None:
    exported = export_range(fork.path, "start..main", Destination(outbox, (US,), subject="Counting"))

    assert [name for name in exported.files if name.startswith("000")] == [
        "0000-cover-letter.patch",
        "0001-core-Count-from-one.patch",
        "0002-core-Count-from-two.patch",
    ]
    assert "Counting" in (outbox / "0000-cover-letter.patch").read_text()


def test_several_commits_need_a_title(fork: Upstream, outbox: Path) -> None:
    with pytest.raises(ExportError, match="title"):
        export_range(fork.path, "start..main", Destination(outbox, (US,)))


def test_one_commit_brings_its_title(fork: Upstream, outbox: Path) -> None:
    export_range(fork.path, "main~1..", Destination(outbox, (US,)))

    assert "core: Count from two" in (outbox / "0000-cover-letter.patch").read_text()


def test_range_with_french_parts_is_refused(fork: Upstream, outbox: Path) -> None:
    fork.commit({"patches/one_thing/rules.py": "x = 1\n"}, "one_thing: Add")

    with pytest.raises(ExportError, match="patches/one_thing/rules"):
        export_range(fork.path, "start..main", Destination(outbox, (US,), subject="Counting"))


def test_range_with_commits_of_others_is_refused(fork: Upstream, outbox: Path) -> None:
    with pytest.raises(NotOursError):
        export_range(fork.path, "start..main", Destination(outbox, (OTHERS,), subject="Counting"))


def test_forwarded_is_written_and_nothing_else(root: Path) -> None:
    path = root / "patches" / "one_thing" / "patch.toml"
    before = path.read_text().splitlines()

    set_forwarded(root, "one_thing", "https://example.org/pull/1")

    declaration = read_declaration(path, "patch.toml")
    assert declaration.forwarded == "https://example.org/pull/1"
    after = path.read_text().splitlines()
    assert [new for old, new in zip(before, after, strict=True) if old != new] == [
        'forwarded = "https://example.org/pull/1"'
    ]


@pytest.mark.parametrize(
    "url", ["", "no", "http://example.org", 'https://example.org/"x', "https://example.org/\n"]
)
def test_forwarded_must_be_an_address(root: Path, url: str) -> None:
    with pytest.raises(ExportError):
        set_forwarded(root, "one_thing", url)
