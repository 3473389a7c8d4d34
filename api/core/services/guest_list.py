"""Recipients outside the team who may receive in trial mode and from team keys (contract: key types)."""

from collections.abc import Collection

from sqlalchemy import delete
from sqlalchemy.orm import Session

from api.core.command_errors import InvalidValueError
from api.core.events.commands import Actor, record_event
from api.core.recipient_rules import clean_email_address, clean_phone_number
from api.core.services.models import Guest, Service
from api.core.services.queries import list_guests
from api.core.services.rules import MAX_GUESTS_OF_A_KIND
from notifications_utils.recipients.phone_rules import PhoneRules


def replace_guest_list(
    session: Session, phone_rules: PhoneRules, service: Service, recipients: Collection[str], actor: Actor
) -> None:
    """The whole list, e-mail addresses and phone numbers together; stored as they are compared when sending.

    Raises `InvalidValueError` with everything that is wrong.
    """
    kinds = _normalise(phone_rules, recipients)
    for kind, name in (("email", "e-mail addresses"), ("mobile", "phone numbers")):
        count = sum(1 for found in kinds.values() if found == kind)
        if count > MAX_GUESTS_OF_A_KIND:
            raise InvalidValueError(
                f"The list has {count} {name}: keep {MAX_GUESTS_OF_A_KIND} at most", field="recipients"
            )
    before = {guest.recipient for guest in list_guests(session, service.id)}
    if before == set(kinds):
        return
    session.execute(
        delete(Guest).where(Guest.service_id == service.id),
        execution_options={"synchronize_session": "fetch"},
    )
    session.add_all(
        Guest(service_id=service.id, recipient=recipient, recipient_type=kind)
        for recipient, kind in kinds.items()
    )
    session.flush()
    record_event(
        session,
        actor,
        "guest_list.replaced",
        service_id=service.id,
        added=len(set(kinds) - before),
        removed=len(before - set(kinds)),
    )


def _normalise(phone_rules: PhoneRules, recipients: Collection[str]) -> dict[str, str]:
    """Normalised recipient → kind."""
    kinds: dict[str, str] = {}
    problems = []
    for text in recipients:
        try:
            if "@" in text:
                kinds[clean_email_address(text, field="recipients").lower()] = "email"
            else:
                kinds[clean_phone_number(phone_rules, text, field="recipients")] = "mobile"
        except InvalidValueError as error:
            problems.append(str(error))
    if problems:
        raise InvalidValueError("; ".join(problems), field="recipients")
    return kinds
