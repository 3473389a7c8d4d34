"""The main line as pull requests: merges, squashes, pushes; reverts and what they fold; moves of the library's pin."""

from pathlib import Path

import pytest

from scripts.upstream_sync.git import Repository, UnknownRevisionError
from scripts.upstream_sync.pulls import PullRequest, Relation, bumped_range, read_pulls
from scripts.upstream_sync.watch import Kind, Role, Source
from tests.upstream.repositories import Upstream

SOURCE = Source("uk-api", "https://example.org/team/api.git", Role.AUTHORITY, Kind.API)
FILES = {"app/a.py": "A = 1\nB = 2\n", "requirements.in": "library@1.0\n"}


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path / "upstream", FILES)


@pytest.fixture
def read(upstream):
    """All pull requests after the first commit, or after the one that is given."""
    start = upstream.tip

    def pulls(after: str = start) -> list[PullRequest]:
        with Repository(upstream.path) as repository:
            return read_pulls(repository, SOURCE, after, upstream.tip)

    return pulls


def relations(pulls: list[PullRequest]) -> list[tuple[int | None, str, int | None]]:
    numbers = {pull.merge: pull.number for pull in pulls}
    return [(pull.number, str(pull.link.relation), numbers[pull.link.other]) for pull in pulls if pull.link]


def test_each_way_to_the_main_line_gives_a_row(upstream, read):
    upstream.pull_request(11, {"app/a.py": "A = 2\nB = 2\n"}, "raise a")
    upstream.squash(12, {"app/b.py": "C = 1\n"}, "add c")
    upstream.commit({"app/c.py": "D = 1\n"}, "Pushed without a number")
    merged, squashed, pushed = read()
    assert [(pull.number, pull.title) for pull in (merged, squashed, pushed)] == [
        (11, "Raise a"),
        (12, "Add c"),
        (None, "Pushed without a number"),
    ]
    assert merged.url == "https://example.org/team/api/pull/11"
    assert pushed.url == f"https://example.org/team/api/commit/{pushed.merge}"
    assert pushed.name == pushed.merge[:9]
    assert [change.path for change in squashed.files] == ["app/b.py"]


def test_commits_of_a_branch_belong_to_the_merge_that_brought_them(upstream, read):
    upstream.branch("long one")
    first = upstream.commit({"app/a.py": "A = 3\nB = 2\n"}, "First", days=0)
    second = upstream.commit({"app/a.py": "A = 4\nB = 2\n"}, "Second", "with a body", days=0)
    merge = upstream.merge(21, "long one")
    upstream.pull_request(22, {"app/b.py": "C = 1\n"}, "another")
    long, other = read()
    assert [commit.id for commit in long.commits] == [first, second, merge]
    assert len(other.commits) == 2
    assert "with a body" in long.messages


def test_a_revert_and_its_original_come_to_nothing(upstream, read):
    merge = upstream.pull_request(1, {"app/a.py": "A = 9\nB = 2\n"}, "raise a")
    upstream.pull_request(2, {"app/b.py": "C = 1\n"}, "something between")
    upstream.revert(merge, 3, "raise a")
    pulls = read()
    assert relations(pulls) == [(1, "undone by", 3), (3, "undoes", 1)]
    assert [pull.is_folded for pull in pulls] == [True, False, True]


def test_a_revert_of_a_revert_restores_and_stands(upstream, read):
    merge = upstream.pull_request(1, {"app/a.py": "A = 9\nB = 2\n"}, "raise a")
    undone = upstream.revert(merge, 2, "raise a")
    again = upstream.revert(undone, 3, "revert raise a")
    assert relations(read()) == [(1, "undone by", 2), (2, "undoes", 1), (3, "restores", 1)]
    upstream.revert(again, 4, "once more")
    assert relations(read()) == [(1, "undone by", 2), (2, "undoes", 1), (3, "undone by", 4), (4, "undoes", 3)]


def test_a_revert_that_does_more_stands_on_its_own(upstream, read):
    merge = upstream.pull_request(1, {"app/a.py": "A = 9\nB = 2\n"}, "raise a")
    upstream.branch("back and forth")
    upstream.commit(
        {"app/a.py": "A = 1\nB = 3\n"}, 'Revert "Raise a"', f"This reverts commit {merge}.", days=0
    )
    upstream.merge(2, "back and forth")
    pulls = read()
    assert relations(pulls) == [(2, "partly undoes", 1)]
    assert not any(pull.is_folded for pull in pulls)


def test_bookkeeping_does_not_keep_a_revert_from_folding(upstream, read):
    upstream.pull_request(1, {"app/a.py": "A = 9\nB = 2\n", "CHANGELOG.md": "2.0\n"}, "raise a")
    upstream.squash(
        2,
        {"app/a.py": "A = 1\nB = 2\n", "CHANGELOG.md": "2.0\n3.0\n"},
        'revert "raise a (#1)"'.replace("revert", "Revert"),
    )
    assert relations(read()) == [(1, "undone by", 2), (2, "undoes", 1)]


def test_what_was_merged_before_the_stretch_is_not_paired(upstream, read):
    merge = upstream.pull_request(1, {"app/a.py": "A = 9\nB = 2\n"}, "raise a")
    upstream.revert(merge, 2, "raise a")
    (revert,) = read(after=merge)
    assert revert.number == 2
    assert revert.link is None


def test_the_branch_that_a_forge_names_says_what_is_reverted(upstream, read):
    upstream.pull_request(7, {"app/a.py": "A = 9\nB = 2\n"}, "raise a")
    upstream.branch("revert-7-raise-a")
    upstream.commit({"app/a.py": "A = 1\nB = 2\n"}, "Back to what it was", days=0)
    upstream.merge(8, "revert-7-raise-a")
    first, second = read()
    assert first.link is not None
    assert first.link.relation is Relation.UNDONE_BY
    assert second.is_folded


def test_a_pin_of_the_library_names_a_stretch_whichever_way_it_moved(upstream):
    upstream.tag("1.0")
    first = upstream.tip
    upstream.pull_request(1, {"app/a.py": "A = 9\nB = 2\n"}, "raise a")
    upstream.tag("v2.0")
    with Repository(upstream.path) as repository:
        assert bumped_range(repository, "1.0", "2.0") == (first, upstream.tip)
        assert bumped_range(repository, "2.0", "1.0") == (first, upstream.tip)
        with pytest.raises(UnknownRevisionError):
            bumped_range(repository, "1.0", "7.7")


def test_reading_twice_gives_the_same(upstream, read):
    merge = upstream.pull_request(1, {"app/a.py": "A = 9\nB = 2\n"}, "raise a")
    upstream.revert(merge, 2, "raise a")
    assert read() == read()
