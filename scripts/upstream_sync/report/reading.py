"""Gathers what a report tells of each source, from what is on this machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from scripts.upstream_sync.classify import Bump, Classified
from scripts.upstream_sync.context import Context
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.git import Repository, UnknownRevisionError
from scripts.upstream_sync.history import read_history
from scripts.upstream_sync.ledger import LEDGER, latest, read_ledger
from scripts.upstream_sync.pending import FOLDER, read_pending
from scripts.upstream_sync.pulls import bumped_range
from scripts.upstream_sync.register import read_register
from scripts.upstream_sync.report.rows import Brought, Missing, Part, Project, Report, make_rows
from scripts.upstream_sync.span import choose_span
from scripts.upstream_sync.watch import Kind, Source


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the report begins and ends; empty for the lock's last review and the newest commit."""

    start: str = ""
    end: str = ""
    since: date | None = None


def read_project(context: Context) -> Project:
    """Raises `UpstreamError` where a file of ours cannot be read."""
    return Project(
        read_register(context.patches_dir, context.upstream_dir),
        read_pending(context.upstream_dir / FOLDER),
        latest(read_ledger(context.upstream_dir / LEDGER)),
    )


def read_report(
    context: Context, sources: Sequence[Source], asked: Asked, today: date, *, leave_out: bool = False
) -> Report:
    """`leave_out`: a source that cannot be told of is named in the report, with the reason; else raises `UpstreamError`:
    for one that is not on this machine, or without a beginning.
    """
    project = read_project(context)
    parts: list[Part] = []
    missing: list[Missing] = []
    for source in sources:
        try:
            parts.append(_read_part(context, source, asked, project, today))
        except UpstreamError as error:
            if not leave_out:
                raise
            missing.append(Missing(source.id, str(error), error.cure))
    return Report(today, parts, missing)


def _read_part(context: Context, source: Source, asked: Asked, project: Project, today: date) -> Part:
    with context.repository(source) as repository:
        span = choose_span(
            repository, source, context.root, start=asked.start, end=asked.end, since=asked.since
        )
        history = read_history(
            repository, source, context.cache_dir, span.after, span.until,
            lambda done, total: context.progress(done, total, f"pull requests of {source.id}"),
        )  # fmt: skip
        first, last = (repository.read_commit(commit).committed.date() for commit in (span.after, span.until))
    rows = make_rows(source, history, project, today, read_brought(context, source, history))
    return Part(source, span.after, span.until, asked.since or first, last, rows)


def read_brought(
    context: Context, source: Source, history: Sequence[Classified]
) -> Mapping[str, Sequence[Brought]]:
    """Merge → the library's pull requests between the old pin and the new one. Empty where the library is not here, or
    no longer has such a version.
    """
    bumps = {
        each.pull.merge: each.evidence.bump
        for each in history
        if each.evidence.bump is not None and not each.pull.is_folded
    }
    library = next((each for each in context.watch.with_role(source.role) if each.kind is Kind.UTILS), None)
    if not bumps or library is None or source.kind not in (Kind.API, Kind.ADMIN):
        return {}
    try:
        with context.repository(library) as repository:
            return {merge: _read_bump(context, repository, library, bump) for merge, bump in bumps.items()}
    except UpstreamError:
        return {}


def _read_bump(context: Context, repository: Repository, library: Source, bump: Bump) -> list[Brought]:
    try:
        older, newer = bumped_range(repository, bump.before, bump.after)
    except UnknownRevisionError:
        return []
    history = read_history(repository, library, context.cache_dir, older, newer)
    return [
        Brought(each.pull.name, each.pull.url, each.pull.title, each.class_, each.attention)
        for each in history
    ]
