"""Weekly partitions of the tables that grow with traffic (ADR 0003).

A default partition catches rows outside the weeks that exist, so that a late maintenance loses nothing; making a week
moves what waits there for it.
"""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from api.db.ids import first_uuid7_of

PARTITIONED_TABLES = ("notifications", "notification_history", "notification_events")
WEEKS_AHEAD = 4
_NAME = re.compile(r"^(?P<table>\w+)_(?P<year>\d{4})w(?P<week>\d{2})$")


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday 00:00 UTC to the next."""

    start: datetime

    @classmethod
    def of(cls, moment: datetime) -> "Week":
        midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(midnight - timedelta(days=midnight.weekday()))

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=7)

    def partition_of(self, table: str) -> str:
        year, week, _ = self.start.isocalendar()
        return f"{table}_{year:04d}w{week:02d}"

    def bounds(self) -> tuple[uuid.UUID, uuid.UUID]:
        return first_uuid7_of(self.start), first_uuid7_of(self.end)


def is_partition_name(name: str) -> bool:
    return bool(_NAME.match(name)) or name.endswith("_default")


def existing_weeks(connection: Connection, table: str) -> list[Week]:
    """The weeks that have a partition, oldest first."""
    rows = connection.scalars(
        text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:table AS regclass)"),
        {"table": table},
    )
    matches = [match for name in rows if (match := _NAME.match(name))]
    return sorted(
        (
            Week(datetime.fromisocalendar(int(found["year"]), int(found["week"]), 1).replace(tzinfo=UTC))
            for found in matches
        ),
        key=lambda week: week.start,
    )


def create_partitions(connection: Connection, now: datetime, *, weeks_ahead: int = WEEKS_AHEAD) -> list[str]:
    """Make the partitions from this week to `weeks_ahead` weeks later; returns the names of new ones."""
    made = []
    for table in PARTITIONED_TABLES:
        existing = set(existing_weeks(connection, table))
        for offset in range(weeks_ahead + 1):
            week = Week.of(now + timedelta(weeks=offset))
            if week not in existing:
                made.append(_create(connection, table, week))
    return made


def _create(connection: Connection, table: str, week: Week) -> str:
    """Fill the new partition from the default one before attaching it: PostgreSQL refuses to leave rows behind."""
    name = week.partition_of(table)
    low, high = week.bounds()
    connection.execute(
        text(f'CREATE TABLE "{name}" (LIKE "{table}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)')
    )
    connection.execute(
        text(
            f'WITH moved AS (DELETE FROM "{table}_default" WHERE id >= :low AND id < :high RETURNING *) '  # noqa: S608
            f'INSERT INTO "{name}" SELECT * FROM moved'
        ),
        {"low": low, "high": high},
    )
    connection.execute(
        text(f"""ALTER TABLE "{table}" ATTACH PARTITION "{name}" FOR VALUES FROM ('{low}') TO ('{high}')""")
    )
    return name


def drop_partitions_before(connection: Connection, table: str, moment: datetime) -> list[str]:
    """Drop the weeks that ended before `moment`; returns their names."""
    dropped = []
    for week in existing_weeks(connection, table):
        if week.end <= moment:
            name = week.partition_of(table)
            connection.execute(text(f'DROP TABLE "{name}"'))
            dropped.append(name)
    return dropped


def drop_empty_partitions_before(connection: Connection, table: str, moment: datetime) -> list[str]:
    """Drop the weeks that ended before `moment` and hold nothing any more."""
    dropped = []
    for week in existing_weeks(connection, table):
        name = week.partition_of(table)
        if week.end > moment or connection.scalar(text(f'SELECT EXISTS (SELECT FROM "{name}")')):  # noqa: S608
            continue
        connection.execute(text(f'DROP TABLE "{name}"'))
        dropped.append(name)
    return dropped
