"""`notifications providers …`"""

from typing import TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option
from api.contract import Channel

if TYPE_CHECKING:
    from api.core.delivery.models import ProviderDetails

_CHANNEL = click.Choice([Channel.SMS.value, Channel.EMAIL.value])
_COLUMNS = ("channel", "provider", "name", "weight", "weight_now", "active", "updated_at", "reason")


@click.group(cls=Area)
def providers() -> None:
    """Who carries the messages, and how much of them."""


@providers.command("list", example="providers list")
@json_option
@click.pass_obj
def list_(operator: Operator) -> None:
    """List the providers of each channel. `weight now` is lower while one does badly."""
    from api.core.delivery.operators import list_providers

    with operator.session() as session:
        records = [_record(provider) for provider in list_providers(session)]
    operator.show_all(records, _COLUMNS)


@providers.command("change", example="providers change sandbox sms --weight 40 --reason 'Maintenance'")
@click.argument("provider")
@click.argument("channel", type=_CHANNEL)
@click.option("--weight", type=int, metavar="0…100", help="Its share of the channel's messages.")
@click.option("--active/--inactive", default=None, help="Inactive ones carry nothing.")
@click.option("--reason", required=True, help="For colleagues who read the history.")
@json_option
@click.pass_obj
def change(
    operator: Operator, provider: str, channel: str, weight: int | None, *, active: bool | None, reason: str
) -> None:
    """Change the share of PROVIDER in CHANNEL, or stop it."""
    from api.core.delivery.operators import change_provider

    with operator.session() as session:
        found = change_provider(
            session, provider, Channel(channel), reason, operator.actor(session), weight=weight, active=active
        )
    operator.show(_record(found))


@providers.command("history", example="providers history sandbox sms")
@click.argument("provider")
@click.argument("channel", type=_CHANNEL)
@json_option
@click.pass_obj
def history(operator: Operator, provider: str, channel: str) -> None:
    """List the changes of PROVIDER in CHANNEL, automatic ones included, newest first."""
    from api.core.delivery.operators import get_provider, list_provider_changes

    with operator.session() as session:
        changes = list_provider_changes(session, get_provider(session, provider, Channel(channel)))
    records = [
        {
            "version": entry.version,
            "weight": entry.priority,
            "active": entry.active,
            "updated_at": entry.updated_at,
            "updated_by_id": entry.updated_by_id,
            "reason": entry.reason,
        }
        for entry in changes
    ]
    operator.show_all(records, ("version", "weight", "active", "updated_at", "reason"))


def _record(provider: "ProviderDetails") -> dict[str, Any]:
    return {
        "id": provider.id,
        "channel": provider.notification_type,
        "provider": provider.identifier,
        "name": provider.display_name,
        "weight": provider.resting_priority,
        "weight_now": provider.priority,
        "active": provider.active,
        "updated_at": provider.updated_at,
        "reason": provider.reason,
    }
