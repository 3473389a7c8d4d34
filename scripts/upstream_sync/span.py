"""Which stretch of a source's main line is meant."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.fetching import tip
from scripts.upstream_sync.git import Repository
from scripts.upstream_sync.lock import LOCK, read_lock
from scripts.upstream_sync.watch import Source


class NoSpanError(UpstreamError):
    """Nothing says where to begin, or the end comes before it."""


@dataclass(frozen=True, slots=True)
class Span:
    """Commits of the main line: without `after`, with `until`."""

    after: str
    until: str


def choose_span(
    repository: Repository,
    source: Source,
    root: Path,
    *,
    start: str = "",
    end: str = "",
    since: date | None = None,
) -> Span:
    """From `start`, or the last commit before the day `since`, or else what the lock says was reviewed last; to `end`
    or the newest. Raises `NoSpanError`, `UnknownRevisionError`.
    """
    until = repository.resolve(end) if end else tip(repository, source)
    after = repository.resolve(start) if start else _find_start(repository, source, root, until, since)
    if after != until and not repository.is_ancestor(after, until):
        raise NoSpanError(
            f"{source.id}: {after[:12]} is not in the history of {until[:12]}",
            "Either they are the wrong way round, or the history was rewritten: ./scripts/upstream fetch tells.",
        )
    return Span(after, until)


def parse_range(text: str) -> tuple[str, str]:
    """`A..B`, `A..`, `..B` or `A`, as git writes them: (start, end), either may be empty."""
    start, _, end = text.partition("..")
    return start, end


def _find_start(repository: Repository, source: Source, root: Path, until: str, since: date | None) -> str:
    if since is not None:
        line = repository.first_parent(None, until)
        before = [commit.id for commit in line if commit.committed.date() < since]
        return before[-1] if before else line[0].id
    pin = read_lock(root / LOCK).pin(source.id) if (root / LOCK).exists() else None
    if pin is None:
        raise NoSpanError(
            f"{source.id} is not in {LOCK}: nothing says from where",
            "Give a beginning: --since DATE, or a range A..B.",
        )
    return pin.reviewed_through
