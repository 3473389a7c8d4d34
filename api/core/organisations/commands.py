"""Changes to organisations. All run inside the caller's transaction."""

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.orm import Session

from api.core.events.commands import Actor, record_event
from api.core.organisations.errors import DomainTakenError, OrganisationNameTakenError
from api.core.organisations.membership import PublicSectorRules, check_organisation_type
from api.core.organisations.models import Organisation, OrganisationDomain
from api.core.organisations.queries import find_organisation_by_name
from api.core.organisations.rules import clean_domain
from api.core.text_rules import clean_line


def create_organisation(
    session: Session,
    name: str,
    actor: Actor,
    *,
    rules: PublicSectorRules,
    organisation_type: str | None = None,
    domains: Sequence[str] = (),
) -> Organisation:
    """Raises `InvalidValueError`, `OrganisationNameTakenError`, `DomainTakenError`."""
    check_organisation_type(rules, organisation_type)
    cleaned = clean_line(name, field="name")
    if find_organisation_by_name(session, cleaned):
        raise OrganisationNameTakenError(cleaned)
    organisation = Organisation(name=cleaned, organisation_type=organisation_type)
    session.add(organisation)
    session.flush()
    record_event(session, actor, "organisation.created", subject_id=organisation.id)
    set_domains(session, organisation, domains, actor)
    return organisation


def set_domains(session: Session, organisation: Organisation, domains: Sequence[str], actor: Actor) -> None:
    """Replace the e-mail domains whose people belong to it. Raises `InvalidValueError`, `DomainTakenError`."""
    cleaned = sorted({clean_domain(domain) for domain in domains})
    for domain in cleaned:
        existing = session.get(OrganisationDomain, domain)
        if existing is not None and existing.organisation_id != organisation.id:
            owner = session.get_one(Organisation, existing.organisation_id)
            raise DomainTakenError(domain, owner.name)
    session.execute(
        delete(OrganisationDomain).where(OrganisationDomain.organisation_id == organisation.id),
        execution_options={"synchronize_session": "fetch"},
    )
    session.add_all(OrganisationDomain(domain=domain, organisation_id=organisation.id) for domain in cleaned)
    session.flush()
    if cleaned:
        record_event(session, actor, "organisation.domains_set", subject_id=organisation.id, domains=cleaned)
