"""What became of one message: for operators and for the admin's page of a message."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.callbacks.models import CallbackDelivery
from api.core.command_errors import UnknownSubjectError
from api.core.notifications.models import Notification, NotificationEvent, NotificationHistory
from api.core.services.models import Service
from api.core.templates.models import TemplateVersion


class NotificationNotFoundError(UnknownSubjectError):
    def __init__(self, identifier: uuid.UUID) -> None:
        super().__init__(
            f"No message has the id {identifier}: it was never accepted, or its traces were removed",
            field="id",
        )


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to the message, or to what its service was told of it."""

    at: datetime
    what: str
    who: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class MessageHistory:
    """`state` holds columns of the row by name. `is_anonymous`: past its retention, or purged."""

    state: dict[str, Any]
    service_name: str
    template_name: str | None
    is_anonymous: bool
    steps: Sequence[Step]


_SHOWN = (
    "id",
    "service_id",
    "template_id",
    "template_version",
    "notification_type",
    "key_type",
    "status",
    "job_id",
    "job_row_number",
    "client_reference",
    "international",
    "destination",
    "billable_units",
    "sent_by",
    "reference",
    "attempts",
    "outcome_unknown",
    "created_at",
    "scheduled_for",
    "due_at",
    "claimed_at",
    "sent_at",
    "updated_at",
)


def get_history(session: Session, identifier: uuid.UUID, *, with_recipient: bool = False) -> MessageHistory:
    """In the order of time. Raises `NotificationNotFoundError`."""
    row: Notification | NotificationHistory | None = session.get(Notification, identifier)
    row = row or session.get(NotificationHistory, identifier)
    if row is None:
        raise NotificationNotFoundError(identifier)
    state = {name: getattr(row, name) for name in _SHOWN if hasattr(row, name)}
    if isinstance(row, Notification):
        state["recipient"] = row.to if with_recipient else mask_recipient(row.to)
    version = session.get(TemplateVersion, (row.template_id, row.template_version))
    steps = [*_milestones(row), *_events(session, identifier), *_callbacks(session, identifier)]
    return MessageHistory(
        state=state,
        service_name=session.get_one(Service, row.service_id).name,
        template_name=version.name if version else None,
        is_anonymous=isinstance(row, NotificationHistory),
        steps=sorted(steps, key=lambda step: step.at),
    )


def mask_recipient(recipient: str) -> str:
    """Enough to recognise it by: `l…@exemple.fr`, `…5678`."""
    local_part, at, domain = recipient.rpartition("@")
    return f"{local_part[:1]}…@{domain}" if at else f"…{recipient.strip()[-4:]}"


def _milestones(row: Notification | NotificationHistory) -> list[Step]:
    steps = [Step(row.created_at, "accepted", None, None)]
    if isinstance(row, Notification) and row.claimed_at:
        steps.append(Step(row.claimed_at, "claimed", None, f"attempt {row.attempts}"))
    if row.sent_at:
        steps.append(Step(row.sent_at, "handed over", row.sent_by, None))
    if row.updated_at:
        steps.append(Step(row.updated_at, row.status, None, None))
    return steps


def _events(session: Session, identifier: uuid.UUID) -> list[Step]:
    events = session.scalars(select(NotificationEvent).where(NotificationEvent.notification_id == identifier))
    return [Step(event.created_at, event.kind, event.provider, event.detail) for event in events]


def _callbacks(session: Session, identifier: uuid.UUID) -> list[Step]:
    deliveries = session.scalars(select(CallbackDelivery).where(CallbackDelivery.subject_id == identifier))
    return [
        Step(
            delivery.updated_at or delivery.created_at,
            f"callback {delivery.status}",
            None,
            ", ".join(
                part
                for part in (
                    f"{delivery.attempts} tries",
                    f"HTTP {delivery.last_http_status}" if delivery.last_http_status else "",
                    delivery.last_error or "",
                )
                if part
            ),
        )
        for delivery in deliveries
    ]
