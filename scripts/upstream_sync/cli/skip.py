"""`upstream skip`."""

from datetime import datetime

import click

from scripts.upstream_sync.context import Context, pass_context
from scripts.upstream_sync.ledger import Verdict
from scripts.upstream_sync.state import Decision
from scripts.upstream_sync.sync import resolve
from scripts.upstream_sync.sync_view import place_of
from scripts.upstream_sync.work_tree import find_person


@click.command("skip")
@click.argument("item")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="The day by which it is settled (YYYY-MM-DD).",
)
@click.option("--by", metavar="NAME", help="Who says so; by default user.name of git.")
@click.option("--note", default="", help="Why, in your own words.")
@pass_context
def command(context: Context, item: str, until: datetime, by: str | None, note: str) -> None:
    """Put an item off: `resolve ITEM deferred`, with the day that this needs."""
    place = place_of(context)
    person = by or find_person(context.root)
    decision = Decision(verdict=Verdict.DEFERRED, by=person, on=place.today, until=until.date(), note=note)
    names = resolve(place, item, decision)
    context.show(
        {"verdict": str(decision.verdict), "until": str(decision.until), "items": names},
        f"until {decision.until}: {', '.join(names)}",
    )
