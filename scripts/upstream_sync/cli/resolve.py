"""`upstream resolve`."""

from datetime import datetime

import click

from scripts.upstream_sync.context import Context, pass_context
from scripts.upstream_sync.ledger import Verdict
from scripts.upstream_sync.state import Decision
from scripts.upstream_sync.sync import resolve
from scripts.upstream_sync.sync_view import place_of
from scripts.upstream_sync.work_tree import find_person


@click.command("resolve")
@click.argument("item")
@click.argument("verdict", type=click.Choice([str(verdict) for verdict in Verdict]))
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="For deferred: the day by which it is settled."
)
@click.option(
    "--other", type=int, metavar="NUMBER", help="For superseded and reverted: by which pull request."
)
@click.option("--by", metavar="NAME", help="Who says so; by default user.name of git.")
@click.option("--note", default="", help="Why, in your own words.")
@pass_context
def command(
    context: Context,
    item: str,
    verdict: str,
    until: datetime | None,
    other: int | None,
    by: str | None,
    note: str,
) -> None:
    """Say what an upstream pull request is to us. It goes to the ledger when the sync ends.

    ITEM: 12 for pull request #12, the first digits of a commit, a class of which nobody has to read each (content,
    providers, …), or the key of a fact, which can only be deferred.

    irrelevant: does not concern us. adopt: ours is the same now. adapt: ours does it another way. declined: we do not
    want it. deferred: later, at the latest --until. superseded, reverted: by --other.
    """
    place = place_of(context)
    decision = Decision(
        verdict=Verdict(verdict),
        by=by or find_person(context.root),
        on=place.today,
        until=until.date() if until else None,
        other=other,
        note=note,
    )
    names = resolve(place, item, decision)
    context.show({"verdict": verdict, "items": names}, f"{verdict}: {', '.join(names)}")
