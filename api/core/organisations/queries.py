"""Finding organisations."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.core.organisations.errors import OrganisationNotFoundError
from api.core.organisations.models import Organisation, OrganisationDomain
from api.core.organisations.rules import parent_domains


def find_organisation_of(session: Session, email_address: str) -> Organisation | None:
    """The organisation of a person: the longest domain that ends the address wins (contract: organisations)."""
    return session.scalar(
        select(Organisation)
        .join(OrganisationDomain)
        .where(OrganisationDomain.domain.in_(parent_domains(email_address)), Organisation.active)
        .order_by(func.length(OrganisationDomain.domain).desc())
        .limit(1)
    )


def find_organisation_by_name(session: Session, name: str) -> Organisation | None:
    return session.scalar(select(Organisation).where(func.lower(Organisation.name) == name.lower()))


def get_organisation(session: Session, reference: str) -> Organisation:
    """By id or name. Raises `OrganisationNotFoundError`."""
    try:
        organisation = session.get(Organisation, uuid.UUID(reference))
    except ValueError:
        organisation = find_organisation_by_name(session, reference)
    if organisation is None:
        raise OrganisationNotFoundError(reference)
    return organisation


def list_organisations(session: Session) -> Sequence[Organisation]:
    return session.scalars(select(Organisation).where(Organisation.active).order_by(Organisation.name)).all()


def domains_of(session: Session, organisation_id: uuid.UUID) -> Sequence[str]:
    return session.scalars(
        select(OrganisationDomain.domain)
        .where(OrganisationDomain.organisation_id == organisation_id)
        .order_by(OrganisationDomain.domain)
    ).all()
