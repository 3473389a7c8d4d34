"""What looks after messages that were left behind (design D5). Each sweep may run twice at once, anywhere.

Rows are taken in batches with `SKIP LOCKED`, and what takes them moves them out of the sweep's own sight.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import RowMapping, text

from api.contract import Channel
from api.core.callbacks.commands import (
    STATUS_REPORT_COLUMNS,
    StatusReport,
    delivery_status_rows,
    insert_callbacks,
    publish_callbacks,
)
from api.core.delivery.claims import record_accepted, record_event
from api.core.delivery.deliver import Dispatcher, status_of_text
from api.core.delivery.rules import delivery_route
from api.metrics import SWEPT
from api.providers.protocol import Accepted, FindsMessages, NotSent
from api.queue import QueueName, QueueUnavailableError, TaskName
from api.runtime import Runtime

log = logging.getLogger(__name__)

TIME_OUT_AFTER: Final = timedelta(hours=72)  # contract
_BATCH: Final = 1000
_FEWER: Final = 100
# A sweep ends after so many batches; the next one goes on.
_MOST_BATCHES: Final = 50
# A provider is asked about a message for so long, each time after a longer pause.
_ASK_FOR_SECONDS: Final = 24 * 3600

# While messages wait in a long queue, they are published again ever more rarely: a copy of each at every sweep would
# make the queue longer still.
_TAKE_DUE: Final = text("""
    UPDATE notifications SET due_at = now() + make_interval(secs => least(6 * :after, greatest(:after,
        extract(epoch FROM now() - greatest(created_at, scheduled_for))::float)))
    WHERE id = ANY(ARRAY(
        SELECT id FROM notifications WHERE status = 'created' AND due_at <= now()
        ORDER BY due_at LIMIT :batch FOR UPDATE SKIP LOCKED
    )) AND status = 'created'
    RETURNING id, notification_type, key_type
""")
_TAKE_UNANSWERED: Final = text("""
    WITH taken AS MATERIALIZED (
        SELECT id, outcome_unknown FROM notifications
        WHERE status = 'sending' AND sent_at IS NULL AND claimed_at < now() - make_interval(secs => :after)
            AND (NOT outcome_unknown OR due_at <= now())
        LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    UPDATE notifications SET outcome_unknown = true, due_at = CASE
        WHEN now() - claimed_at < make_interval(secs => :ask_for)
        THEN now() + greatest(make_interval(secs => :after), now() - claimed_at) END
    FROM taken WHERE notifications.id = taken.id AND notifications.id = ANY(ARRAY(SELECT id FROM taken))
    RETURNING notifications.id, notification_type, sent_by, attempts, billable_units, international, phone_prefix,
        taken.outcome_unknown AS was_known
""")
_STILL_UNKNOWN: Final = "status = 'sending' AND outcome_unknown AND sent_at IS NULL AND attempts = :attempts"
_NEVER_SENT: Final = text(f"""
    UPDATE notifications SET status = 'created', outcome_unknown = false, sent_by = NULL, due_at = now(),
        updated_at = now()
    WHERE id = :id AND {_STILL_UNKNOWN} RETURNING id
""")  # noqa: S608 - constants
_TIME_OUT: Final = text(f"""
    UPDATE notifications SET status = 'temporary-failure', updated_at = now(), due_at = NULL
    WHERE id = ANY(ARRAY(
        SELECT id FROM notifications WHERE status IN ('sending', 'pending') AND notification_type <> 'letter'
            AND (sent_at < now() - make_interval(secs => :after)
                OR (sent_at IS NULL AND claimed_at < now() - make_interval(secs => :after)))
        LIMIT :batch FOR UPDATE SKIP LOCKED
    )) AND status IN ('sending', 'pending')
    RETURNING {STATUS_REPORT_COLUMNS}
""")  # noqa: S608


def republish_due_notifications(runtime: Runtime) -> int:
    """Put what is `created` and due on the queue: retries, schedules, and what a queue lost. Returns how many."""
    total = 0
    for _ in range(_MOST_BATCHES):
        values = {"after": runtime.settings.republish_after_seconds, "batch": _BATCH}
        with runtime.database.autocommit() as connection:
            rows = connection.execute(_TAKE_DUE, values).mappings().all()
        if not _publish(runtime, rows):
            break
        total += len(rows)
        if len(rows) < _BATCH:
            break
    if total:
        SWEPT.labels("due").inc(total)
        log.info("messages_republished", extra={"messages": total})
    return total


def _publish(runtime: Runtime, rows: Sequence[RowMapping]) -> bool:
    """False when the queue is away: the rows come due again."""
    calls: defaultdict[tuple[TaskName, QueueName], list[tuple[str]]] = defaultdict(list)
    for row in rows:
        calls[delivery_route(row["notification_type"], row["key_type"])].append((str(row["id"]),))
    try:
        for (task, queue), ids in calls.items():
            runtime.queue.publish_many(task, queue, ids)
    except QueueUnavailableError:
        log.warning("republishing_postponed", extra={"messages": len(rows)})
        return False
    return True


def resolve_unknown_outcomes(dispatcher: Dispatcher) -> int:
    """Mark what was claimed and never answered, and ask the providers that can tell. Returns how many it looked at."""
    runtime = dispatcher.runtime
    values = {
        "after": runtime.settings.unknown_after_seconds,
        "ask_for": _ASK_FOR_SECONDS,
        "batch": _FEWER,
    }
    total = 0
    for _ in range(_MOST_BATCHES):
        with runtime.database.session() as session:
            connection = session.connection()
            rows = connection.execute(_TAKE_UNANSWERED, values).mappings().all()
            for row in rows:
                if not row["was_known"]:
                    record_event(
                        connection, row["id"], "outcome-unknown", row["sent_by"], "no answer was kept"
                    )
        for row in rows:
            _ask(dispatcher, row)
        total += len(rows)
        if len(rows) < _FEWER:
            break
    if total:
        SWEPT.labels("unknown").inc(total)
        log.warning("outcomes_unknown", extra={"messages": total})
    return total


def _ask(dispatcher: Dispatcher, row: RowMapping) -> None:
    """The provider that the message was given to, when it keeps account of messages."""
    runtime = dispatcher.runtime
    channel = Channel(row["notification_type"])
    provider: object = dispatcher.choice.providers.get(channel, {}).get(row["sent_by"] or "")
    if not isinstance(provider, FindsMessages):
        return
    found = _find(provider, row["id"])
    if isinstance(found, Accepted):
        status = status_of_text(runtime, row["international"], row["phone_prefix"])
        name, units = row["sent_by"], row["billable_units"]
        record_accepted(runtime, row["id"], name, found.reference, units, status)
    elif found is not None:
        with runtime.database.autocommit() as connection:
            connection.execute(_NEVER_SENT, {"id": row["id"], "attempts": row["attempts"]})


def _find(provider: FindsMessages, notification_id: uuid.UUID) -> Accepted | NotSent | None:
    try:
        return provider.find(notification_id)
    except Exception:
        log.exception("provider_raised", extra={"notification_id": str(notification_id)})
        return None


def time_out_sending(runtime: Runtime) -> int:
    """Give up on receipts that have not come in 72 hours (contract), and tell the services. Returns how many."""
    total = 0
    while True:
        values = {"after": TIME_OUT_AFTER.total_seconds(), "batch": _BATCH}
        with runtime.unit_of_work() as work:
            connection = work.session.connection()
            reports = [StatusReport.of(row) for row in connection.execute(_TIME_OUT, values).mappings()]
            outbox = delivery_status_rows(runtime, reports)
            insert_callbacks(connection, outbox)
        publish_callbacks(runtime, outbox)
        total += len(reports)
        if len(reports) < _BATCH:
            break
    if total:
        SWEPT.labels("timed-out").inc(total)
        log.warning("receipts_timed_out", extra={"messages": total})
    return total
