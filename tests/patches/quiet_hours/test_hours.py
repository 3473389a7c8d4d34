"""Whose clock and whose holidays a number follows."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.config import load_settings
from notifications_utils.calendar import NeutralCalendar
from notifications_utils.sending_hours import QuietHours
from patches.fr_calendar.calendar import FrenchCalendar
from patches.quiet_hours.hours import make_sending_hours

HOURS = make_sending_hours(load_settings())
CALENDAR = FrenchCalendar()
NIGHT = QuietHours(time(21, 30), time(8))
EVERYTHING = QuietHours(time(21, 30), time(8), sundays=True, holidays=True)
MAINLAND, REUNION, MAYOTTE = "33612345678", "262692123456", "262639123456"
GUADELOUPE, GUYANE, MARTINIQUE, MIQUELON = "590690123456", "594694123456", "596696123456", "508551234"
TAHITI, WALLIS, NOUMEA = "68987123456", "681821234", "687751234"
BELGIUM, NEW_YORK, BRITAIN, AUSTRALIA, NOWHERE = (
    "32470123456",
    "12125551234",
    "447911123456",
    "61412345678",
    "999",
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("number", "held_at_noon_utc", "until"),
    [
        (MAINLAND, False, "2026-11-26T07:00Z"),
        (REUNION, False, "2026-11-26T04:00Z"),
        (MAYOTTE, False, "2026-11-26T05:00Z"),
        (GUADELOUPE, False, "2026-11-26T12:00Z"),
        (MARTINIQUE, False, "2026-11-26T12:00Z"),
        (GUYANE, False, "2026-11-26T11:00Z"),
        (MIQUELON, False, "2026-11-26T11:00Z"),
        (NOUMEA, True, "2026-11-25T21:00Z"),
        (TAHITI, True, "2026-11-25T18:00Z"),
        (WALLIS, True, "2026-11-25T20:00Z"),
        (BELGIUM, False, "2026-11-26T07:00Z"),
        (NEW_YORK, True, "2026-11-25T13:00Z"),
        (BRITAIN, False, "2026-11-26T08:00Z"),
        (AUSTRALIA, False, "2026-11-26T07:00Z"),
        (NOWHERE, False, "2026-11-26T07:00Z"),
    ],
)
def test_number_follows_its_own_clock(number, held_at_noon_utc, until):
    """On both sides of the date line: where it is noon in Greenwich, it is one day in Tahiti, nearly the next in Wallis."""
    noon = at("2026-11-25T12:00Z")
    held = HOURS.hold(noon, number, NIGHT, CALENDAR)
    assert (held is not None) is held_at_noon_utc
    if held is None:
        after = next(
            found
            for hour in range(24)
            if (found := HOURS.hold(noon + timedelta(hours=hour), number, NIGHT, CALENDAR))
        )
        assert after.until == at(until)
    else:
        assert held.until == at(until)


@pytest.mark.parametrize(
    ("number", "moment", "until", "reason"),
    [
        # Sunday begins in Wallis when it is still Saturday noon in Paris, and ends in Tahiti on the Paris Monday.
        (WALLIS, "2026-11-28T13:00Z", "2026-11-29T20:00Z", "Sunday in Pacific/Wallis"),
        (TAHITI, "2026-11-30T09:00Z", "2026-11-30T18:00Z", "Sunday in Pacific/Tahiti"),
        (MAINLAND, "2026-07-14T10:00Z", "2026-07-15T06:00Z", "public holiday in Europe/Paris"),
        # Abolition of slavery on a Wednesday: there, and not elsewhere.
        (GUADELOUPE, "2026-05-27T16:00Z", "2026-05-28T12:00Z", "public holiday in America/Guadeloupe"),
        # Friday 25 December 2026, then a Saturday of work in Paris, a holiday nowhere else but Alsace-Moselle.
        (MAINLAND, "2026-12-25T10:00Z", "2026-12-26T07:00Z", "public holiday in Europe/Paris"),
        # Christmas 2033 is a Sunday: one day held, for the first of two reasons.
        (MAINLAND, "2033-12-25T10:00Z", "2033-12-26T07:00Z", "public holiday in Europe/Paris"),
        # 1 November 2026 is a Sunday; the evening before is night already.
        (MAINLAND, "2026-10-31T21:00Z", "2026-11-02T07:00Z", "quiet hours in Europe/Paris"),
    ],
)
def test_quiet_days_are_those_of_the_recipient(number, moment, until, reason):
    held = HOURS.hold(at(moment), number, EVERYTHING, CALENDAR)
    assert held is not None
    assert (held.until, held.reason) == (at(until), reason)


@pytest.mark.parametrize(
    ("number", "moment"),
    [(MAINLAND, "2026-05-27T16:00Z"), (BELGIUM, "2026-07-14T10:00Z"), (REUNION, "2026-05-27T10:00Z")],
    ids=["elsewhere in France", "abroad", "another territory"],
)
def test_holidays_of_others_hold_nothing(number, moment):
    assert HOURS.hold(at(moment), number, EVERYTHING, CALENDAR) is None


def test_without_holidays_in_the_calendar_the_hours_still_count():
    assert HOURS.hold(at("2026-07-14T10:00Z"), MAINLAND, EVERYTHING, NeutralCalendar()) is None
    assert HOURS.hold(at("2026-07-14T22:00Z"), MAINLAND, EVERYTHING, NeutralCalendar()) is not None


@settings(deadline=None)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(
        [MAINLAND, REUNION, GUYANE, MIQUELON, TAHITI, WALLIS, NOUMEA, BRITAIN, NEW_YORK, AUSTRALIA]
    ),
)
def test_end_of_a_hold_is_open_and_soon(moment, number):
    held = HOURS.hold(moment, number, EVERYTHING, CALENDAR)
    if held is not None:
        assert HOURS.hold(held.until, number, EVERYTHING, CALENDAR) is None
        # The longest: a holiday, a Sunday and a holiday, from Friday evening to Tuesday morning.
        assert timedelta(0) < held.until - moment <= timedelta(hours=83)
