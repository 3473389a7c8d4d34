"""Telling services: rows of the outbox, and where they are sent (contract: service callbacks).

A row is written in the transaction of the change that it tells of, then published; the sweep publishes what was lost.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, delete, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from api.contract import CallbackType, Channel, Status
from api.core.callbacks.models import CallbackDelivery, ServiceCallback
from api.core.callbacks.rules import check_callback
from api.core.services.directory import CALLBACK_TOKEN
from api.db.ids import uuid7
from api.queue import QueueName, QueueUnavailableError, TaskName
from api.runtime import Runtime

log = logging.getLogger(__name__)

CALLBACK_PAYLOAD: Final = "callback_delivery.payload"
# Contract: the statuses that a service hears of; the others are on the way or have no receipt.
REPORTED_STATUSES: Final = frozenset(
    {Status.DELIVERED, Status.PERMANENT_FAILURE, Status.TEMPORARY_FAILURE, Status.TECHNICAL_FAILURE}
)
_INSERT = insert(CallbackDelivery).values(
    {
        name: bindparam(name)
        for name in ("id", "service_id", "callback_type", "subject_id", "payload", "due_at", "created_at")
    }
    | {"status": "pending", "attempts": 0}
)


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What a service is told about a message that came to an end. The fields are columns of `notifications`."""

    id: uuid.UUID
    service_id: uuid.UUID
    client_reference: str | None
    to: str
    status: str
    created_at: datetime
    updated_at: datetime | None
    sent_at: datetime | None
    notification_type: str
    template_id: uuid.UUID
    template_version: int

    @classmethod
    def of(cls, row: RowMapping | Mapping[str, Any]) -> "StatusReport":
        """From a row's mapping that holds at least these columns."""
        return cls(**{name: row[name] for name in cls.__slots__})


# For `RETURNING` in statements that end messages.
STATUS_REPORT_COLUMNS: Final = ", ".join(f'"{name}"' for name in StatusReport.__slots__)


@dataclass(frozen=True, slots=True)
class InboundReport:
    """What a service is told about a received text message."""

    id: uuid.UUID
    service_id: uuid.UUID
    source_number: str
    destination_number: str
    message: str
    date_received: datetime


@dataclass(frozen=True, slots=True)
class ComplaintReport:
    """What a service is told about a complaint. `to` is None when the message is past its retention."""

    id: uuid.UUID
    notification_id: uuid.UUID
    service_id: uuid.UUID
    client_reference: str | None
    to: str | None
    complained_at: datetime


def delivery_status_rows(runtime: Runtime, reports: Sequence[StatusReport]) -> list[dict[str, Any]]:
    """The outbox rows to insert with the change, for the services that want to hear of it."""
    return [
        _row(runtime, report.service_id, CallbackType.DELIVERY_STATUS, report.id, _status_payload(report))
        for report in reports
        if report.notification_type != Channel.LETTER
        and report.status in REPORTED_STATUSES
        and _wants(runtime, report.service_id, CallbackType.DELIVERY_STATUS)
    ]


def inbound_sms_rows(runtime: Runtime, report: InboundReport) -> list[dict[str, Any]]:
    """The outbox row to insert with a received text, when the service wants to hear of it."""
    if not _wants(runtime, report.service_id, CallbackType.INBOUND_SMS):
        return []
    payload = {
        "id": str(report.id),
        "source_number": report.source_number,
        "destination_number": report.destination_number,
        "message": report.message,
        "date_received": format_timestamp(report.date_received),
    }
    return [_row(runtime, report.service_id, CallbackType.INBOUND_SMS, report.id, payload)]


def complaint_rows(runtime: Runtime, report: ComplaintReport) -> list[dict[str, Any]]:
    """The outbox row to insert with a complaint, when the service wants to hear of it."""
    if not _wants(runtime, report.service_id, CallbackType.COMPLAINT):
        return []
    payload = {
        "notification_id": str(report.notification_id),
        "complaint_id": str(report.id),
        "reference": report.client_reference,
        "to": report.to,
        "complaint_date": format_timestamp(report.complained_at),
    }
    return [_row(runtime, report.service_id, CallbackType.COMPLAINT, report.notification_id, payload)]


def insert_callbacks(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(_INSERT, rows)


def publish_callbacks(
    runtime: Runtime, rows: Sequence[Mapping[str, Any]] | Sequence[RowMapping], attempts: int = 0
) -> None:
    """After the commit. `attempts` is what the rows hold: a message that says otherwise is out of date."""
    if not rows:
        return
    calls = [(str(row["id"]), str(attempts)) for row in rows]
    try:
        runtime.queue.publish_many(TaskName.SEND_CALLBACK, QueueName.CALLBACKS, calls)
    except QueueUnavailableError:
        log.warning("callbacks_postponed", extra={"callbacks": len(rows)})


def set_callback(
    runtime: Runtime,
    service_id: uuid.UUID,
    callback_type: CallbackType,
    url: str,
    bearer_token: str,
    updated_by_id: uuid.UUID | None = None,
) -> None:
    """Where the service wants to be told from now on. Raises `InvalidCallbackError`."""
    check_callback(url, bearer_token, allow_insecure=runtime.settings.allow_insecure_callbacks)
    values: dict[str, Any] = {
        "url": url,
        "bearer_token": runtime.keyring.seal_text(CALLBACK_TOKEN, bearer_token),
        "updated_by_id": updated_by_id,
    }
    statement = (
        upsert(ServiceCallback)
        .values(id=uuid7(), service_id=service_id, callback_type=callback_type, **values)
        .on_conflict_do_update(
            index_elements=["service_id", "callback_type"],
            set_=values | {"updated_at": datetime.now(UTC)},
        )
    )
    with runtime.database.autocommit() as connection:
        connection.execute(statement)
    runtime.services.forget(service_id)


def remove_callback(runtime: Runtime, service_id: uuid.UUID, callback_type: CallbackType) -> bool:
    """Whether there was one."""
    statement = delete(ServiceCallback).where(
        ServiceCallback.service_id == service_id, ServiceCallback.callback_type == callback_type
    )
    with runtime.database.autocommit() as connection:
        removed = connection.execute(statement).rowcount > 0
    runtime.services.forget(service_id)
    return removed


def format_timestamp(moment: datetime) -> str:
    """Contract: UTC, microseconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _wants(runtime: Runtime, service_id: uuid.UUID, callback_type: CallbackType) -> bool:
    service = runtime.services.find(service_id)
    return service is not None and callback_type in service.callbacks


def _status_payload(report: StatusReport) -> dict[str, Any]:
    return {
        "id": str(report.id),
        "reference": report.client_reference,
        "to": report.to,
        "status": str(report.status),
        "created_at": format_timestamp(report.created_at),
        "completed_at": report.updated_at and format_timestamp(report.updated_at),
        "sent_at": report.sent_at and format_timestamp(report.sent_at),
        "notification_type": str(report.notification_type),
        "template_id": str(report.template_id),
        "template_version": report.template_version,
    }


def _row(
    runtime: Runtime,
    service_id: uuid.UUID,
    callback_type: CallbackType,
    subject_id: uuid.UUID,
    payload: Mapping[str, Any],
) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "id": uuid7(),
        "service_id": service_id,
        "callback_type": str(callback_type),
        "subject_id": subject_id,
        "payload": runtime.keyring.seal(CALLBACK_PAYLOAD, orjson.dumps(payload)),
        "due_at": now + timedelta(seconds=runtime.settings.republish_after_seconds),
        "created_at": now,
    }
