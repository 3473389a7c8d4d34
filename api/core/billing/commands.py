"""What is billed, by day (billable statuses and units: contract; amounts: design D13)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, delete, func, insert, literal, or_, select, text, union_all

from api.contract import Channel, KeyType, Status
from api.core.billing.models import BillingFact, Rate
from api.core.billing.queries import find_rate
from api.core.days import identifiers_of_day, start_of_day
from api.core.notifications.models import Notification, NotificationHistory
from api.runtime import Runtime

BILLABLE_SMS = (
    Status.SENDING,
    Status.SENT,
    Status.DELIVERED,
    Status.PENDING,
    Status.TEMPORARY_FAILURE,
    Status.PERMANENT_FAILURE,
)
BILLABLE_EMAIL = (Status.SENDING, Status.DELIVERED, Status.TEMPORARY_FAILURE, Status.PERMANENT_FAILURE)
_LOCK = 7_110_673
_KEYS = ("service_id", "template_id", "notification_type", "provider", "rate_multiplier", "international")


class RateInPastError(Exception):
    """A new price may not change what was billed already."""


def set_rate(runtime: Runtime, channel: Channel, valid_from: datetime, ten_thousandths: int) -> Rate:
    """Price of one unit from `valid_from` on. Raises `RateInPastError`."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with runtime.unit_of_work() as work:
        has_rates = work.session.scalar(select(func.count()).where(Rate.notification_type == channel))
        if has_rates and valid_from < yesterday:
            raise RateInPastError(f"{valid_from:%Y-%m-%d} is over; choose a day from today on")
        rate = Rate(notification_type=channel, valid_from=valid_from, rate=ten_thousandths)
        work.session.add(rate)
    return rate


def refresh_billing(runtime: Runtime, days: list[date]) -> None:
    """Count these days' billable messages again; the same result however often it runs."""
    for day in days:
        _count_day(runtime, day)


def _count_day(runtime: Runtime, day: date) -> None:
    with runtime.unit_of_work() as work:
        rate = (
            find_rate(work.session.connection(), Channel.SMS, start_of_day(day, runtime.settings.timezone))
            or 0
        )
        both = union_all(
            _billable(Notification, day, runtime), _billable(NotificationHistory, day, runtime)
        ).subquery()
        keys = [both.c[name] for name in _KEYS]
        counts = select(
            literal(day),
            *keys,
            literal(rate),
            func.sum(both.c.billable_units),
            func.sum(both.c.notifications_sent),
        ).group_by(*keys)
        work.session.execute(
            text("SELECT pg_advisory_xact_lock(:lock, :day)"), {"lock": _LOCK, "day": day.toordinal()}
        )
        work.session.execute(delete(BillingFact).where(BillingFact.day == day))
        work.session.execute(
            insert(BillingFact).from_select(
                ["day", *_KEYS, "rate", "billable_units", "notifications_sent"], counts
            )
        )


def _billable(
    table: type[Notification] | type[NotificationHistory], day: date, runtime: Runtime
) -> Select[*tuple[Any, ...]]:
    low, high = identifiers_of_day(day, runtime.settings.timezone)
    columns = (
        table.service_id,
        table.template_id,
        table.notification_type,
        func.coalesce(table.sent_by, "").label("provider"),
        func.coalesce(table.rate_multiplier, 1).label("rate_multiplier"),
        table.international,
    )
    return (
        select(
            *columns,
            func.sum(table.billable_units).label("billable_units"),
            func.count().label("notifications_sent"),
        )
        .where(
            table.id >= low,
            table.id < high,
            table.key_type != KeyType.TEST,
            or_(
                and_(table.notification_type == Channel.SMS, table.status.in_(BILLABLE_SMS)),
                and_(table.notification_type == Channel.EMAIL, table.status.in_(BILLABLE_EMAIL)),
            ),
        )
        .group_by(*columns)
    )
