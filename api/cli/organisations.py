"""`notifications organisations …`"""

from typing import TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from api.core.organisations.models import Organisation


@click.group(cls=Area)
def organisations() -> None:
    """Public bodies that services belong to."""


@organisations.command("create", example="organisations create 'Ville de Belrive' --domain belrive.example")
@click.argument("name")
@click.option("--type", "organisation_type", metavar="TYPE", help="As the deployment names its kinds.")
@click.option("--domain", "domains", multiple=True, help="New services of its people belong to it.")
@json_option
@click.pass_obj
def create(operator: Operator, name: str, organisation_type: str | None, domains: tuple[str, ...]) -> None:
    """Create the organisation NAME."""
    from api.core.organisations.commands import create_organisation

    with operator.session() as session:
        organisation = create_organisation(
            session, name, operator.actor(session), organisation_type=organisation_type, domains=domains
        )
        record = _record(session, organisation)
    operator.show(record)


@organisations.command("domains", example="organisations domains 'Ville de Belrive' belrive.example")
@click.argument("organisation")
@click.argument("domains", nargs=-1, required=True)
@json_option
@click.pass_obj
def domains_(operator: Operator, organisation: str, domains: tuple[str, ...]) -> None:
    """Replace the e-mail DOMAINS of ORGANISATION (id or name)."""
    from api.core.organisations.commands import set_domains
    from api.core.organisations.queries import get_organisation

    with operator.session() as session:
        found = get_organisation(session, organisation)
        set_domains(session, found, domains, operator.actor(session))
        record = _record(session, found)
    operator.show(record)


@organisations.command("list", example="organisations list")
@json_option
@click.pass_obj
def list_(operator: Operator) -> None:
    """List organisations by name."""
    from api.core.organisations.queries import list_organisations

    with operator.session() as session:
        records = [_record(session, organisation) for organisation in list_organisations(session)]
    operator.show_all(records, ("id", "name", "type", "domains"))


def _record(session: "Session", organisation: "Organisation") -> dict[str, Any]:
    from api.core.organisations.queries import domains_of

    return {
        "id": organisation.id,
        "name": organisation.name,
        "type": organisation.organisation_type,
        "domains": list(domains_of(session, organisation.id)),
    }
