"""`upstream report`."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from scripts.upstream_sync.context import Context, pass_context
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.report import calibration, html, markdown, terminal
from scripts.upstream_sync.report.reading import Asked, read_report
from scripts.upstream_sync.report.rows import Report, to_json
from scripts.upstream_sync.span import parse_range


class InsideRepositoryError(UpstreamError):
    """A report holds upstream's own words, which have no place among our files."""


@click.command("report")
@click.argument("source_ids", metavar="[ID]...", nargs=-1)
@click.option("--range", "span", metavar="A..B", default="", help="From and to which commits, of one source.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
    help="From that day, instead of what was reviewed last.",
)  # fmt: skip
@click.option(
    "--html",
    "html_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page that can be filtered.",
)
@click.option(
    "--markdown",
    "markdown_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the text of an issue.",
)
@click.option(
    "--calibrate", is_flag=True, help="Print the figures by which the classes are judged, as Markdown."
)
@click.option(
    "--sample",
    type=click.IntRange(min=0),
    default=0,
    help="With --calibrate: also draw so many to judge by hand.",
)
@pass_context
def command(
    context: Context,
    source_ids: tuple[str, ...],
    *,
    span: str,
    since: datetime | None,
    html_file: Path | None,
    markdown_file: Path | None,
    calibrate: bool,
    sample: int,
) -> None:
    """Tell what changed upstream since the last review: one row a pull request, what it is to us and why.

    All sources by default, without those that are not on this machine or have no pin yet. Titles are upstream's: the
    files must lie outside this repository.
    """
    for path in (html_file, markdown_file):
        _require_outside(context, path)
    sources = context.choose(source_ids)
    if span and len(sources) != 1:
        raise click.UsageError("--range names commits of one source: name the source as well")
    start, end = parse_range(span)
    asked = Asked(start, end, since.date() if since else None)
    if calibrate:
        figures = calibration.measure(context, sources, asked, _today(), sample)
        context.show(calibration.to_json(figures), calibration.render(figures))
        return
    report = read_report(context, sources, asked, _today(), leave_out=not source_ids)
    for path, render in ((html_file, html.render), (markdown_file, markdown.render)):
        if path is not None:
            _write(path, render(report))
    context.show(_data(context, report), _text(report, html_file, markdown_file))


def _data(context: Context, report: Report) -> dict[str, Any]:
    return to_json(report) if context.as_json else {}


def _text(report: Report, *written: Path | None) -> str:
    paths = [path for path in written if path is not None]
    return "\n".join(f"written: {path}" for path in paths) if paths else terminal.render(report)


def _require_outside(context: Context, path: Path | None) -> None:
    if path is not None and path.resolve().is_relative_to(context.root.resolve()):
        raise InsideRepositoryError(
            f"{path} lies in this repository, and a report holds upstream's own titles",
            "Write it somewhere else, for instance to /tmp.",
        )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UpstreamError(f"{path} cannot be written: {error.strerror}", "Choose another place.") from error


def _today() -> date:
    return datetime.now(UTC).date()
