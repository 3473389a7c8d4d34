"""Fetching: partial clones in the cache, and what may have happened upstream in the meantime."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.upstream_sync.fetching import (
    NotFetchedError,
    UnfetchedSourceError,
    fetch,
    open_repository,
    tip,
)
from scripts.upstream_sync.git import MissingObjectError, Repository, UnknownRevisionError
from scripts.upstream_sync.watch import Kind, Role, Source
from tests.upstream.repositories import Upstream


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path / "upstream", {"app/a.py": "A = 1\n", "app/b.py": "B = 1\n"})


@pytest.fixture
def source(upstream: Upstream) -> Source:
    url = upstream.path.as_uri()
    return Source("up", url, Role.AUTHORITY, Kind.API, location=url)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_a_first_fetch_brings_commits_and_trees_and_contents_come_when_read(upstream, source, cache):
    fetched = fetch(source, cache)
    assert (fetched.before, fetched.after, fetched.is_new) == (None, upstream.tip, True)
    with open_repository(source, cache) as repository:
        blobs = repository.list_files(tip(repository, source))
        assert repository.is_partial
        assert set(local_objects(repository)).isdisjoint(blobs.values())
        assert repository.read_blobs(blobs.values())[blobs["app/b.py"]] == b"B = 1\n"
        assert set(local_objects(repository)) >= set(blobs.values())


def local_objects(repository: Repository) -> list[str]:
    packs = (repository.git_dir / "objects" / "pack").glob("*.idx")
    return [name for pack in packs for name in show_index(pack)]


def show_index(pack: Path) -> list[str]:
    with pack.open("rb") as file:
        done = subprocess.run(["git", "show-index"], stdin=file, capture_output=True, text=True, check=True)
    return [line.split()[1] for line in done.stdout.splitlines()]


def test_what_is_fetched_again_is_what_is_new(upstream, source, cache):
    first = fetch(source, cache)
    assert not fetch(source, cache).is_new
    newest = upstream.commit({"app/a.py": "A = 2\n"})
    again = fetch(source, cache)
    assert (again.before, again.after, again.rewritten) == (first.after, newest, False)


def test_a_rewritten_history_is_told(upstream, source, cache):
    upstream.commit({"app/a.py": "A = 2\n"})
    fetch(source, cache)
    upstream.rewrite({"app/a.py": "A = 3\n"})
    assert fetch(source, cache).rewritten


def test_a_moved_tag_is_told_once(upstream, source, cache):
    upstream.tag("1.0")
    fetch(source, cache)
    upstream.commit({"app/a.py": "A = 2\n"})
    upstream.tag("1.0", move=True)
    upstream.tag("1.1")
    assert fetch(source, cache).moved_tags == ("1.0",)
    assert fetch(source, cache).moved_tags == ()


def test_without_upstream_what_was_fetched_stays_usable(upstream, source, cache):
    before = fetch(source, cache).after
    shutil.rmtree(upstream.path)
    with pytest.raises(NotFetchedError) as caught:
        fetch(source, cache)
    assert caught.value.cure
    with open_repository(source, cache) as repository:
        assert tip(repository, source) == before
        blobs = repository.list_files(before)
        with pytest.raises(MissingObjectError):
            repository.read_blobs(blobs.values())


def test_a_first_fetch_that_fails_leaves_nothing_that_looks_fetched(upstream, source, cache):
    shutil.move(upstream.path, upstream.path.with_name("away"))
    with pytest.raises(NotFetchedError):
        fetch(source, cache)
    shutil.move(upstream.path.with_name("away"), upstream.path)
    assert fetch(source, cache).after == upstream.tip


def test_a_clone_that_is_named_by_its_path_is_read_as_it_is(upstream, source, cache):
    local = replace(source, location=str(upstream.path))
    fetched = fetch(local, cache)
    assert (fetched.after, fetched.is_new) == (upstream.tip, False)
    assert not cache.exists()


def test_a_source_that_was_never_fetched_says_how(source, cache):
    with pytest.raises(UnfetchedSourceError) as caught:
        open_repository(source, cache)
    assert "fetch up" in caught.value.cure


def test_another_name_of_the_branch_is_asked_for(upstream, source, cache):
    local = replace(source, location=str(upstream.path), branch="trunk")
    with open_repository(local, cache) as repository, pytest.raises(UnknownRevisionError):
        tip(repository, local)


def test_what_is_not_followed_is_not_fetched(source, cache):
    with pytest.raises(NotFetchedError, match="closed"):
        fetch(replace(source, untrackable="closed"), cache)
