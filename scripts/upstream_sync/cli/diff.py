"""`upstream diff`."""

from datetime import datetime

import click

from scripts.upstream_sync.context import Context, pass_context
from scripts.upstream_sync.report.changes import read_difference, render, to_json
from scripts.upstream_sync.span import choose_span, parse_range


@click.command("diff")
@click.argument("source_id", metavar="ID")
@click.argument("span", metavar="[A..B]", default="")
@click.option("--surface", "surfaces", multiple=True, help="Only this surface; may be repeated.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="From that day, instead of the lock's commit.",
)
@pass_context
def command(
    context: Context, source_id: str, span: str, *, surfaces: tuple[str, ...], since: datetime | None
) -> None:
    """Show which facts of a source differ between two commits, and which pull requests made them.

    From what was reviewed last to the newest commit by default; A.. and ..B leave an end open, as in git. A pull request
    and its revert are folded to one line; a new pin of the shared library is followed by what it brings.
    """
    source = context.source(source_id)
    start, end = parse_range(span)
    day = since.date() if since else None
    with context.repository(source) as repository:
        chosen = choose_span(repository, source, context.root, start=start, end=end, since=day)
    found = read_difference(context, source, chosen, surfaces)
    context.show(to_json(found), render(found, every_text="strings" in surfaces))
