"""The delivery log of callbacks, as services and operators read it. Payloads stay sealed: they name people."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from api.contract import CallbackType
from api.core.callbacks.models import CallbackDelivery, ServiceCallback

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class LoggedDelivery:
    """`status` is `pending`, `delivered` or `failed`; `due_at` is when a pending one is tried (again)."""

    id: uuid.UUID
    callback_type: str
    subject_id: uuid.UUID
    status: str
    attempts: int
    due_at: datetime | None
    last_http_status: int | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConfiguredCallback:
    """Contract: the token is never given back."""

    id: uuid.UUID
    callback_type: str
    url: str
    updated_by_id: uuid.UUID | None
    created_at: datetime
    updated_at: datetime | None


def list_callbacks(connection: Connection, service_id: uuid.UUID) -> Sequence[ConfiguredCallback]:
    columns = [getattr(ServiceCallback, name) for name in ConfiguredCallback.__slots__]
    query = select(*columns).where(ServiceCallback.service_id == service_id)
    rows = connection.execute(query.order_by(ServiceCallback.callback_type))
    return [ConfiguredCallback(*row) for row in rows]


def list_deliveries(
    connection: Connection,
    service_id: uuid.UUID,
    *,
    callback_type: CallbackType | None = None,
    status: str | None = None,
    older_than: uuid.UUID | None = None,
    limit: int = PAGE_SIZE,
) -> Sequence[LoggedDelivery]:
    """Newest first; `older_than` is the last id of the page before."""
    columns = [getattr(CallbackDelivery, name) for name in LoggedDelivery.__slots__]
    query = select(*columns).where(CallbackDelivery.service_id == service_id)
    if callback_type is not None:
        query = query.where(CallbackDelivery.callback_type == callback_type)
    if status is not None:
        query = query.where(CallbackDelivery.status == status)
    if older_than is not None:
        query = query.where(CallbackDelivery.id < older_than)
    rows = connection.execute(query.order_by(CallbackDelivery.id.desc()).limit(limit))
    return [LoggedDelivery(*row) for row in rows]


def count_deliveries(connection: Connection, service_id: uuid.UUID, since: datetime) -> dict[str, int]:
    """By status, of those made since then."""
    query = (
        select(CallbackDelivery.status, func.count())
        .where(CallbackDelivery.service_id == service_id, CallbackDelivery.created_at >= since)
        .group_by(CallbackDelivery.status)
    )
    counts = {"pending": 0, "delivered": 0, "failed": 0}
    return counts | {row[0]: row[1] for row in connection.execute(query)}
