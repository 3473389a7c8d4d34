"""Reading git: what is asked of it, on repositories with and without a work tree."""

from pathlib import Path

import pytest

from scripts.upstream_sync.git import GitError, NoRepositoryError, Repository, UnknownRevisionError
from tests.upstream.repositories import START, Upstream


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(
        tmp_path / "upstream", {"app/a.py": "A = 1\n", "notes.md": "text\n", "app/é b.py": "B = 2\n"}
    )


@pytest.fixture
def repository(upstream: Upstream):
    with Repository(upstream.path) as opened:
        yield opened


def test_a_revision_is_resolved_whatever_names_it(upstream, repository):
    upstream.tag("1.0")
    for name in ("HEAD", "main", "1.0", upstream.tip[:8], upstream.tip):
        assert repository.resolve(name) == upstream.tip


@pytest.mark.parametrize("name", ["nothing", "0" * 40, "--help", "HEAD:notes.md"])
def test_what_is_no_commit_is_an_error_of_its_own(repository, name):
    with pytest.raises(UnknownRevisionError):
        repository.resolve(name)


def test_files_are_listed_by_ending_with_any_name(repository):
    head = repository.resolve("HEAD")
    assert set(repository.list_files(head, (".py",))) == {"app/a.py", "app/é b.py"}
    assert set(repository.list_files(head)) == {"app/a.py", "app/é b.py", "notes.md"}


def test_contents_are_read_by_blob_and_by_path(repository):
    head = repository.resolve("HEAD")
    blobs = repository.list_files(head, (".py",))
    assert repository.read_blobs([*blobs.values(), blobs["app/a.py"]]) == {
        blobs["app/a.py"]: b"A = 1\n", blobs["app/é b.py"]: b"B = 2\n",
    }  # fmt: skip
    assert repository.read_file(head, "notes.md") == b"text\n"
    assert repository.read_file(head, "absent.md") is None


def test_an_object_that_is_not_there_is_an_error(repository):
    with pytest.raises(GitError):
        repository.read_blobs(["1" * 40])


def test_links_and_submodules_are_no_files(upstream, repository):
    (upstream.path / "link.py").symlink_to("app/a.py")
    commit = upstream.commit({})
    assert "link.py" not in repository.list_files(commit)


def test_the_main_line_is_what_was_merged_into_it(upstream, repository):
    first = upstream.tip
    merge = upstream.pull_request(7, {"app/a.py": "A = 2\n"}, "raise a")
    squash = upstream.squash(8, {"app/a.py": "A = 3\n"}, "raise a again")
    line = repository.first_parent(first, "main")
    assert [commit.id for commit in line] == [merge, squash]
    assert [commit.is_merge for commit in line] == [True, False]
    assert line[0].subject.startswith("Merge pull request #7 ")
    assert line[0].body == "Raise a"
    assert [commit.id for commit in repository.first_parent(None, "main")] == [first, merge, squash]


def test_a_commit_tells_when_in_universal_time(repository):
    commit = repository.read_commit("HEAD")
    assert (commit.committed - START).days == 1
    assert commit.committed.utcoffset().total_seconds() == 0
    assert commit.parents == ()


def test_changes_are_additions_deletions_and_modifications(upstream, repository):
    before = upstream.tip
    after = upstream.commit({"app/a.py": "A = 2\n", "notes.md": None, "app/c.py": ""})
    changes = repository.changed_files(before, after)
    assert [(change.status, change.path) for change in changes] == [
        ("M", "app/a.py"), ("A", "app/c.py"), ("D", "notes.md"),
    ]  # fmt: skip
    assert [change.new_blob is None for change in changes] == [False, False, True]
    assert [change.old_blob is None for change in changes] == [False, True, False]
    assert {change.status for change in repository.changed_files(None, before)} == {"A"}


def test_ancestry(upstream, repository):
    first = upstream.tip
    second = upstream.commit({"notes.md": "more\n"})
    assert repository.is_ancestor(first, second)
    assert not repository.is_ancestor(second, first)
    assert repository.is_ancestor(first, first)


def test_tags_name_commits_annotated_or_not(upstream, repository):
    upstream.tag("1.0")
    upstream.git("tag", "plain")
    assert repository.list_refs() == {"refs/tags/1.0": upstream.tip, "refs/tags/plain": upstream.tip}


def test_a_bare_clone_reads_the_same(upstream, tmp_path):
    upstream.git("clone", "--quiet", "--bare", str(upstream.path), str(tmp_path / "bare.git"))
    with Repository(tmp_path / "bare.git") as bare, Repository(upstream.path) as full:
        head = upstream.tip
        assert bare.list_files(head) == full.list_files(head)
        assert bare.first_parent(None, head) == full.first_parent(None, head)


@pytest.mark.parametrize("name", ["absent", "file", "folder"])
def test_what_is_no_repository_is_an_error_of_its_own(tmp_path, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(NoRepositoryError, match=name):
        Repository(tmp_path / name).resolve("HEAD")
