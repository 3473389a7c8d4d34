"""Posting to services: one claim, one request, one answer written down (contract: service callbacks)."""

import logging
import uuid
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import text

from api.contract import CallbackType
from api.core.callbacks.commands import CALLBACK_PAYLOAD, publish_callbacks
from api.core.callbacks.posting import Outcome, post_json
from api.core.callbacks.rules import next_try
from api.metrics import CALLBACKS
from api.runtime import Runtime

log = logging.getLogger(__name__)

_BATCH: Final = 500
_MOST_BATCHES: Final = 50
# Longer than a post can take: what a worker that died had claimed comes due again.
_LEASE_SECONDS: Final = 120

# `attempts` is the message's own count: of two copies of one message, one wins.
_CLAIM: Final = text("""
    UPDATE callback_deliveries SET attempts = attempts + 1, updated_at = now(),
        due_at = now() + make_interval(secs => :lease)
    WHERE id = :id AND status = 'pending' AND attempts = :attempts
    RETURNING service_id, callback_type, payload, attempts
""")
_RECORD: Final = text("""
    UPDATE callback_deliveries SET status = :status, due_at = :due_at, last_http_status = :http_status,
        last_error = :error, updated_at = now()
    WHERE id = :id AND status = 'pending'
""")
_TAKE_DUE: Final = text("""
    UPDATE callback_deliveries SET due_at = now() + make_interval(secs => :after)
    WHERE id = ANY(ARRAY(
        SELECT id FROM callback_deliveries WHERE status = 'pending' AND due_at <= now()
        ORDER BY due_at LIMIT :batch FOR UPDATE SKIP LOCKED
    )) AND status = 'pending'
    RETURNING id, attempts
""")


def send_callback(runtime: Runtime, callback_id: uuid.UUID, attempts: int) -> None:
    """Does nothing when another worker has it. `attempts` is how many there were when the message was published."""
    with runtime.database.autocommit() as connection:
        values: dict[str, Any] = {"id": callback_id, "attempts": attempts, "lease": _LEASE_SECONDS}
        row = connection.execute(_CLAIM, values).one_or_none()
    if row is None:
        return
    service = runtime.services.find(row.service_id)
    callback = service.callbacks.get(CallbackType(row.callback_type)) if service else None
    if callback is None:
        outcome = Outcome(error="the service has no such callback any more")
    else:
        payload = runtime.keyring.open(CALLBACK_PAYLOAD, row.payload)
        settings = runtime.settings
        outcome = post_json(
            callback.url,
            payload,
            callback.bearer_token,
            timeout_seconds=settings.callback_timeout_seconds,
            allow_insecure=settings.allow_insecure_callbacks,
        )
    _record(runtime, callback_id, row.callback_type, row.attempts, outcome)


def _record(
    runtime: Runtime, callback_id: uuid.UUID, callback_type: str, attempts: int, outcome: Outcome
) -> None:
    due_at = None
    if outcome.is_retryable:
        due_at = next_try(datetime.now(UTC), attempts, runtime.settings.callback_retry_seconds)
    status = "delivered" if outcome.is_success else "pending" if due_at else "failed"
    values = {
        "id": callback_id,
        "status": status,
        "due_at": due_at,
        "http_status": outcome.http_status,
        "error": outcome.error,
    }
    with runtime.database.autocommit() as connection:
        connection.execute(_RECORD, values)
    CALLBACKS.labels(callback_type, "delivered" if outcome.is_success else "failed").inc()
    if not outcome.is_success:
        log.warning(
            "callback_not_delivered",
            extra={
                "callback_id": str(callback_id),
                "http_status": outcome.http_status,
                "error": outcome.error,
                "attempts": attempts,
                "status": status,
            },
        )


def republish_due_callbacks(runtime: Runtime) -> int:
    """Put callbacks that are due on the queue: retries, and what a queue lost. Returns how many."""
    total = 0
    for _ in range(_MOST_BATCHES):
        values = {"after": runtime.settings.republish_after_seconds, "batch": _BATCH}
        with runtime.database.autocommit() as connection:
            rows = connection.execute(_TAKE_DUE, values).mappings().all()
        for attempts in {row["attempts"] for row in rows}:
            publish_callbacks(runtime, [row for row in rows if row["attempts"] == attempts], attempts)
        total += len(rows)
        if len(rows) < _BATCH:
            break
    return total
