"""Reading messages: one statement for one, one for a page, whatever the size of the table (ADR 0003)."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from api.contract import PAGE_SIZE, KeyType
from api.core.notifications.filters import NotificationFilter
from api.core.notifications.models import Notification
from api.core.users.models import User
from api.db.engine import Database

_Cursor = aliased(Notification)
_COLUMNS: Final = (
    Notification.id,
    Notification.client_reference,
    Notification.to,
    Notification.notification_type,
    Notification.status,
    Notification.template_id,
    Notification.template_version,
    Notification.personalisation,
    Notification.unsubscribe_link,
    Notification.rate_multiplier,
    Notification.destination,
    Notification.billable_units,
    Notification.created_at,
    Notification.scheduled_for,
    Notification.sent_at,
    Notification.updated_at,
    # Not a join: the plan then cannot depend on the number of users.
    select(User.name).where(User.id == Notification.created_by_id).scalar_subquery().label("created_by_name"),
)
_ONE: Final = select(*_COLUMNS).where(
    Notification.id == bindparam("id"), Notification.service_id == bindparam("service_id")
)


def find_notification(
    database: Database, service_id: uuid.UUID, notification_id: uuid.UUID
) -> Row[Any] | None:
    """Any message of the service, whatever the key it was sent with."""
    with database.autocommit() as connection:
        return connection.execute(_ONE, {"id": notification_id, "service_id": service_id}).one_or_none()


def list_notifications(
    database: Database,
    service_id: uuid.UUID,
    key_type: KeyType,
    chosen: NotificationFilter,
    oldest: Mapping[str, uuid.UUID],
) -> Sequence[Row[Any]]:
    """A page, newest first; `oldest` is by channel the identifier from which messages are still shown."""
    conditions = [
        Notification.service_id == service_id,
        Notification.key_type == key_type,
        *_kept(oldest),
        *_matching(service_id, chosen),
    ]
    query = select(*_COLUMNS).where(*conditions).order_by(Notification.id.desc()).limit(PAGE_SIZE)
    with database.autocommit() as connection:
        return connection.execute(query).all()


def _kept(oldest: Mapping[str, uuid.UUID]) -> list[ColumnElement[bool]]:
    """The first condition lets the database skip whole partitions."""
    first = min(oldest.values())
    by_channel = [
        or_(Notification.notification_type != channel, Notification.id >= bound)
        for channel, bound in oldest.items()
        if bound != first
    ]
    return [Notification.id >= first, *by_channel]


def _matching(service_id: uuid.UUID, chosen: NotificationFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if chosen.older_than is not None:
        # Contract: nothing is older than a message that is not there.
        is_known = exists().where(and_(_Cursor.id == chosen.older_than, _Cursor.service_id == service_id))
        conditions += [Notification.id < chosen.older_than, is_known]
    if not chosen.include_jobs:
        conditions.append(Notification.job_id.is_(None))
    if chosen.template_types:
        conditions.append(Notification.notification_type.in_(chosen.template_types))
    if chosen.stored_statuses:
        conditions.append(Notification.status.in_(chosen.stored_statuses))
    if chosen.reference is not None:
        conditions.append(Notification.client_reference == chosen.reference)
    return conditions
