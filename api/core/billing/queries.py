"""Prices in force."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from api.contract import Channel
from api.core.billing.models import Rate


def find_rate(connection: Connection, channel: Channel, moment: datetime) -> int | None:
    """Ten-thousandths for one unit at that moment, or None when no price was set by then."""
    return connection.scalar(
        select(Rate.rate)
        .where(Rate.notification_type == channel, Rate.valid_from <= moment)
        .order_by(Rate.valid_from.desc())
        .limit(1)
    )


def all_rates(connection: Connection, channel: Channel) -> Sequence[tuple[datetime, int]]:
    """Every price with the moment it begins, newest first."""
    rows = connection.execute(
        select(Rate.valid_from, Rate.rate)
        .where(Rate.notification_type == channel)
        .order_by(Rate.valid_from.desc())
    )
    return [(row.valid_from, row.rate) for row in rows]
