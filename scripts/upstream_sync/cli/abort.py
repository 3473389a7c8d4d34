"""`upstream abort`."""

import click

from scripts.upstream_sync.context import Context, pass_context
from scripts.upstream_sync.sync import abort
from scripts.upstream_sync.sync_view import place_of


@click.command("abort")
@pass_context
def command(context: Context) -> None:
    """Give the open sync up: lock, facts, ledger, pending entries and declarations are as before it, byte for byte.

    What you changed in them meanwhile is kept in `.sync/ABORTED` until the next start. Other files are left alone.
    """
    edited = abort(place_of(context))
    lines = ["The sync is given up; everything is as before it."]
    if edited:
        lines += ["Your changes lie in .sync/ABORTED:", *(f"  {path}" for path in edited)]
    context.show({"restored": edited}, "\n".join(lines))
