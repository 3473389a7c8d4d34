"""`notifications senders …`"""

from typing import TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option

if TYPE_CHECKING:
    from api.core.services.senders import Sender


@click.group(cls=Area)
def senders() -> None:
    """Reply-to addresses and SMS senders of a service."""


@senders.command("add", example="senders add 'Mairie de Belrive' reply-to contact@exemple.fr --default")
@click.argument("service")
@click.argument("kind", type=click.Choice(["reply-to", "sms"]))
@click.argument("value")
@click.option("--default", "make_default", is_flag=True, help="Used when a request names no sender.")
@json_option
@click.pass_obj
def add(operator: Operator, service: str, kind: str, value: str, *, make_default: bool) -> None:
    """Add VALUE to the senders of SERVICE (id or name); the first of a kind is the default."""
    from api.core.services.queries import get_service_to_change
    from api.core.services.senders import SenderKind, add_sender

    with operator.session() as session:
        owner = get_service_to_change(session, service)
        sender = add_sender(
            session,
            operator.runtime.slots.sender_rules,
            owner,
            SenderKind(kind),
            value,
            operator.actor(session),
            make_default=make_default,
        )
    operator.show(_record(sender))


@senders.command("default", example="senders default 'Mairie de Belrive' contact@exemple.fr")
@click.argument("service")
@click.argument("sender")
@json_option
@click.pass_obj
def default(operator: Operator, service: str, sender: str) -> None:
    """Make SENDER (id or value) the default of its kind in SERVICE."""
    from api.core.services.queries import get_service_to_change
    from api.core.services.senders import get_sender, set_default_sender

    with operator.session() as session:
        found = get_sender(session, get_service_to_change(session, service).id, sender)
        set_default_sender(session, found, operator.actor(session))
    operator.show(_record(found))


@senders.command("archive", example="senders archive 'Mairie de Belrive' contact@exemple.fr")
@click.argument("service")
@click.argument("sender")
@json_option
@click.pass_obj
def archive(operator: Operator, service: str, sender: str) -> None:
    """Let nothing more be sent with SENDER (id or value) of SERVICE; the default one stays."""
    from api.core.services.queries import get_service_to_change
    from api.core.services.senders import archive_sender, get_sender

    with operator.session() as session:
        found = get_sender(session, get_service_to_change(session, service).id, sender)
        archive_sender(session, found, operator.actor(session))
    operator.show(_record(found))


@senders.command("list", example="senders list 'Mairie de Belrive'")
@click.argument("service")
@json_option
@click.pass_obj
def list_(operator: Operator, service: str) -> None:
    """List the senders of SERVICE (id or name), defaults first."""
    from api.core.services.queries import get_service
    from api.core.services.senders import SenderKind, list_senders

    with operator.session() as session:
        service_id = get_service(session, service).id
        records = [
            _record(sender) for kind in SenderKind for sender in list_senders(session, service_id, kind)
        ]
    operator.show_all(records, ("id", "kind", "value", "default"))


def _record(sender: "Sender") -> dict[str, Any]:
    from api.core.services.models import ReplyToAddress
    from api.core.services.senders import value_of

    return {
        "id": sender.id,
        "kind": "reply-to" if isinstance(sender, ReplyToAddress) else "sms",
        "value": value_of(sender),
        "default": sender.is_default,
        "archived": sender.archived,
    }
