"""What is billed, by day (billable statuses and units: contract; amounts: design D13)."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, delete, func, insert, or_, select, text, union_all

from api.contract import Channel, KeyType, Status
from api.core.billing.models import BillingFact, Rate
from api.core.billing.prices import EVERYWHERE, Price, PriceList
from api.core.billing.queries import all_rates
from api.core.command_errors import InvalidValueError
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
_COLUMNS = (
    "day",
    "service_id",
    "template_id",
    "notification_type",
    "provider",
    "international",
    "destination",
    "rate_multiplier",
    "rate",
    "billable_units",
    "notifications_sent",
)


class RateInPastError(Exception):
    """A new price may not change what was billed already."""


def set_rate(
    runtime: Runtime,
    channel: Channel,
    valid_from: datetime,
    ten_thousandths: int,
    destination: str = EVERYWHERE,
) -> Rate:
    """Price of one unit from `valid_from` on. Raises `RateInPastError`, `InvalidValueError`."""
    names = _names_of(runtime, destination)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with runtime.unit_of_work() as work:
        has_rates = work.session.scalar(
            select(func.count()).where(Rate.notification_type == channel, Rate.destination.in_(names))
        )
        if has_rates and valid_from < yesterday:
            raise RateInPastError(f"{valid_from:%Y-%m-%d} is over; choose a day from today on")
        rate = Rate(
            notification_type=channel, destination=destination, valid_from=valid_from, rate=ten_thousandths
        )
        work.session.add(rate)
    return rate


def _names_of(runtime: Runtime, destination: str) -> tuple[str, ...]:
    """Under which a message there may have been billed until now."""
    if destination == EVERYWHERE:
        return (EVERYWHERE,)
    names = runtime.slots.rates.price_names(destination)
    if not names:
        raise InvalidValueError(
            f"{destination!r} is no place that prices tell apart: docs/patches/fr_rates.md lists those of the "
            "French patch, and without patches there are none",
            field="destination",
        )
    return (*names, EVERYWHERE)


def refresh_billing(runtime: Runtime, days: list[date]) -> None:
    """Count these days' billable messages again; the same result however often it runs."""
    for day in days:
        _count_day(runtime, day)


def _count_day(runtime: Runtime, day: date) -> None:
    midnight = start_of_day(day, runtime.timezone)
    with runtime.unit_of_work() as work:
        # Two runs at once would delete and insert the same rows.
        work.session.execute(
            text("SELECT pg_advisory_xact_lock(:lock, :day)"), {"lock": _LOCK, "day": day.toordinal()}
        )
        prices = PriceList(runtime.slots.rates, all_rates(work.session.connection(), Channel.SMS))
        both = union_all(_billable(Notification, day, runtime), _billable(NotificationHistory, day, runtime))
        facts: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
        for *common, destination, multiplier, units, messages in work.session.execute(both):
            price = prices.find(destination, multiplier, midnight) or Price(0, multiplier)
            fact = facts[*common, destination, price.multiplier, price.rate]
            fact[0] += units
            fact[1] += messages
        work.session.execute(delete(BillingFact).where(BillingFact.day == day))
        rows = [dict(zip(_COLUMNS, (day, *key, *counts), strict=True)) for key, counts in facts.items()]
        if rows:
            work.session.execute(insert(BillingFact), rows)


def _billable(
    table: type[Notification] | type[NotificationHistory], day: date, runtime: Runtime
) -> Select[*tuple[Any, ...]]:
    low, high = identifiers_of_day(day, runtime.timezone)
    columns = (
        table.service_id,
        table.template_id,
        table.notification_type,
        func.coalesce(table.sent_by, "").label("provider"),
        table.international,
        func.coalesce(table.destination, EVERYWHERE).label("destination"),
        func.coalesce(table.rate_multiplier, 1).label("rate_multiplier"),
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
