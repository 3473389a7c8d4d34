"""The report on a terminal: numbers for each source, then what needs someone."""

from collections.abc import Iterator

import click

from scripts.upstream_sync.classify import Attention
from scripts.upstream_sync.report.markdown import HEADINGS
from scripts.upstream_sync.report.rows import Part, Report, Row

_COLOURS = {
    Attention.DECIDE: "red",
    Attention.READ: "yellow",
    Attention.ROUTE: "cyan",
    Attention.IGNORE: "white",
}


def render(report: Report) -> str:
    lines = [line for part in report.parts for line in _part(part)]
    lines += [f"{each.source_id} is left out: {each.problem}. {each.cure}" for each in report.missing]
    return "\n".join(lines)


def _part(part: Part) -> Iterator[str]:
    yield click.style(f"{part.source.id} ({part.source.role})", bold=True)
    if not part.rows:
        yield f"  nothing new since {part.after[:12]}\n"
        return
    yield f"  {len(part.rows)} pull requests, {part.first_day} to {part.last_day}"
    for attention in Attention:
        rows = part.of(attention)
        yield f"  {click.style(f'{len(rows):4}', fg=_COLOURS[attention])}  {HEADINGS[attention]}"
    for row in [*part.of(Attention.DECIDE), *part.of(Attention.READ)]:
        yield from _row(row)
    yield ""


def _row(row: Row) -> Iterator[str]:
    pull = row.classified.pull
    badge = click.style(f"{row.class_:<18}", fg=_COLOURS[row.attention])
    lane = click.style(" security", fg="magenta", bold=True) if row.classified.security else ""
    yield f"  {pull.merged}  {pull.name:>9}  {badge}{lane} {click.unstyle(pull.title)}"
    yield f"              {'; '.join(filter(None, [*row.why, *row.classified.security, row.brings]))}"
    for fact in row.facts:
        yield f"              {fact.how} {fact.key}"
    if row.more_facts > 0:
        yield f"              and {row.more_facts} more facts"
    for ours in row.ours:
        yield f"              ours: {ours.name} ({ours.because})"
    yield f"              {pull.url}"
