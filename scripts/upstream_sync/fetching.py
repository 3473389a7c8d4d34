"""Bringing a source's repository onto this machine: a bare clone without file contents, which come when they are read."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.git import (
    ENVIRONMENT,
    NoRepositoryError,
    Repository,
    UnknownRevisionError,
    last_line,
)
from scripts.upstream_sync.watch import Source, repository_path

_LOST = (
    "Could not resolve host",
    "unable to access",
    "Could not read from remote",
    "Connection",
    "timed out",
)
_GONE = (
    "not found",
    "does not exist",
    "does not appear to be a git repository",
    "authentication",
    "could not read Username",
)
_FULL = ("No space left on device", "disk quota exceeded")


class NotFetchedError(UpstreamError):
    """The source could not be fetched; what was fetched before is as it was."""


class UnfetchedSourceError(UpstreamError):
    """There is no copy of the source's repository on this machine."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """`before` is None the first time. `rewritten`: `before` is not in the history of `after`. `moved_tags` name
    another commit than before.
    """

    source_id: str
    before: str | None
    after: str
    rewritten: bool = False
    moved_tags: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        return self.before != self.after


def open_repository(source: Source, cache: Path) -> Repository:
    """Raises `UnfetchedSourceError`. Nothing is fetched."""
    repository = Repository(repository_path(source, cache))
    try:
        repository.git_dir  # noqa: B018 (asked now, so that the message names the source)
    except NoRepositoryError as error:
        raise UnfetchedSourceError(
            f"{source.id} is not on this machine",
            f"./scripts/upstream fetch {source.id}, or give a clone: --source {source.id}=PATH",
        ) from error
    return repository


def tip(repository: Repository, source: Source) -> str:
    """The newest commit of the branch that is on this machine. Raises `UnknownRevisionError`."""
    for name in (f"refs/heads/{source.branch}", f"refs/remotes/origin/{source.branch}"):
        try:
            return repository.resolve(name)
        except UnknownRevisionError:
            continue
    raise UnknownRevisionError(
        f"{source.id} has no branch {source.branch!r}", "Its main branch may have another name: watch.toml"
    )


def fetch(source: Source, cache: Path) -> Fetched:
    """A local clone given by its path is read as it is. Raises `NotFetchedError`."""
    if source.untrackable:
        raise NotFetchedError(f"{source.id} is not followed: {source.untrackable}", "watch.toml says so.")
    if source.local_path is not None:
        with open_repository(source, cache) as repository:
            now = tip(repository, source)
            return Fetched(source.id, now, now)
    path = repository_path(source, cache)
    if not path.exists():
        _begin(source, path)
    with Repository(path) as repository:
        before, tags = _try_tip(repository, source), repository.list_refs("refs/tags/")
        _git(source, path, "fetch", "--quiet", "--force", "--prune", "--filter=blob:none", "--tags", "origin",
             f"+refs/heads/{source.branch}:refs/heads/{source.branch}")  # fmt: skip
        after = tip(repository, source)
        rewritten = before is not None and not repository.is_ancestor(before, after)
        return Fetched(source.id, before, after, rewritten, _moved(tags, repository.list_refs("refs/tags/")))


def _begin(source: Source, path: Path) -> None:
    """An empty clone under a temporary name, so that a path that exists is a repository."""
    unfinished = path.with_suffix(".part")
    try:
        unfinished.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotFetchedError(f"{source.id}: {error}", "Give another folder with --cache.") from error
    for command in (
        ("init", "--quiet", "--bare"),
        ("config", "remote.origin.url", source.location),
        ("config", "remote.origin.promisor", "true"),
        ("config", "remote.origin.partialclonefilter", "blob:none"),
        ("config", "gc.auto", "0"),
    ):
        _git(source, unfinished, *command)
    unfinished.rename(path)


def _git(source: Source, path: Path, *arguments: str) -> None:
    command = ["git", f"--git-dir={path}", *arguments]
    done = subprocess.run(command, capture_output=True, check=False, env=os.environ | ENVIRONMENT)
    if done.returncode != 0:
        raise NotFetchedError(
            f"{source.id} was not fetched: {last_line(done.stderr)}",
            _cure(done.stderr.decode("utf-8", "replace")),
        )


def _cure(message: str) -> str:
    if any(sign in message for sign in _FULL):
        return "Make room on the disk of the cache, or choose another with --cache. Nothing else was touched."
    if any(sign in message for sign in _GONE):
        return (
            "The repository may have moved or been closed: give its new place in watch.toml or with --source."
        )
    if any(sign in message for sign in _LOST):
        return "No connection? Everything else works offline, on what was fetched before."
    return "What was fetched before is as it was."


def _try_tip(repository: Repository, source: Source) -> str | None:
    try:
        return tip(repository, source)
    except UnknownRevisionError:
        return None


def _moved(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        name.removeprefix("refs/tags/")
        for name, commit in before.items()
        if after.get(name, commit) != commit
    )
