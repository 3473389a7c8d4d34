"""Prices in force, and what was billed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, extract, func, select

from api.contract import Channel
from api.core.billing.models import BillingFact, Rate


@dataclass(frozen=True, slots=True)
class RateRow:
    """A price in ten-thousandths; `destination` is empty for the default one."""

    valid_from: datetime
    rate: int
    destination: str


@dataclass(frozen=True, slots=True)
class MonthlyUsage:
    """`fragments` of text messages, not multiplied; `cost` in ten-thousandths."""

    year: int
    month: int
    channel: str
    destination: str
    messages: int
    fragments: int
    cost: int


def find_rate(connection: Connection, channel: Channel, moment: datetime) -> int | None:
    """The default price at that moment in ten-thousandths for one unit, or None when none was set by then."""
    return connection.scalar(
        select(Rate.rate)
        .where(Rate.notification_type == channel, Rate.destination == "", Rate.valid_from <= moment)
        .order_by(Rate.valid_from.desc())
        .limit(1)
    )


def all_rates(connection: Connection, channel: Channel) -> Sequence[RateRow]:
    """Every price with the moment it begins, newest first."""
    rows = connection.execute(
        select(Rate.valid_from, Rate.rate, Rate.destination)
        .where(Rate.notification_type == channel)
        .order_by(Rate.valid_from.desc(), Rate.destination)
    )
    return [RateRow(*row) for row in rows]


def monthly_usage(
    connection: Connection, service_id: uuid.UUID, first: date, end: date
) -> Sequence[MonthlyUsage]:
    """From `first` to the day before `end`, in the order of time."""
    year, month = extract("year", BillingFact.day), extract("month", BillingFact.day)
    keys = (year, month, BillingFact.notification_type, BillingFact.destination)
    fragments = BillingFact.billable_units
    rows = connection.execute(
        select(
            *keys,
            func.sum(BillingFact.notifications_sent),
            func.sum(fragments),
            func.sum(fragments * BillingFact.rate_multiplier * BillingFact.rate),
        )
        .where(BillingFact.service_id == service_id, BillingFact.day >= first, BillingFact.day < end)
        .group_by(*keys)
        .order_by(*keys)
    )
    return [
        MonthlyUsage(int(year), int(month), channel, destination, int(messages), int(units), int(cost))
        for year, month, channel, destination, messages, units, cost in rows
    ]
