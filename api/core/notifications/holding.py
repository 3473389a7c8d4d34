"""Texts that wait for the end of their service's quiet hours (slot `sending_hours`).

A text that waits is a scheduled one: `created`, with `scheduled_for` and `due_at` at its release, when the sweep publishes
it (ADR 0004). An event `held`, at the moment from which it waits, says until when and why; an event `released` lets it
pass, whatever the hour.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from api.contract import Channel, KeyType, Status
from api.core.events.commands import Actor, record_event
from api.core.notifications.insert import NewNotification
from api.core.services.directory import KnownService
from api.core.services.models import Service
from api.db.engine import Database
from api.db.ids import uuid7
from api.metrics import HELD
from api.runtime import Runtime
from notifications_utils.sending_hours import Hold

_BATCH: Final = 1000
# What is held when it is accepted has its own identifier for that of the event: accepting twice tells once.
_TELL: Final = text(
    "INSERT INTO notification_events (id, notification_id, kind, detail, created_at) "
    "VALUES (:id, :id, 'held', :detail, :since) ON CONFLICT DO NOTHING"
)
_IS_RELEASED: Final = (
    "EXISTS (SELECT FROM notification_events WHERE notification_id = {id} AND kind = 'released')"
)
_WAS_RELEASED: Final = text(f"SELECT {_IS_RELEASED.format(id=':id')}")
_HELD: Final = f"""
    SELECT notifications.id, greatest(now(), max(held.created_at)) AS ready_at
    FROM notifications JOIN notification_events AS held ON held.notification_id = notifications.id
    WHERE service_id = :service_id AND status = 'created' AND due_at > now() AND scheduled_for > now()
        AND held.kind = 'held' AND NOT {_IS_RELEASED.format(id="notifications.id")}
    GROUP BY notifications.id
"""  # noqa: S608 - constants
_COUNT: Final = text(f"SELECT count(*) FROM ({_HELD}) AS waiting")  # noqa: S608
_RELEASE: Final = text(f"""
    WITH waiting AS MATERIALIZED ({_HELD} LIMIT :batch)
    UPDATE notifications SET scheduled_for = ready_at, due_at = ready_at
    FROM waiting WHERE notifications.id = waiting.id AND notifications.id = ANY(ARRAY(SELECT id FROM waiting))
        AND status = 'created'
    RETURNING notifications.id
""")  # noqa: S608
_TELL_RELEASE: Final = text(
    "INSERT INTO notification_events (id, notification_id, kind) VALUES (:id, :notification_id, 'released')"
)


def find_hold(
    runtime: Runtime, service: KnownService, key_type: str, e164_digits: str, moment: datetime
) -> Hold | None:
    """Until when a text that is ready at `moment` waits; None: it may go out. Whether it is urgent, the caller knows."""
    if service.quiet_hours is None or key_type == KeyType.TEST:
        return None
    return runtime.slots.sending_hours.hold(moment, e164_digits, service.quiet_hours, runtime.slots.calendar)


def describe(hold: Hold) -> str:
    return f"until {hold.until:%Y-%m-%d %H:%M} UTC: {hold.reason}"


def record_hold(database: Database, notification_id: uuid.UUID, hold: Hold) -> None:
    """Of a message that is about to be stored: an event without a message harms nobody, the reverse cannot be released."""
    with database.autocommit() as connection:
        connection.execute(_TELL, _event(notification_id, hold))
    HELD.inc()


def hold_back(
    runtime: Runtime, service: KnownService, messages: Sequence[NewNotification]
) -> Sequence[NewNotification]:
    """The new messages of one template, those that must wait put off. Nothing is done for most services."""
    if service.quiet_hours is None or messages[0].notification_type != Channel.SMS:
        return messages
    if is_urgent(runtime, service.id, messages[0].template_id):
        return messages
    holds = {
        message.id: hold
        for message in messages
        if message.status == Status.CREATED
        and (hold := find_hold(runtime, service, message.key_type, message.normalised_to, message.created_at))
    }
    if holds:
        events = [_event(notification_id, hold) for notification_id, hold in holds.items()]
        with runtime.database.autocommit() as connection:
            connection.execute(_TELL, events)
        HELD.inc(len(holds))
    return [
        replace(message, scheduled_for=holds[message.id].until, due_at=holds[message.id].until)
        if message.id in holds
        else message
        for message in messages
    ]


def is_urgent(runtime: Runtime, service_id: uuid.UUID, template_id: uuid.UUID) -> bool:
    """As the template is now: a version may have been read before it became urgent."""
    template = runtime.templates.find_latest(service_id, template_id)
    return template is not None and template.is_urgent


def was_released(database: Database, notification_id: uuid.UUID) -> bool:
    with database.autocommit() as connection:
        return bool(connection.scalar(_WAS_RELEASED, {"id": notification_id}))


def count_held(session: Session, service: Service) -> int:
    return session.scalar(_COUNT, {"service_id": service.id}) or 0


def release_held(runtime: Runtime, service_id: uuid.UUID, actor: Actor) -> int:
    """Let what waits go out now, or at the time that its caller chose. Returns how many; the sweep publishes them."""
    total = 0
    while released := _release_batch(runtime, service_id):
        total += released
    if total:
        with runtime.unit_of_work() as work:
            record_event(
                work.session,
                actor,
                "service.held_messages_released",
                service_id=service_id,
                subject_id=service_id,
                messages=total,
            )
    return total


def _release_batch(runtime: Runtime, service_id: uuid.UUID) -> int:
    with runtime.unit_of_work() as work:
        connection = work.session.connection()
        ids = connection.scalars(_RELEASE, {"service_id": service_id, "batch": _BATCH}).all()
        if ids:
            events = [{"id": uuid7(), "notification_id": notification_id} for notification_id in ids]
            connection.execute(_TELL_RELEASE, events)
    return len(ids)


def _event(notification_id: uuid.UUID, hold: Hold) -> Mapping[str, Any]:
    return {"id": notification_id, "detail": describe(hold), "since": hold.since}
