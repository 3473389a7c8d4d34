"""`notifications suppressions …`"""

import uuid
from typing import TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, confirm, confirm_option, json_option
from api.contract import Channel

if TYPE_CHECKING:
    from api.config import Settings
    from api.core.suppressions.models import Suppression

_CHANNEL = click.Choice([Channel.EMAIL.value, Channel.SMS.value])
_REASON = click.Choice(["hard-bounce", "complaint", "opt-out", "operator"])
_COLUMNS = ("created_at", "channel", "recipient", "reason", "provider", "detail", "expires_at")


@click.group(cls=Area)
def suppressions() -> None:
    """Recipients that get nothing more."""


@suppressions.command("list", example="suppressions list --service 'Mairie de Belrive' --reason hard-bounce")
@click.option("--service", help="Only those learnt from messages of this service (id or name).")
@click.option("--channel", type=_CHANNEL)
@click.option("--reason", type=_REASON)
@click.option(
    "--older-than", type=click.UUID, metavar="ID", help="Go on after the last id of the page before."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@click.pass_obj
def list_(
    operator: Operator,
    service: str | None,
    channel: str | None,
    reason: str | None,
    older_than: uuid.UUID | None,
    limit: int,
) -> None:
    """List addresses and numbers that are suppressed, newest first."""
    from api.core.services.queries import get_service
    from api.core.suppressions.queries import list_suppressions
    from api.core.suppressions.rules import SuppressionReason

    with operator.session() as session:
        found = list_suppressions(
            session,
            channel=Channel(channel) if channel else None,
            reason=SuppressionReason(reason) if reason else None,
            service_id=get_service(session, service).id if service else None,
            older_than=older_than,
            limit=limit,
        )
    operator.show_all([_record(operator.runtime.settings, row) for row in found], _COLUMNS)


@suppressions.command("show", example="suppressions show lea@exemple.fr")
@click.argument("recipient", metavar="ADDRESS")
@json_option
@click.pass_obj
def show(operator: Operator, recipient: str) -> None:
    """Show why nothing is sent to this e-mail ADDRESS or phone number."""
    from api.core.suppressions.queries import get_suppression

    with operator.session() as session:
        row = get_suppression(session, _normalise(operator, recipient))
    operator.show(_record(operator.runtime.settings, row))


@suppressions.command("add", example="suppressions add lea@exemple.fr")
@click.argument("recipient", metavar="ADDRESS")
@json_option
@click.pass_obj
def add(operator: Operator, recipient: str) -> None:
    """Send nothing more to this e-mail ADDRESS or phone number, whichever service asks.

    The API goes on to take messages for it: they end as `permanent-failure`.
    """
    from api.core.suppressions.commands import add_suppression

    with operator.session() as session:
        row = add_suppression(session, _normalise(operator, recipient), operator.actor(session))
    operator.show(_record(operator.runtime.settings, row))


@suppressions.command("remove", example="suppressions remove lea@exemple.fr --yes")
@click.argument("recipient", metavar="ADDRESS")
@confirm_option
@json_option
@click.pass_obj
def remove(operator: Operator, recipient: str, *, yes: bool) -> None:
    """Send to this e-mail ADDRESS or phone number again. Somebody who complained or answered STOP must have agreed."""
    from api.core.suppressions.commands import remove_suppression

    normalised = _normalise(operator, recipient)
    confirm("Send messages to this recipient again?", yes=yes)
    with operator.session() as session:
        row = remove_suppression(session, normalised, operator.actor(session))
    operator.show(_record(operator.runtime.settings, row))


def _normalise(operator: Operator, recipient: str) -> str:
    from api.core.notifications.purge import normalise_recipient

    return normalise_recipient(operator.runtime.slots.phone_rules, recipient)


def _record(settings: "Settings", row: "Suppression") -> dict[str, Any]:
    from api.core.suppressions.rules import expiry

    return {
        "id": row.id,
        "channel": row.channel,
        "recipient": row.recipient,
        "reason": row.reason,
        "provider": row.provider,
        "notification_id": row.notification_id,
        "detail": row.detail,
        "created_at": row.created_at,
        "expires_at": expiry(settings, row.reason, row.created_at),
    }
