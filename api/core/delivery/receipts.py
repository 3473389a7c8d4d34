"""What providers tell us of messages: applied at once, in one statement (ADR 0004).

Receipts come early, late, twice and out of order. A final status never changes again, and a receipt only touches a
message that its provider was asked to send, be it one that waits for another try.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

import orjson
from sqlalchemy import Connection, TextClause, text

from api.contract import OPEN_STATUSES, Channel, Status
from api.core.callbacks.commands import (
    STATUS_REPORT_COLUMNS,
    StatusReport,
    delivery_status_rows,
    insert_callbacks,
    publish_callbacks,
)
from api.core.complaints.commands import ComplaintOutcome, store_complaint
from api.core.delivery.claims import CLAIMED_COLUMNS, Claimed
from api.core.delivery.preparation import UndeliverableError, prepare
from api.core.suppressions.commands import suppress_opt_outs, suppress_recipient_of
from api.core.suppressions.rules import SuppressionReason
from api.db.ids import uuid7
from api.metrics import COMPLETED, RECEIPTS
from api.providers.protocol import Complaint, OptOut, ProviderEvent, Receipt
from api.queue import QueueName, TaskName
from api.runtime import Runtime

log = logging.getLogger(__name__)

FINAL_STATUSES: Final = frozenset(
    {Status.DELIVERED, Status.TEMPORARY_FAILURE, Status.PERMANENT_FAILURE, Status.TECHNICAL_FAILURE}
)
# Contract: a receipt may beat the commit of the reference that it names.
REFERENCE_AWAITED_FOR: Final = timedelta(minutes=5)
_MAX_DETAIL_LENGTH: Final = 200
# After this long a worker that has not written the number of fragments will not do so any more.
_WORKER_GONE_AFTER_SECONDS: Final = 60

_UPDATE: Final = """
    WITH changed AS (
        UPDATE notifications
        SET status = :status, updated_at = now(), due_at = NULL, outcome_unknown = false,
            sent_by = :provider, reference = coalesce(reference, :reference),
            sent_at = coalesce(sent_at, claimed_at, now())
        WHERE {which} AND notification_type = :channel AND (sent_by = :provider OR sent_by IS NULL)
            AND status IN ({open_statuses}) AND (status <> 'created' OR claimed_at IS NOT NULL)
        RETURNING {columns},
            notification_type = 'sms' AND billable_units = 0
                AND claimed_at < now() - make_interval(secs => :worker_gone_after) AS owes_units
    ), logged AS (
        INSERT INTO notification_events (id, notification_id, kind, provider, detail)
        SELECT :event_id, id, 'receipt', :provider, :detail FROM changed
    )
    SELECT * FROM changed
"""
_IS_KNOWN: Final = text(
    "SELECT 1 FROM notifications WHERE reference = :reference AND notification_type = :channel LIMIT 1"
)
_CLAIMED: Final = text(f"SELECT {CLAIMED_COLUMNS} FROM notifications WHERE id = :id")  # noqa: S608
_SET_UNITS: Final = text(
    "UPDATE notifications SET billable_units = :units WHERE id = :id AND billable_units = 0"
)


class ReceiptOutcome(StrEnum):
    APPLIED = "applied"
    UNCHANGED = "unchanged"  # a repeat, one that came too late, or one about a message that is not ours
    POSTPONED = "postponed"  # names a reference that nobody has written yet


_COMPLAINT_OUTCOMES: Final = {
    ComplaintOutcome.STORED: ReceiptOutcome.APPLIED,
    ComplaintOutcome.REPEATED: ReceiptOutcome.UNCHANGED,
    ComplaintOutcome.UNKNOWN: ReceiptOutcome.POSTPONED,
}


def apply_events(runtime: Runtime, channel: Channel, provider: str, events: Sequence[ProviderEvent]) -> None:
    """Whatever a provider tells: each kind in its order. All of it may come twice.

    Raises `QueueUnavailableError` when something must be put off and cannot: let the provider send all of it again.
    """
    receipts = [event for event in events if isinstance(event, Receipt)]
    if receipts:
        apply_receipts(runtime, channel, provider, receipts)
    for event in events:
        if isinstance(event, Complaint):
            _apply_complaint(runtime, channel, provider, event)
    opt_outs = [event for event in events if isinstance(event, OptOut)]
    if opt_outs:
        suppress_opt_outs(runtime, channel, provider, opt_outs)


def apply_receipt(runtime: Runtime, channel: Channel, provider: str, receipt: Receipt) -> ReceiptOutcome:
    """Raises `QueueUnavailableError` when it must be postponed and cannot: let the provider send it again."""
    return apply_receipts(runtime, channel, provider, [receipt])[0]


def apply_receipts(
    runtime: Runtime, channel: Channel, provider: str, receipts: Sequence[Receipt]
) -> list[ReceiptOutcome]:
    """In the given order, on one connection. Raises `QueueUnavailableError` as `apply_receipt` does."""
    outcomes = _apply(runtime, channel, provider, receipts)
    postponed = [
        receipt
        for receipt, outcome in zip(receipts, outcomes, strict=True)
        if outcome is ReceiptOutcome.POSTPONED
    ]
    if postponed:
        _postpone(runtime, channel, provider, postponed)
    return outcomes


def _apply_complaint(runtime: Runtime, channel: Channel, provider: str, complaint: Complaint) -> None:
    outcome = store_complaint(runtime, channel, provider, complaint)
    if outcome is ComplaintOutcome.UNKNOWN and complaint.notification_id is None:
        _postpone(runtime, channel, provider, [complaint])


def apply_postponed_receipt(runtime: Runtime, document: str) -> ReceiptOutcome:
    """The task `apply-receipt`: of a receipt or a complaint.

    After `POSTPONED` it is to run again some seconds later, with the same document.
    """
    data = orjson.loads(document)
    channel, provider = Channel(data["channel"]), data["provider"]
    if "feedback_id" in data:
        outcome = _COMPLAINT_OUTCOMES[store_complaint(runtime, channel, provider, _read_complaint(data))]
    else:
        outcome = _apply(runtime, channel, provider, [_read_receipt(data)])[0]
    awaited_since = datetime.fromisoformat(data["received_at"])
    if outcome is ReceiptOutcome.POSTPONED and datetime.now(UTC) - awaited_since > REFERENCE_AWAITED_FOR:
        log.warning("receipt_for_unknown_reference", extra={"provider": provider})
        return ReceiptOutcome.UNCHANGED
    return outcome


def _apply(
    runtime: Runtime, channel: Channel, provider: str, receipts: Sequence[Receipt]
) -> list[ReceiptOutcome]:
    outcomes, changed = [], []
    # One transaction with the callbacks: a service must not miss what its message became.
    with runtime.database.engine.begin() as connection:
        for receipt in receipts:
            row = _change(connection, channel, provider, receipt)
            if row is not None:
                changed.append(row)
                outcomes.append(ReceiptOutcome.APPLIED)
            elif _may_come_later(connection, channel, receipt):
                outcomes.append(ReceiptOutcome.POSTPONED)
            else:
                outcomes.append(ReceiptOutcome.UNCHANGED)
            if receipt.is_hard_bounce:  # whatever became of this message: the next one would bounce too
                suppress_recipient_of(
                    connection,
                    channel,
                    provider,
                    SuppressionReason.HARD_BOUNCE,
                    receipt.notification_id or receipt.reference or "",
                    detail=receipt.code,
                )
        finished = [row for row in changed if row["status"] in FINAL_STATUSES]
        callbacks = delivery_status_rows(runtime, [StatusReport.of(row) for row in finished])
        insert_callbacks(connection, callbacks)
    publish_callbacks(runtime, callbacks)
    _observe(provider, outcomes, finished)
    for row in changed:
        if row["owes_units"]:
            _fill_in_units(runtime, row["id"])
    return outcomes


def _observe(provider: str, outcomes: Sequence[ReceiptOutcome], finished: Sequence[dict[str, Any]]) -> None:
    for outcome in outcomes:
        RECEIPTS.labels(provider, outcome).inc()
    for row in finished:
        seconds = (row["updated_at"] - row["created_at"]).total_seconds()
        COMPLETED.labels(row["notification_type"], row["status"]).observe(seconds)


def _change(
    connection: Connection, channel: Channel, provider: str, receipt: Receipt
) -> dict[str, Any] | None:
    if receipt.status not in FINAL_STATUSES and receipt.status is not Status.PENDING:
        return None
    values = {
        "id": receipt.notification_id,
        "reference": receipt.reference,
        "status": str(receipt.status),
        "channel": str(channel),
        "provider": provider,
        "event_id": uuid7(),
        "detail": f"{receipt.status} {receipt.code}"[:_MAX_DETAIL_LENGTH],
        "worker_gone_after": _WORKER_GONE_AFTER_SECONDS,
    }
    statement = _statement(
        by_id=receipt.notification_id is not None, is_final=receipt.status in FINAL_STATUSES
    )
    row = connection.execute(statement, values).one_or_none()
    return None if row is None else row._asdict()


@cache
def _statement(*, by_id: bool, is_final: bool) -> TextClause:
    """An intermediate receipt changes neither itself nor anything final."""
    open_statuses = OPEN_STATUSES if is_final else (Status.CREATED, Status.SENDING)
    return text(
        _UPDATE.format(
            which="id = :id" if by_id else "reference = :reference",
            open_statuses=", ".join(f"'{status}'" for status in open_statuses),
            columns=STATUS_REPORT_COLUMNS,
        )
    )


def _may_come_later(connection: Connection, channel: Channel, receipt: Receipt) -> bool:
    """A row is committed before its provider hears of it, but the provider's reference only afterwards."""
    if receipt.notification_id is not None:
        return False
    values = {"reference": receipt.reference, "channel": str(channel)}
    return connection.execute(_IS_KNOWN, values).one_or_none() is None


def _fill_in_units(runtime: Runtime, notification_id: uuid.UUID) -> None:
    """What the worker that handed the message over did not live to write (contract: provider callbacks)."""
    with runtime.database.autocommit() as connection:
        row = connection.execute(_CLAIMED, {"id": notification_id}).one()
        try:
            units = prepare(runtime, Claimed(**row._asdict())).billable_units
        except UndeliverableError as error:
            log.warning(
                "units_unknown", extra={"notification_id": str(notification_id), "reason": str(error)}
            )
            return
        connection.execute(_SET_UNITS, {"id": notification_id, "units": units})


def _postpone(
    runtime: Runtime, channel: Channel, provider: str, events: Sequence[Receipt | Complaint]
) -> None:
    """Raises `QueueUnavailableError`."""
    calls = [(_serialise(channel, provider, event),) for event in events]
    runtime.queue.publish_many(TaskName.APPLY_RECEIPT, QueueName.RECEIPTS, calls)


def _serialise(channel: Channel, provider: str, event: Receipt | Complaint) -> str:
    """Nothing personal goes to the broker: the recipient will be known by the message."""
    data: dict[str, Any] = {
        "channel": channel,
        "provider": provider,
        "reference": event.reference,
        "received_at": datetime.now(UTC),
    }
    if isinstance(event, Receipt):
        data |= {"status": event.status, "code": event.code, "is_hard_bounce": event.is_hard_bounce}
    else:
        data |= {
            "feedback_id": event.feedback_id,
            "complaint_type": event.complaint_type,
            "occurred_at": event.occurred_at,
        }
    return orjson.dumps(data).decode()


def _read_receipt(data: Mapping[str, Any]) -> Receipt:
    return Receipt(
        status=Status(data["status"]),
        code=data["code"],
        reference=data["reference"],
        is_hard_bounce=data.get("is_hard_bounce", False),
    )


def _read_complaint(data: Mapping[str, Any]) -> Complaint:
    occurred_at = data["occurred_at"]
    return Complaint(
        feedback_id=data["feedback_id"],
        complaint_type=data["complaint_type"],
        reference=data["reference"],
        occurred_at=datetime.fromisoformat(occurred_at) if occurred_at else None,
    )
