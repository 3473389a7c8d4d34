"""`notifications organisations …`"""

from typing import TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from api.core.organisations.membership import PublicBody
    from api.core.organisations.models import Organisation


@click.group(cls=Area)
def organisations() -> None:
    """Public bodies that services belong to."""


@organisations.command("create", example="organisations create 'Ville de Belrive' --domain belrive.example")
@click.argument("name", required=False)
@click.option("--type", "organisation_type", metavar="TYPE", help="One of `organisations types`.")
@click.option(
    "--from-register", "identifier", metavar="IDENTIFIER", help="Take name and kind from the public register."
)
@click.option("--domain", "domains", multiple=True, help="New services of its people belong to it.")
@json_option
@click.pass_obj
def create(
    operator: Operator,
    name: str | None,
    organisation_type: str | None,
    identifier: str | None,
    domains: tuple[str, ...],
) -> None:
    """Create the organisation NAME, or that of the public register."""
    from api.core.command_errors import InvalidValueError
    from api.core.organisations.commands import create_organisation

    if name is None and identifier is None:
        raise click.UsageError("Give a NAME, or --from-register.")
    body = _find_body(operator, identifier) if identifier else None
    if body is not None and not body.is_public:
        raise InvalidValueError(f"{body.name} does not count as a public body", field="identifier")
    with operator.session() as session:
        organisation = create_organisation(
            session,
            name or (body.name if body else ""),
            operator.actor(session),
            rules=operator.runtime.slots.public_sector,
            organisation_type=organisation_type or (body.organisation_type if body else None),
            domains=domains,
        )
        record = _record(session, organisation)
    operator.show(record)


@organisations.command("find", example="organisations find 21000000600002")
@click.argument("identifier")
@json_option
@click.pass_obj
def find(operator: Operator, identifier: str) -> None:
    """Ask the public register about IDENTIFIER (in France: SIREN or SIRET)."""
    body = _find_body(operator, identifier)
    operator.show(
        {
            "identifier": body.identifier,
            "name": body.name,
            "public": body.is_public,
            "active": body.is_active,
            "type": body.organisation_type,
        }
    )


@organisations.command("types", example="organisations types")
@json_option
@click.pass_obj
def types(operator: Operator) -> None:
    """List the kinds of organisations of this deployment."""
    kinds = operator.runtime.slots.public_sector.organisation_types
    operator.show_all([{"type": key, "name": name} for key, name in kinds.items()], ("type", "name"))


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


def _find_body(operator: Operator, identifier: str) -> "PublicBody":
    from api.core.command_errors import UnknownSubjectError

    body = operator.runtime.slots.public_sector.find_body(identifier)
    if body is None:
        raise UnknownSubjectError(f"The register knows no body {identifier}", field="identifier")
    return body


def _record(session: "Session", organisation: "Organisation") -> dict[str, Any]:
    from api.core.organisations.queries import domains_of

    return {
        "id": organisation.id,
        "name": organisation.name,
        "type": organisation.organisation_type,
        "domains": list(domains_of(session, organisation.id)),
    }
