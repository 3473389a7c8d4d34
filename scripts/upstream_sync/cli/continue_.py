"""`upstream continue`."""

import click

from scripts.upstream_sync.context import Context, pass_context
from scripts.upstream_sync.sync import Ended, NotReadyError, finish
from scripts.upstream_sync.sync_view import obstacle_lines, obstacles_data, outlook_data, place_of


@click.command("continue")
@pass_context
def command(context: Context) -> None:
    """Check everything again and, when nothing is in the way, write the new lock, facts, ledger and pending entries.

    All of them or none, even when the machine stops in the middle: the next command brings it to its end. Exit status 1
    when something is in the way; nothing is written then.
    """
    try:
        ended = finish(place_of(context))
    except NotReadyError as error:
        if context.as_json:
            context.show({"obstacles": obstacles_data(error.obstacles)}, "")
        else:
            click.echo("\n".join(obstacle_lines(error.obstacles)))
        raise
    data = outlook_data(ended.outlook) if ended.outlook else {}
    context.show({**data, "resumed": ended.resumed, "changed": list(ended.changed)}, _to_text(ended))


def _to_text(ended: Ended) -> str:
    if ended.outlook is None:
        return "It had been stopped in the middle of its end, and has come to it now. Look at the change and commit it."
    pin = ended.outlook.state.to
    lines = [
        f"{pin.id} is pinned at {pin.commit[:12]} ({pin.committed}).",
        *(f"  {path}" for path in ended.changed),
    ]
    judgements = ended.outlook.candidate.judgements
    by_people = sum(not judgement.auto for judgement in judgements)
    lines.append(
        f"In the ledger: {by_people} verdicts of people, {len(judgements) - by_people} of the machine."
    )
    has_moved = pin.commit != ended.outlook.state.from_
    subject = f"Move {pin.id} to {pin.commit[:12]}" if has_moved else f"Judge pull requests of {pin.id}"
    lines.append(f"Commit it, alone: `upstream: {subject}.`")
    return "\n".join(lines)
