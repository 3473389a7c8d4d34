"""The numbers that receive text messages, and the services that have them. All run inside the caller's transaction."""

import re
from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from api.contract import ServicePermission
from api.core.command_errors import ConflictError, UnknownSubjectError
from api.core.events.commands import Actor, record_event
from api.core.inbound.models import InboundNumber
from api.core.recipient_rules import clean_phone_number
from api.core.services.commands import add_permissions, remove_permissions
from api.core.services.models import Service, SmsSender
from api.core.services.senders import SenderKind, list_senders, set_default_sender
from notifications_utils.recipients.phone_rules import PhoneRules

_SHORT_CODE = re.compile(r"\d{3,6}")


class NumberNotFoundError(UnknownSubjectError):
    def __init__(self, number: str) -> None:
        super().__init__(
            f"No receiving number {number!r}: `inbound-numbers list` shows them, `inbound-numbers add` makes one",
            field="number",
        )


def clean_inbound_number(phone_rules: PhoneRules, text: str) -> str:
    """A short code as it is, or E.164 digits without the sign. Raises `InvalidValueError`."""
    digits = text.strip()
    return (
        digits if _SHORT_CODE.fullmatch(digits) else clean_phone_number(phone_rules, digits, field="number")
    )


def add_inbound_number(
    session: Session, phone_rules: PhoneRules, number: str, provider: str, actor: Actor
) -> InboundNumber:
    """`provider` names who hands its messages over. Raises `InvalidValueError`, `ConflictError`."""
    cleaned = clean_inbound_number(phone_rules, number)
    if session.scalar(select(InboundNumber.id).where(InboundNumber.number == cleaned)):
        raise ConflictError(f"The number {cleaned} is there already", field="number")
    added = InboundNumber(number=cleaned, provider=provider)
    session.add(added)
    session.flush()
    record_event(session, actor, "inbound_number.added", subject_id=added.id, provider=provider)
    return added


def find_inbound_number(session: Session, phone_rules: PhoneRules, number: str) -> InboundNumber | None:
    """Locked until the transaction ends. Raises `InvalidValueError`."""
    cleaned = clean_inbound_number(phone_rules, number)
    return session.scalar(select(InboundNumber).where(InboundNumber.number == cleaned).with_for_update())


def get_inbound_number(session: Session, phone_rules: PhoneRules, number: str) -> InboundNumber:
    """As `find_inbound_number`. Raises `NumberNotFoundError` too."""
    found = find_inbound_number(session, phone_rules, number)
    if found is None:
        raise NumberNotFoundError(number)
    return found


def assign_inbound_number(
    session: Session, number: InboundNumber, service: Service, actor: Actor, *, make_default: bool = False
) -> None:
    """The service receives what comes to the number, and may send from it. Raises `ConflictError`."""
    if number.service_id == service.id:
        return
    if number.service_id is not None:
        raise ConflictError("The number belongs to another service: release it first", field="number")
    if session.scalar(select(InboundNumber.id).where(InboundNumber.service_id == service.id)):
        raise ConflictError(
            f"{service.name!r} has a receiving number: release that one first", field="service"
        )
    number.service_id = service.id
    sender = SmsSender(
        service_id=service.id, sms_sender=number.number, inbound_number_id=number.id, is_default=False
    )
    session.add(sender)
    session.flush()
    add_permissions(session, service, [ServicePermission.INBOUND_SMS], actor)
    record_event(session, actor, "inbound_number.assigned", service_id=service.id, subject_id=number.id)
    if make_default:
        set_default_sender(session, sender, actor)


def release_inbound_number(session: Session, number: InboundNumber, actor: Actor) -> None:
    """Take it back from its service; messages that were received stay. Does nothing when nobody has it."""
    if number.service_id is None:
        return
    service = session.get_one(Service, number.service_id)
    _archive_number_sender(session, service, number, actor)
    number.service_id = None
    remove_permissions(session, service, [ServicePermission.INBOUND_SMS], actor)
    record_event(session, actor, "inbound_number.released", service_id=service.id, subject_id=number.id)


def list_inbound_numbers(session: Session) -> Sequence[Row[InboundNumber, str]]:
    """With the names of their services."""
    return session.execute(
        select(InboundNumber, Service.name)
        .outerjoin(Service, Service.id == InboundNumber.service_id)
        .order_by(InboundNumber.number)
    ).all()


def _archive_number_sender(session: Session, service: Service, number: InboundNumber, actor: Actor) -> None:
    sender = session.scalar(select(SmsSender).where(SmsSender.inbound_number_id == number.id))
    if sender is None:
        return
    if sender.is_default:
        others = [
            other for other in list_senders(session, service.id, SenderKind.SMS) if other.id != sender.id
        ]
        if not others:
            raise ConflictError("The service would have no SMS sender: first add one", field="number")
        set_default_sender(session, others[0], actor)
    sender.archived = True
    sender.inbound_number_id = None
