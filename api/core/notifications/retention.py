"""Forgetting people: messages leave for the anonymous history when their retention is over, and everything else that
names somebody goes with them. Small atomic steps, so that it can be stopped anywhere and run twice.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Delete, delete, func, insert, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from api.contract import Channel, JobStatus, KeyType
from api.core.callbacks.models import CallbackDelivery
from api.core.complaints.models import Complaint
from api.core.days import local_day, start_of_day
from api.core.events.models import Event
from api.core.inbound.models import InboundSms
from api.core.jobs.models import Job
from api.core.notifications.models import Notification, NotificationHistory, UnsubscribeRequest
from api.core.services.models import DataRetention
from api.core.suppressions.commands import delete_expired_suppressions
from api.db.engine import Database
from api.db.ids import first_uuid7_of, moment_of
from api.db.partitions import create_partitions, drop_empty_partitions_before, drop_partitions_before
from api.runtime import Runtime

BATCH = 10_000
UNSUBSCRIBE_DAYS = 90
CALLBACK_LOG_DAYS = 30
AUDIT_DAYS = 52 * 7
EVENT_DAYS = 90
_HISTORY_COLUMNS = [column.name for column in NotificationHistory.__table__.columns]


def delete_expired(runtime: Runtime, now: datetime | None = None) -> dict[str, int]:
    """Everything whose time is over; returns how many rows each kind lost."""
    now = now or datetime.now(UTC)
    removed = {
        "notifications": sum(_move_expired(runtime, now)),
        "inbound_sms": sum(_delete_expired_texts(runtime, now)),
        "jobs": _forget_job_files(runtime, now),
    }
    for table, column, days in (
        (Complaint, Complaint.id, runtime.settings.history_retention_days),
        (UnsubscribeRequest, UnsubscribeRequest.id, UNSUBSCRIBE_DAYS),
        (CallbackDelivery, CallbackDelivery.id, CALLBACK_LOG_DAYS),
        (Event, Event.id, AUDIT_DAYS),
    ):
        old = column < first_uuid7_of(now - timedelta(days=days))
        removed[table.__tablename__] = sum(_delete_in_batches(runtime.database, column, old))
    removed["suppressions"] = delete_expired_suppressions(runtime, now)
    maintain_partitions(runtime, now)
    return removed


def maintain_partitions(runtime: Runtime, now: datetime | None = None) -> None:
    """Weeks to come are made, weeks that nobody needs are dropped."""
    now = now or datetime.now(UTC)
    with runtime.database.engine.begin() as connection:
        create_partitions(connection, now)
        drop_empty_partitions_before(connection, "notifications", now - timedelta(days=7))
        history = timedelta(days=runtime.settings.history_retention_days)
        drop_partitions_before(connection, "notification_history", now - history)
        drop_partitions_before(connection, "notification_events", now - timedelta(days=EVENT_DAYS))


def expiry_bound(runtime: Runtime, days: int, now: datetime) -> uuid.UUID:
    """Identifiers below it are older than `days`, counted from local midnight."""
    today = local_day(now, runtime.timezone)
    return first_uuid7_of(start_of_day(today - timedelta(days=days), runtime.timezone))


def _retentions(
    runtime: Runtime, channel: Channel
) -> Iterator[tuple[int, list[uuid.UUID] | None, list[uuid.UUID]]]:
    """`(days, only these services, or all but those)`: the default first, then each choice of services."""
    with runtime.database.autocommit() as connection:
        rows = connection.execute(
            select(DataRetention.days, func.array_agg(DataRetention.service_id))
            .where(DataRetention.notification_type == channel)
            .group_by(DataRetention.days)
        ).all()
    chosen = [service_id for _, services in rows for service_id in services]
    yield runtime.settings.default_retention_days, None, chosen
    for days, services in rows:
        yield days, list(services), []


def _belongs(
    column: InstrumentedAttribute[uuid.UUID], only: list[uuid.UUID] | None, but: list[uuid.UUID]
) -> ColumnElement[bool]:
    return column.in_(only) if only is not None else column.not_in(but)


def _move_expired(runtime: Runtime, now: datetime) -> Iterator[int]:
    for channel in (Channel.EMAIL, Channel.SMS, Channel.LETTER):
        for days, only, but in _retentions(runtime, channel):
            bound = expiry_bound(runtime, days, now)
            expired = (
                (Notification.id < bound)
                & (Notification.notification_type == channel)
                & _belongs(Notification.service_id, only, but)
                # What was put off to a later day must be sent first.
                & or_(Notification.scheduled_for.is_(None), Notification.scheduled_for < moment_of(bound))
            )
            yield from _move_in_batches(runtime.database, expired)


def _move_in_batches(database: Database, expired: ColumnElement[bool]) -> Iterator[int]:
    """One statement a batch: rows are in one table or the other, never in none. Test messages leave no trace."""
    batch = select(Notification.id).where(expired).order_by(Notification.id).limit(BATCH)
    gone = (
        delete(Notification).where(Notification.id.in_(batch)).returning(Notification.__table__).cte("gone")
    )
    kept = select(*(gone.c[name] for name in _HISTORY_COLUMNS)).where(gone.c.key_type != KeyType.TEST)
    moved = (
        insert(NotificationHistory)
        .from_select(_HISTORY_COLUMNS, kept)
        .returning(NotificationHistory.id)
        .cte("moved")
    )
    statement = select(select(func.count()).select_from(gone).scalar_subquery()).add_cte(moved)
    while True:
        with database.autocommit() as connection:
            count = connection.scalar(statement) or 0
        yield count
        if count < BATCH:
            return


def _delete_expired_texts(runtime: Runtime, now: datetime) -> Iterator[int]:
    for days, only, but in _retentions(runtime, Channel.SMS):
        expired = (InboundSms.id < expiry_bound(runtime, days, now)) & _belongs(
            InboundSms.service_id, only, but
        )
        yield from _delete_in_batches(runtime.database, InboundSms.id, expired)


def _delete_in_batches(
    database: Database, column: InstrumentedAttribute[uuid.UUID], expired: ColumnElement[bool]
) -> Iterator[int]:
    batch = select(column).where(expired).limit(BATCH)
    statement: Delete = delete(column.class_).where(column.in_(batch))
    while True:
        with database.autocommit() as connection:
            count = connection.execute(statement).rowcount
        yield count
        if count < BATCH:
            return


def _forget_job_files(runtime: Runtime, now: datetime) -> int:
    """The recipients' file of a job goes when its messages do."""
    bound = expiry_bound(runtime, runtime.settings.default_retention_days, now)
    unfinished = (JobStatus.PENDING, JobStatus.IN_PROGRESS, JobStatus.SCHEDULED)
    with runtime.unit_of_work() as work:
        jobs = work.session.scalars(
            select(Job)
            .where(Job.id < bound, Job.archived.is_(False), Job.job_status.not_in(unfinished))
            .limit(BATCH)
        ).all()
        for job in jobs:
            runtime.objects.delete(f"jobs/{job.id}")
            job.archived = True
    return len(jobs)
