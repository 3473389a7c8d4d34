from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, text

from api.core.notifications.models import NotificationEvent
from api.core.tables import metadata
from api.db.engine import Database, normalise_database_url
from api.db.ids import first_uuid7_of, uuid7
from api.db.migrate import current_revision, head_revision
from api.db.partitions import (
    Week,
    create_partitions,
    drop_empty_partitions_before,
    drop_partitions_before,
    existing_weeks,
    is_partition_name,
)

FAR = datetime(2031, 3, 5, 12, tzinfo=UTC)  # a Wednesday of week 10


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    database = Database(normalise_database_url(database_url))
    with database.engine.connect() as connection:
        yield connection
        connection.rollback()
    database.dispose()


def partition_of(connection: Connection, identifier) -> str:
    query = text("SELECT tableoid::regclass::text FROM notification_events WHERE id = :id")
    return connection.scalar(query, {"id": identifier})


def test_models_and_migrations_agree(connection: Connection) -> None:
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "include_name": lambda name, kind, _parents: kind != "table" or not is_partition_name(name),
        },
    )
    assert compare_metadata(context, metadata) == []
    assert current_revision(connection) == head_revision()


def test_only_core_features_are_used(connection: Connection) -> None:
    extensions = connection.scalars(text("SELECT extname FROM pg_extension")).all()
    assert extensions == ["plpgsql"]


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        (datetime(2026, 11, 23, tzinfo=UTC), "notifications_2026w48"),
        (datetime(2026, 11, 29, 23, 59, tzinfo=UTC), "notifications_2026w48"),
        (datetime(2027, 1, 1, tzinfo=UTC), "notifications_2026w53"),
        (datetime(2027, 1, 4, tzinfo=UTC), "notifications_2027w01"),
    ],
)
def test_partitions_are_named_after_iso_weeks(moment: datetime, name: str) -> None:
    assert Week.of(moment).partition_of("notifications") == name


def test_weeks_ahead_exist_after_migration(separate_database_url: str) -> None:
    database = Database(normalise_database_url(separate_database_url))
    with database.engine.connect() as connection:
        weeks = existing_weeks(connection, "notifications")
    database.dispose()
    assert weeks == [Week.of(datetime.now(UTC) + timedelta(weeks=offset)) for offset in range(5)]


def test_making_partitions_twice_makes_them_once(connection: Connection) -> None:
    assert create_partitions(connection, FAR, weeks_ahead=1)
    assert create_partitions(connection, FAR, weeks_ahead=1) == []


def test_a_row_outside_all_weeks_is_kept_and_moves_when_its_week_is_made(connection: Connection) -> None:
    identifier = first_uuid7_of(FAR)
    connection.execute(insert(NotificationEvent).values(id=identifier, notification_id=uuid7(), kind="test"))
    assert partition_of(connection, identifier) == "notification_events_default"
    create_partitions(connection, FAR, weeks_ahead=0)
    assert partition_of(connection, identifier) == "notification_events_2031w10"


def test_only_weeks_that_are_over_are_dropped(connection: Connection) -> None:
    create_partitions(connection, FAR, weeks_ahead=1)
    dropped = drop_partitions_before(connection, "notification_events", Week.of(FAR).end)
    assert "notification_events_2031w10" in dropped
    assert Week.of(FAR + timedelta(weeks=1)) in existing_weeks(connection, "notification_events")


def test_a_week_that_still_holds_rows_is_not_dropped_as_empty(connection: Connection) -> None:
    create_partitions(connection, FAR, weeks_ahead=1)
    connection.execute(
        insert(NotificationEvent).values(id=first_uuid7_of(FAR), notification_id=uuid7(), kind="test")
    )
    dropped = drop_empty_partitions_before(connection, "notification_events", FAR + timedelta(weeks=3))
    assert "notification_events_2031w10" not in dropped
    assert "notification_events_2031w11" in dropped
