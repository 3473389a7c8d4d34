"""Keeping complaints, and telling the services (contract: statuses, complaints; service callbacks, complaint)."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, text

from api.contract import Channel, KeyType
from api.core.callbacks.commands import ComplaintReport, complaint_rows, insert_callbacks, publish_callbacks
from api.core.suppressions.commands import suppress
from api.core.suppressions.rules import SuppressionReason
from api.db.ids import uuid7
from api.metrics import COMPLAINTS
from api.providers.protocol import Complaint
from api.runtime import Runtime
from notifications_utils.recipients.email_address import format_email_address

_MAX_TYPE_LENGTH: Final = 50
_MAX_FEEDBACK_ID_LENGTH: Final = 500
_LIVE: Final = """
    SELECT id, service_id, client_reference, key_type, "to", normalised_to FROM notifications
    WHERE {which} = :which AND notification_type = :channel AND sent_by = :provider
"""
# Complaints come weeks later: the message may be anonymous by then.
_PAST: Final = """
    UNION ALL SELECT id, service_id, client_reference, key_type, NULL, NULL FROM notification_history
    WHERE id = :which AND notification_type = :channel AND sent_by = :provider
"""
_STORE: Final = """
    WITH message AS ({message} LIMIT 1), stored AS (
        INSERT INTO complaints (id, notification_id, service_id, provider, feedback_id, complaint_type, complained_at)
        SELECT :new_id, id, service_id, :provider, :feedback_id, :complaint_type, :complained_at FROM message
        ON CONFLICT (provider, feedback_id) DO NOTHING
        RETURNING id, complained_at
    )
    SELECT message.*, stored.id AS complaint_id, stored.complained_at FROM message LEFT JOIN stored ON true
"""
_STORE_BY_ID: Final = text(_STORE.format(message=_LIVE.format(which="id") + _PAST))
_STORE_BY_REFERENCE: Final = text(_STORE.format(message=_LIVE.format(which="reference")))


class ComplaintOutcome(StrEnum):
    STORED = "stored"
    REPEATED = "repeated"
    UNKNOWN = "unknown"  # about a message that is not ours, or that nobody can name yet


def store_complaint(
    runtime: Runtime, channel: Channel, provider: str, complaint: Complaint
) -> ComplaintOutcome:
    """The message's status stays. A complaint told twice is stored, and told to the service, once."""
    callbacks: list[dict[str, Any]] = []
    # One transaction with the callback and the suppression.
    with runtime.database.engine.begin() as connection:
        message = _store(connection, channel, provider, complaint)
        if message is None:
            outcome = ComplaintOutcome.UNKNOWN
        elif message["complaint_id"] is None:
            outcome = ComplaintOutcome.REPEATED
        else:
            outcome = ComplaintOutcome.STORED
            _suppress(connection, channel, provider, complaint, message)
            callbacks = complaint_rows(runtime, _report(complaint, message))
            insert_callbacks(connection, callbacks)
    publish_callbacks(runtime, callbacks)
    COMPLAINTS.labels(provider, outcome).inc()
    return outcome


def _store(
    connection: Connection, channel: Channel, provider: str, complaint: Complaint
) -> RowMapping | None:
    """The message, with `complaint_id` and `complained_at` unless the complaint was known; None: no such message."""
    by_id = complaint.notification_id is not None
    values = {
        "which": complaint.notification_id if by_id else complaint.reference,
        "channel": str(channel),
        "provider": provider,
        "new_id": uuid7(),
        "feedback_id": complaint.feedback_id[:_MAX_FEEDBACK_ID_LENGTH],
        "complaint_type": complaint.complaint_type and complaint.complaint_type[:_MAX_TYPE_LENGTH],
        "complained_at": complaint.occurred_at or datetime.now(UTC),
    }
    return connection.execute(_STORE_BY_ID if by_id else _STORE_BY_REFERENCE, values).mappings().one_or_none()


def _suppress(
    connection: Connection, channel: Channel, provider: str, complaint: Complaint, message: RowMapping
) -> None:
    recipient = message["normalised_to"] or format_email_address(complaint.recipient or "")
    if recipient and message["key_type"] != KeyType.TEST:
        suppress(
            connection,
            channel,
            recipient,
            SuppressionReason.COMPLAINT,
            provider=provider,
            notification_id=message["id"],
            detail=complaint.complaint_type,
        )


def _report(complaint: Complaint, message: RowMapping) -> ComplaintReport:
    return ComplaintReport(
        id=message["complaint_id"],
        notification_id=message["id"],
        service_id=message["service_id"],
        client_reference=message["client_reference"],
        to=message["to"] or complaint.recipient,
        complained_at=message["complained_at"],
    )
