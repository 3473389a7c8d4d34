"""Counting a day's messages into facts, so that no page counts the message table."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, insert, literal, select, text, union_all
from sqlalchemy.dialects.postgresql import insert as upsert

from api.contract import KeyType
from api.core.days import identifiers_of_day, local_day
from api.core.notifications.models import Notification, NotificationHistory
from api.core.statistics.models import NO_JOB, ProcessingTimeFact, StatusFact
from api.runtime import Runtime

# A status can change until the 72-hour time-out: the days that may still move.
DAYS_THAT_MOVE = 5
_LOCK = 7_110_672


def refresh_statistics(runtime: Runtime, days: list[date]) -> None:
    """Count these days again; the same result however often it runs."""
    for day in days:
        _count_statuses(runtime, day)
        _count_processing_time(runtime, day)


def moving_days(runtime: Runtime, now: datetime | None = None) -> list[date]:
    """Today and the days before whose counts may still change, newest first."""
    today = local_day(now or datetime.now(UTC), runtime.timezone)
    return [today - timedelta(days=back) for back in range(DAYS_THAT_MOVE)]


def _count_statuses(runtime: Runtime, day: date) -> None:
    both = union_all(
        _statuses(Notification, day, runtime), _statuses(NotificationHistory, day, runtime)
    ).subquery()
    keys = [both.c[name] for name in _STATUS_KEYS]
    counts = select(literal(day), *keys, func.sum(both.c.notification_count)).group_by(*keys)
    with runtime.unit_of_work() as work:
        # Two runs at once would delete and insert the same rows.
        work.session.execute(
            text("SELECT pg_advisory_xact_lock(:lock, :day)"), {"lock": _LOCK, "day": day.toordinal()}
        )
        work.session.execute(delete(StatusFact).where(StatusFact.day == day))
        work.session.execute(
            insert(StatusFact).from_select(["day", *_STATUS_KEYS, "notification_count"], counts)
        )


_STATUS_KEYS = (
    "service_id",
    "template_id",
    "job_id",
    "notification_type",
    "key_type",
    "notification_status",
)


def _statuses(
    table: type[Notification] | type[NotificationHistory], day: date, runtime: Runtime
) -> Select[*tuple[Any, ...]]:
    low, high = identifiers_of_day(day, runtime.timezone)
    columns = (
        table.service_id,
        table.template_id,
        func.coalesce(table.job_id, NO_JOB).label("job_id"),
        table.notification_type,
        table.key_type,
        table.status.label("notification_status"),
    )
    return (
        select(*columns, func.count().label("notification_count"))
        .where(table.id >= low, table.id < high, table.key_type != KeyType.TEST)
        .group_by(*columns)
    )


def _count_processing_time(runtime: Runtime, day: date) -> None:
    low, high = identifiers_of_day(day, runtime.timezone)
    within = func.count().filter(Notification.sent_at - Notification.created_at <= timedelta(seconds=10))
    query = select(func.count(), within).where(
        Notification.id >= low,
        Notification.id < high,
        Notification.api_key_id.is_not(None),
        Notification.key_type != KeyType.TEST,
        Notification.scheduled_for.is_(None),
        Notification.sent_at.is_not(None),
    )
    with runtime.unit_of_work() as work:
        total, in_time = work.session.execute(query).one()
        statement = upsert(ProcessingTimeFact).values(
            day=day, messages_total=total, messages_within_10_secs=in_time
        )
        work.session.execute(
            statement.on_conflict_do_update(
                index_elements=["day"],
                set_={
                    "messages_total": func.greatest(
                        ProcessingTimeFact.messages_total, statement.excluded.messages_total
                    ),
                    "messages_within_10_secs": func.greatest(
                        ProcessingTimeFact.messages_within_10_secs, statement.excluded.messages_within_10_secs
                    ),
                },
            )
        )
