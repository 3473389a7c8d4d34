"""Reading suppressions."""

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from api.contract import Channel
from api.core.command_errors import UnknownSubjectError
from api.core.notifications.models import Notification, NotificationHistory
from api.core.suppressions.models import Suppression
from api.core.suppressions.rules import SuppressionReason

PAGE_SIZE = 50


class SuppressionNotFoundError(UnknownSubjectError):
    def __init__(self) -> None:
        super().__init__("This recipient is not suppressed", field="recipient")


def channel_of(recipient: str) -> Channel:
    return Channel.EMAIL if "@" in recipient else Channel.SMS


def find_suppression(session: Session, channel: Channel, recipient: str) -> Suppression | None:
    """`recipient` in normalised form."""
    return session.scalar(
        select(Suppression).where(Suppression.channel == channel, Suppression.recipient == recipient)
    )


def get_suppression(session: Session, recipient: str) -> Suppression:
    """`recipient` in normalised form. Raises `SuppressionNotFoundError`."""
    row = find_suppression(session, channel_of(recipient), recipient)
    if row is None:
        raise SuppressionNotFoundError
    return row


def list_suppressions(
    session: Session,
    *,
    channel: Channel | None = None,
    reason: SuppressionReason | None = None,
    service_id: uuid.UUID | None = None,
    older_than: uuid.UUID | None = None,
    limit: int = PAGE_SIZE,
) -> Sequence[Suppression]:
    """Newest first; `older_than` is the last id of the page before.

    `service_id`: those learnt from a message of that service, as long as the message leaves a trace.
    """
    query = select(Suppression).order_by(Suppression.id.desc()).limit(limit)
    if channel is not None:
        query = query.where(Suppression.channel == channel)
    if reason is not None:
        query = query.where(Suppression.reason == reason)
    if older_than is not None:
        query = query.where(Suppression.id < older_than)
    if service_id is not None:
        query = query.where(
            or_(*(_learnt_from(table, service_id) for table in (Notification, NotificationHistory)))
        )
    return session.scalars(query).all()


def _learnt_from(
    table: type[Notification] | type[NotificationHistory], service_id: uuid.UUID
) -> ColumnElement[bool]:
    return (
        select(table.id)
        .where(table.id == Suppression.notification_id, table.service_id == service_id)
        .exists()
    )
