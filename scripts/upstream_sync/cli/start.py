"""`upstream start`."""

import click

from scripts.upstream_sync.context import Context, pass_context
from scripts.upstream_sync.sync import start
from scripts.upstream_sync.sync_view import outlook_data, outlook_text, place_of
from scripts.upstream_sync.target import read_target
from scripts.upstream_sync.work_tree import find_person


@click.command("start")
@click.argument("source_id", metavar="[ID]", default="uk-api")
@click.option(
    "--to",
    "revision",
    metavar="REVISION",
    help="Where the pin goes; by default the newest commit that has settled.",
)
@click.option("--by", metavar="NAME", help="Who does it; by default user.name of git.")
@pass_context
def command(context: Context, source_id: str, revision: str | None, by: str | None) -> None:
    """Open a sync of a source (uk-api by default), and list what is to be settled before its pin can move.

    Files stay as they are until `continue`. Refused while another sync is open or files of the project are changed.
    Move uk-utils first, then uk-api, then uk-admin.
    """
    place = place_of(context)
    person = by or find_person(context.root)
    target = read_target(context, context.source(source_id), revision, place.today)
    outlook = start(place, target, person)
    if outlook is None:
        commit = target.pin.commit
        data = {"source": source_id, "from": commit, "to": commit, "pull-requests": 0}
        context.show(
            data, f"{source_id} is at {commit[:12]} and everything up to it is judged: nothing to do."
        )
    else:
        context.show(outlook_data(outlook), outlook_text(outlook))
