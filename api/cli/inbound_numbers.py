"""`notifications inbound-numbers …`"""

from typing import TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option

if TYPE_CHECKING:
    from api.core.inbound.models import InboundNumber


@click.group(cls=Area)
def inbound_numbers() -> None:
    """Numbers that receive text messages."""


@inbound_numbers.command("add", example="inbound-numbers add +33612345678 --provider sandbox")
@click.argument("number")
@click.option("--provider", required=True, help="Who hands its messages over.")
@json_option
@click.pass_obj
def add(operator: Operator, number: str, provider: str) -> None:
    """Add NUMBER (with its country, or a short code) to the pool."""
    from api.core.inbound.numbers import add_inbound_number

    with operator.session() as session:
        phone_rules = operator.runtime.slots.phone_rules
        added = add_inbound_number(session, phone_rules, number, provider, operator.actor(session))
    operator.show(_record(added, None))


@inbound_numbers.command("assign", example="inbound-numbers assign +33612345678 'Mairie de Belrive'")
@click.argument("number")
@click.argument("service")
@click.option("--default", "make_default", is_flag=True, help="Its text messages come from the number, too.")
@json_option
@click.pass_obj
def assign(operator: Operator, number: str, service: str, *, make_default: bool) -> None:
    """Hand what comes to NUMBER to SERVICE (id or name)."""
    from api.core.inbound.numbers import assign_inbound_number, get_inbound_number
    from api.core.services.queries import get_service_to_change

    with operator.session() as session:
        found = get_inbound_number(session, operator.runtime.slots.phone_rules, number)
        owner = get_service_to_change(session, service)
        assign_inbound_number(session, found, owner, operator.actor(session), make_default=make_default)
    operator.show(_record(found, owner.name))


@inbound_numbers.command("release", example="inbound-numbers release +33612345678")
@click.argument("number")
@json_option
@click.pass_obj
def release(operator: Operator, number: str) -> None:
    """Take NUMBER back from its service; the messages that it received stay."""
    from api.core.inbound.numbers import get_inbound_number, release_inbound_number

    with operator.session() as session:
        found = get_inbound_number(session, operator.runtime.slots.phone_rules, number)
        release_inbound_number(session, found, operator.actor(session))
    operator.show(_record(found, None))


@inbound_numbers.command("list", example="inbound-numbers list")
@json_option
@click.pass_obj
def list_(operator: Operator) -> None:
    """List the numbers and the services that have them."""
    from api.core.inbound.numbers import list_inbound_numbers

    with operator.session() as session:
        records = [_record(number, service_name) for number, service_name in list_inbound_numbers(session)]
    operator.show_all(records, ("number", "provider", "service"))


def _record(number: "InboundNumber", service_name: str | None) -> dict[str, Any]:
    return {
        "id": number.id,
        "number": number.number,
        "provider": number.provider,
        "service_id": number.service_id,
        "service": service_name,
    }
