"""What a deployment without a country knows of days, and of the hours of people."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.calendar import NeutralCalendar, UnknownZoneError
from notifications_utils.sending_hours import AlwaysOpen, QuietHours

CALENDAR = NeutralCalendar()


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_every_week_has_five_working_days_and_no_holidays(day):
    week = [day + timedelta(days=number) for number in range(7)]
    assert sum(map(CALENDAR.is_working_day, week)) == 5
    assert CALENDAR.holidays(day.year) == {}


def test_time_is_universal_and_there_are_no_zones():
    assert (CALENDAR.time_zone, CALENDAR.zones) == ("UTC", frozenset())
    with pytest.raises(UnknownZoneError):
        CALENDAR.is_working_day(date(2026, 7, 14), "metropole")


@given(st.datetimes(timezones=st.just(UTC)))
def test_nothing_is_held(moment: datetime):
    quiet = QuietHours(time(0), time(23, 59), sundays=True, holidays=True)
    assert AlwaysOpen().hold(moment, "33612345678", quiet, CALENDAR) is None


@pytest.mark.parametrize(
    ("quiet", "shown"),
    [
        (QuietHours(time(21, 30), time(8)), "21:30-08:00"),
        (QuietHours(time(21, 30), time(8), sundays=True), "21:30-08:00, Sundays"),
        (QuietHours(time(12), time(14), holidays=True), "12:00-14:00, holidays"),
    ],
)
def test_choice_is_shown_as_it_is_given(quiet, shown):
    assert str(quiet) == shown
