"""Days of people (the deployment's time zone) as moments and identifier ranges of machines."""

import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from api.db.ids import first_uuid7_of


def local_day(moment: datetime, timezone: str) -> date:
    return moment.astimezone(ZoneInfo(timezone)).date()


def start_of_day(day: date, timezone: str) -> datetime:
    """Local midnight, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def identifiers_of_day(day: date, timezone: str) -> tuple[uuid.UUID, uuid.UUID]:
    """`low <= id < high` are the identifiers made on that day."""
    return (
        first_uuid7_of(start_of_day(day, timezone)),
        first_uuid7_of(start_of_day(day + timedelta(days=1), timezone)),
    )
