"""The statements that move a message from `created` to its provider's answer (design D5): one round trip each.

`attempts` fences them: it is what the claim returned, so that a worker that lost its claim changes nothing.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.exc import InterfaceError, OperationalError

from api.contract import Status
from api.core.callbacks.commands import (
    REPORTED_STATUSES,
    STATUS_REPORT_COLUMNS,
    StatusReport,
    delivery_status_rows,
    insert_callbacks,
    publish_callbacks,
)
from api.db.engine import Database
from api.db.ids import uuid7
from api.metrics import COMPLETED
from api.runtime import Runtime

Result = TypeVar("Result")

# PostgreSQL that restarts is back in seconds; what a provider answered must not be forgotten meanwhile.
_WAITS_SECONDS: Final = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker alone may send now. The fields are columns of `notifications`."""

    id: uuid.UUID
    service_id: uuid.UUID
    template_id: uuid.UUID
    template_version: int
    notification_type: str
    key_type: str
    to: str
    normalised_to: str
    personalisation: bytes | None
    reply_to_text: str | None
    unsubscribe_link: str | None
    international: bool
    phone_prefix: str | None
    attempts: int
    created_at: datetime
    scheduled_for: datetime | None
    suppression: str | None = None  # the reason, when the recipient gets nothing more; not a column


CLAIMED_COLUMNS: Final = ", ".join(
    f'"{field.name}"' for field in fields(Claimed) if field.name != "suppression"
)
_CLAIM: Final = text(
    "UPDATE notifications SET status = 'sending', claimed_at = now(), updated_at = now(), "  # noqa: S608
    "attempts = attempts + 1, sent_by = :provider WHERE id = :id AND status = 'created' RETURNING "
    + CLAIMED_COLUMNS
    + ", (SELECT reason FROM suppressions WHERE suppressions.channel = notifications.notification_type"
    " AND suppressions.recipient = notifications.normalised_to AND key_type <> 'test') AS suppression"
)
_ASK_ANOTHER: Final = text(
    "UPDATE notifications SET sent_by = :provider WHERE id = :id AND status = 'sending' AND attempts = :attempts"
)
# A receipt may have come first: its status stays.
_ACCEPT: Final = """
    UPDATE notifications SET sent_at = coalesce(sent_at, now()), sent_by = :provider,
        reference = coalesce(:reference, reference), billable_units = :units, outcome_unknown = false, due_at = NULL,
        updated_at = CASE WHEN status IN ('created', 'sending') THEN now() ELSE updated_at END,
        status = CASE WHEN status IN ('created', 'sending') THEN :status ELSE status END
    WHERE id = :id
"""
_ACCEPTED: Final = text(_ACCEPT)
_ACCEPTED_AND_ENDED: Final = text(_ACCEPT + f"RETURNING {STATUS_REPORT_COLUMNS}")
_UNKNOWN: Final = text("""
    WITH marked AS (
        UPDATE notifications SET outcome_unknown = true, billable_units = :units, updated_at = now(),
            due_at = now() + make_interval(secs => :ask_after)
        WHERE id = :id AND status = 'sending' AND attempts = :attempts RETURNING id
    )
    INSERT INTO notification_events (id, notification_id, kind, provider, detail)
    SELECT :event_id, id, 'outcome-unknown', :provider, :detail FROM marked
""")
_GIVE_BACK: Final = text("""
    UPDATE notifications SET status = 'created', due_at = :due_at, sent_by = NULL, updated_at = now()
    WHERE id = :id AND status = 'sending' AND attempts = :attempts AND sent_at IS NULL
""")
# The attempt does not count: nobody was asked.
_HOLD: Final = text("""
    WITH held AS (
        UPDATE notifications SET status = 'created', scheduled_for = :until, due_at = :until, sent_by = NULL,
            claimed_at = NULL, outcome_unknown = false, attempts = attempts - 1, updated_at = now()
        WHERE id = :id AND status = 'sending' AND attempts = :attempts AND sent_at IS NULL RETURNING id
    )
    INSERT INTO notification_events (id, notification_id, kind, detail)
    SELECT :event_id, id, 'held', :detail FROM held
""")
_FINISH: Final = text(f"""
    UPDATE notifications SET status = :status, updated_at = now(), due_at = NULL, outcome_unknown = false,
        sent_by = :provider
    WHERE id = :id AND status IN ('created', 'sending', 'pending', 'sent') AND attempts = :attempts
    RETURNING {STATUS_REPORT_COLUMNS}
""")  # noqa: S608
_EVENT: Final = text(
    "INSERT INTO notification_events (id, notification_id, kind, provider, detail) "
    "VALUES (:id, :notification_id, :kind, :provider, :detail)"
)


def patiently(action: Callable[[], Result]) -> Result:
    """Try again for half a minute while PostgreSQL is away; then raise what it said."""
    for wait in _WAITS_SECONDS:
        try:
            return action()
        except (OperationalError, InterfaceError) as error:
            if not (error.connection_invalidated or _is_away(error)):
                raise
            time.sleep(wait)
    return action()


def _is_away(error: OperationalError | InterfaceError) -> bool:
    """No SQLSTATE: the server did not answer; class 57P: it starts or stops."""
    code = getattr(error.orig, "pgcode", None)
    return code is None or code.startswith("57P")


def claim(database: Database, notification_id: uuid.UUID, provider: str | None) -> Claimed | None:
    """None when another worker has it, or had it. `provider` is who will be asked, should this worker die."""
    row = _one(database, _CLAIM, {"id": notification_id, "provider": provider})
    return None if row is None else Claimed(*row.values())


def record_asking(database: Database, message: Claimed, provider: str) -> None:
    """Another provider than the one named in the claim is about to be asked."""
    values = {"id": message.id, "attempts": message.attempts, "provider": provider}
    patiently(lambda: _run(database, _ASK_ANOTHER, values))


def record_accepted(
    runtime: Runtime, message_id: uuid.UUID, provider: str, reference: str | None, units: int, status: Status
) -> None:
    """A status that ends the message is told to its service."""
    values = {
        "id": message_id,
        "provider": provider,
        "reference": reference,
        "units": units,
        "status": str(status),
    }
    if status not in REPORTED_STATUSES:
        patiently(lambda: _run(runtime.database, _ACCEPTED, values))
        return

    def write() -> list[dict[str, Any]]:
        with runtime.unit_of_work() as work:
            connection = work.session.connection()
            row = connection.execute(_ACCEPTED_AND_ENDED, values).mappings().one_or_none()
            outbox = [] if row is None else delivery_status_rows(runtime, [StatusReport.of(row)])
            insert_callbacks(connection, outbox)
        return outbox

    publish_callbacks(runtime, patiently(write))


def record_unknown(
    database: Database, message: Claimed, provider: str, detail: str, units: int, ask_after_seconds: int
) -> None:
    values = {
        "id": message.id,
        "attempts": message.attempts,
        "provider": provider,
        "detail": detail,
        "units": units,
        "ask_after": ask_after_seconds,
        "event_id": uuid7(),
    }
    patiently(lambda: _run(database, _UNKNOWN, values))


def give_back(database: Database, message: Claimed, due_at: datetime) -> None:
    """It surely was not sent: to be tried again at `due_at`, when the sweep publishes it."""
    values = {"id": message.id, "attempts": message.attempts, "due_at": due_at}
    patiently(lambda: _run(database, _GIVE_BACK, values))


def hold(database: Database, message: Claimed, until: datetime, detail: str) -> None:
    """It waits for the end of quiet hours; the worker that claimed it must leave it alone from now on."""
    values = {
        "id": message.id,
        "attempts": message.attempts,
        "until": until,
        "detail": detail,
        "event_id": uuid7(),
    }
    patiently(lambda: _run(database, _HOLD, values))


def finish(
    runtime: Runtime, message: Claimed, status: Status, *, kind: str, detail: str, provider: str | None = None
) -> None:
    """Give the message its last status, with an event and the callback, all or nothing.

    `provider` is who had it; None: nobody took it.
    """

    def write() -> list[dict[str, Any]]:
        with runtime.unit_of_work() as work:
            connection = work.session.connection()
            values = {
                "id": message.id,
                "status": str(status),
                "attempts": message.attempts,
                "provider": provider,
            }
            row = connection.execute(_FINISH, values).mappings().one_or_none()
            if row is None:
                return []
            record_event(connection, message.id, kind, provider, detail)
            outbox = delivery_status_rows(runtime, [StatusReport.of(row)])
            insert_callbacks(connection, outbox)
        return outbox

    publish_callbacks(runtime, patiently(write))
    observe_completion(message.notification_type, status, message.created_at, message.scheduled_for)


def observe_completion(
    channel: str, status: str, created_at: datetime, scheduled_for: datetime | None = None
) -> None:
    seconds = (datetime.now(UTC) - (scheduled_for or created_at)).total_seconds()
    COMPLETED.labels(channel, status).observe(seconds)


def record_event(
    connection: Connection, notification_id: uuid.UUID, kind: str, provider: str | None, detail: str | None
) -> None:
    """`detail` holds nothing personal."""
    values = {
        "id": uuid7(),
        "notification_id": notification_id,
        "kind": kind,
        "provider": provider,
        "detail": detail,
    }
    connection.execute(_EVENT, values)


def _run(database: Database, statement: Any, values: Mapping[str, Any]) -> None:
    with database.autocommit() as connection:
        connection.execute(statement, values)


def _one(database: Database, statement: Any, values: Mapping[str, Any]) -> RowMapping | None:
    with database.autocommit() as connection:
        return connection.execute(statement, values).mappings().one_or_none()
