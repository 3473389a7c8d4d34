"""Reply-to addresses and SMS senders: one default of each kind. All run inside the caller's transaction."""

import uuid
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias, TypeVar

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from api.core.events.commands import Actor, record_event
from api.core.recipient_rules import clean_email_address
from api.core.services.errors import (
    DefaultSenderError,
    NumberSenderError,
    SenderNotFoundError,
    SenderTakenError,
)
from api.core.services.models import ReplyToAddress, Service, SmsSender
from api.core.services.rules import clean_sms_sender
from notifications_utils.sms.sender import SenderRules

Sender: TypeAlias = ReplyToAddress | SmsSender
Kind = TypeVar("Kind", ReplyToAddress, SmsSender)


class SenderKind(StrEnum):
    REPLY_TO = "reply-to"
    SMS = "sms"


def add_sender(
    session: Session,
    rules: SenderRules,
    service: Service,
    kind: SenderKind,
    value: str,
    actor: Actor,
    *,
    make_default: bool = False,
) -> Sender:
    """The first of a kind becomes the default. Raises `InvalidValueError`, `SenderTakenError`."""
    sender: Sender
    if kind == SenderKind.REPLY_TO:
        sender = ReplyToAddress(email_address=clean_email_address(value, field="value"))
    else:
        sender = SmsSender(sms_sender=clean_sms_sender(rules, value))
    existing = list_senders(session, service.id, kind)
    if any(value_of(other).lower() == value_of(sender).lower() for other in existing):
        raise SenderTakenError(value_of(sender))
    sender.service_id = service.id
    sender.is_default = False
    session.add(sender)
    session.flush()
    record_event(session, actor, "sender.added", service_id=service.id, subject_id=sender.id, kind=kind.value)
    if make_default or not existing:
        set_default_sender(session, sender, actor)
    return sender


def set_default_sender(session: Session, sender: Sender, actor: Actor) -> None:
    if sender.is_default:
        return
    table = type(sender)
    session.execute(
        update(table)
        .where(table.service_id == sender.service_id, table.is_default)
        .values(is_default=False)
        .execution_options(synchronize_session="fetch")
    )
    sender.is_default = True
    session.flush()
    record_event(session, actor, "sender.made_default", service_id=sender.service_id, subject_id=sender.id)


def archive_sender(session: Session, sender: Sender, actor: Actor) -> None:
    """Raises `DefaultSenderError`, `NumberSenderError` (contract: senders)."""
    if isinstance(sender, SmsSender) and sender.inbound_number_id is not None:
        raise NumberSenderError
    if sender.is_default:
        raise DefaultSenderError
    sender.archived = True
    record_event(session, actor, "sender.archived", service_id=sender.service_id, subject_id=sender.id)


def get_sender(session: Session, service_id: uuid.UUID, reference: str) -> Sender:
    """A sender in use, of either kind, by id or by what it says. Raises `SenderNotFoundError`."""
    for kind in SenderKind:
        for sender in list_senders(session, service_id, kind):
            if reference.strip().lower() in (str(sender.id), value_of(sender).lower()):
                return sender
    raise SenderNotFoundError(reference)


def list_senders(session: Session, service_id: uuid.UUID, kind: SenderKind) -> Sequence[Sender]:
    """Those in use, the default first."""
    if kind == SenderKind.REPLY_TO:
        return session.scalars(_select_used(ReplyToAddress, service_id)).all()
    return session.scalars(_select_used(SmsSender, service_id)).all()


def value_of(sender: Sender) -> str:
    """What recipients see."""
    return sender.email_address if isinstance(sender, ReplyToAddress) else sender.sms_sender


def _select_used(table: type[Kind], service_id: uuid.UUID) -> Select[Kind]:
    return (
        select(table)
        .where(table.service_id == service_id, table.archived.is_(False))
        .order_by(table.is_default.desc(), table.id)
    )
