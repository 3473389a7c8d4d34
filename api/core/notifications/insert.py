"""Writing new messages: one statement, the same for one and for many."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from api.contract import Channel, KeyType, Status
from api.core.notifications.models import Notification
from api.db.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotification:
    """The columns of a row that is about to be made."""

    id: uuid.UUID
    service_id: uuid.UUID
    template_id: uuid.UUID
    template_version: int
    notification_type: Channel
    key_type: KeyType
    to: str
    normalised_to: str
    created_at: datetime
    due_at: datetime | None
    scheduled_for: datetime | None = None
    api_key_id: uuid.UUID | None = None
    created_by_id: uuid.UUID | None = None
    job_id: uuid.UUID | None = None
    job_row_number: int | None = None
    personalisation: bytes | None = None
    client_reference: str | None = None
    reply_to_text: str | None = None
    unsubscribe_link: str | None = None
    international: bool = False
    phone_prefix: str | None = None
    destination: str | None = None
    rate_multiplier: int | None = None
    billable_units: int = 0
    status: Status = Status.CREATED


_COLUMNS = tuple(field.name for field in fields(NewNotification))
_values = attrgetter(*_COLUMNS)
_INSERT = insert(Notification.__table__).values(  # type: ignore[arg-type]
    {name: bindparam(name) for name in _COLUMNS} | {"attempts": 0, "outcome_unknown": False}
)
_INSERT_MISSING = _INSERT.on_conflict_do_nothing()


def insert_notification(database: Database, notification: NewNotification) -> None:
    with database.autocommit() as connection:
        connection.execute(_INSERT, _row(notification))


def insert_missing(database: Database, notifications: Sequence[NewNotification]) -> None:
    """Insert those that are not there yet: a task that runs twice inserts once."""
    with database.autocommit() as connection:
        connection.execute(_INSERT_MISSING, [_row(notification) for notification in notifications])


def _row(notification: NewNotification) -> dict[str, Any]:
    return dict(zip(_COLUMNS, _values(notification), strict=True))
