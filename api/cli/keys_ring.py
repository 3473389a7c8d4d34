"""`notifications keys-ring …`"""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option

if TYPE_CHECKING:
    from api.core.rotation import Progress


@click.group(cls=Area)
def keys_ring() -> None:
    """Keys that seal data at rest (SECRET_KEYS, the newest first)."""


@keys_ring.command("status", example="keys-ring status")
@json_option
@click.pass_obj
def status(operator: Operator) -> None:
    """Count what the newest key seals and what older ones do; status 1 when older ones are still in use."""
    from api.core.rotation import key_usage

    usages = key_usage(operator.runtime)
    operator.show_all([asdict(usage) for usage in usages], ("name", "current", "older"))
    if any(usage.older for usage in usages):
        raise click.exceptions.Exit(1)


@keys_ring.command("rotate", example="keys-ring rotate")
@json_option
@click.pass_obj
def rotate_(operator: Operator) -> None:
    """Seal everything with the newest key. May be stopped at any time and run again.

    Links to unsubscribe live in the e-mails themselves: keep an older key in SECRET_KEYS for a year after its
    rotation, or they stop working. Status 1 when something could not be opened, or came to be sealed meanwhile.
    """
    from api.core.rotation import key_usage, rotate

    on_terminal = sys.stderr.isatty()

    def tell(progress: "Progress") -> None:
        if on_terminal:
            click.echo(f"\r\033[K{progress.name}: {progress.resealed} sealed again", nl=False, err=True)

    results = rotate(operator.runtime, tell)
    if on_terminal:
        click.echo(err=True)
    older = {usage.name: usage.older for usage in key_usage(operator.runtime)}
    records = [asdict(result) | {"still_older": older.get(result.name, 0)} for result in results]
    operator.show_all(records, ("name", "resealed", "unreadable", "still_older"))
    if any(record["unreadable"] or record["still_older"] for record in records):
        raise click.exceptions.Exit(1)
