"""`notifications guest-list …`"""

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option


@click.group(cls=Area)
def guest_list() -> None:
    """Recipients outside the team, for trial mode and team keys."""


@guest_list.command(
    "replace", example="guest-list replace 'Mairie de Belrive' voisin@exemple.fr +33612345678"
)
@click.argument("service")
@click.argument("recipients", nargs=-1)
@click.option("--empty", is_flag=True, help="Leave nobody on the list.")
@json_option
@click.pass_obj
def replace(operator: Operator, service: str, recipients: tuple[str, ...], *, empty: bool) -> None:
    """Put RECIPIENTS on the list of SERVICE (id or name), and nobody else: five of each kind at most."""
    from api.core.services.guest_list import replace_guest_list
    from api.core.services.queries import get_service_to_change

    if empty == bool(recipients):
        raise click.UsageError("Give the recipients, or --empty.")
    with operator.session() as session:
        owner = get_service_to_change(session, service)
        phone_rules = operator.runtime.slots.phone_rules
        replace_guest_list(session, phone_rules, owner, recipients, operator.actor(session))
    _show(operator, service)


@guest_list.command("list", example="guest-list list 'Mairie de Belrive'")
@click.argument("service")
@json_option
@click.pass_obj
def list_(operator: Operator, service: str) -> None:
    """List the guests of SERVICE (id or name)."""
    _show(operator, service)


def _show(operator: Operator, service: str) -> None:
    from api.core.services.queries import get_service, list_guests

    with operator.session() as session:
        guests = list_guests(session, get_service(session, service).id)
    operator.show_all(
        [{"kind": guest.recipient_type, "recipient": guest.recipient} for guest in guests],
        ("kind", "recipient"),
    )
