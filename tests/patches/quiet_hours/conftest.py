"""A deployment that holds messages back, and a service whose quiet hours are now: in La Réunion, not on the mainland."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from api.config import Settings, load_settings
from api.core.services.models import Service
from api.runtime import Runtime, make_runtime
from api.slots import Slots, neutral_slots
from patches.fr_calendar.calendar import make_calendar
from patches.quiet_hours.hours import make_sending_hours
from tests.factories import make_service

HOUR = timedelta(hours=1)
HELD_NUMBER, FREE_NUMBER = "+262692123456", "+33612345678"
# Never more than two or three hours from Paris, and without changes of the clock.
REUNION = ZoneInfo("Indian/Reunion")


def french_slots(settings: Settings) -> Slots:
    return replace(
        neutral_slots(settings),
        calendar=make_calendar(settings),
        sending_hours=make_sending_hours(settings),
    )


@pytest.fixture
def runtime(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Runtime]:
    settings = load_settings(
        environment="test",
        database_url=database_url,
        redis_url=redis_url,
        api_base_url="https://api.exemple.fr",
        cache_seconds=0,
        object_store_dir=str(tmp_path),
    )
    runtime = make_runtime(settings, french_slots(settings))
    with runtime.database.autocommit() as connection:
        connection.execute(text("TRUNCATE notifications, notification_events, callback_deliveries"))
    yield runtime
    runtime.close()


def to_the_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


@pytest.fixture
def opening() -> datetime:
    """When the quiet hours of `service` end in La Réunion: in nearly an hour."""
    return to_the_minute(datetime.now(UTC) + HOUR)


@pytest.fixture
def service(runtime: Runtime, opening: datetime) -> Service:
    local = opening.astimezone(REUNION)
    return make_service(runtime, quiet_from=(local - 2 * HOUR).time(), quiet_until=local.time())
