"""The end of quiet hours is found to the second, whatever clocks do: against a walk through all minutes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications_utils.sending_hours import QuietHours
from patches.french_territories import TERRITORIES
from patches.quiet_hours.opening import first_opening, why_quiet

PARIS = ZoneInfo("Europe/Paris")
NIGHT = QuietHours(time(21, 30), time(8))
MINUTE = timedelta(minutes=1)
FRENCH = sorted({territory.time_zone for territory in TERRITORIES.values()})
# Clocks that change at midnight, by half an hour, by two hours; the date line.
STRANGE = [
    "America/Santiago",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Kiritimati",
]

walls = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
zones = st.sampled_from([*FRENCH, *STRANGE]).map(ZoneInfo)
choices = st.builds(QuietHours, walls, walls, st.booleans(), st.booleans()).filter(
    lambda quiet: quiet.start != quiet.end
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)) | st.one_of(
    # Around every change of the clock in Europe and America in 2026 and 2027.
    *(
        st.datetimes(
            datetime(*day) - timedelta(hours=14), datetime(*day) + timedelta(hours=26), timezones=st.just(UTC)
        )
        for day in [
            (2026, 3, 8), (2026, 3, 29), (2026, 4, 5), (2026, 10, 25), (2026, 11, 1), (2027, 3, 28), (2027, 10, 31),
        ]
    )
)  # fmt: skip


def no_holiday(_day: date) -> bool:
    return False


def fifteenths(day: date) -> bool:
    """Holidays now and then, two in a row."""
    return day.day in (15, 16, 29)


@settings(deadline=None)
@given(moments, zones, choices)
def test_opening_is_not_quiet_and_all_before_it_is(moment, zone, quiet):
    if why_quiet(moment.astimezone(zone), quiet, fifteenths) is None:
        return
    opening = first_opening(moment, zone, quiet, fifteenths)
    assert opening > moment
    assert why_quiet(opening.astimezone(zone), quiet, fifteenths) is None
    step = moment
    while step < opening:
        assert why_quiet(step.astimezone(zone), quiet, fifteenths) is not None, "held longer than needed"
        step += 7 * MINUTE
    just_before = (opening - timedelta(microseconds=1)).astimezone(zone)
    assert why_quiet(just_before, quiet, fifteenths) is not None


@settings(deadline=None)
@given(moments, zones, choices)
def test_later_messages_never_go_out_earlier(moment, zone, quiet):
    later = moment + 40 * MINUTE
    both = [
        first_opening(each, zone, quiet, fifteenths)
        if why_quiet(each.astimezone(zone), quiet, fifteenths)
        else each
        for each in (moment, later)
    ]
    assert both == sorted(both)


@pytest.mark.parametrize(
    ("local", "reason"),
    [
        ("2026-11-25T21:29:59.999999", None),
        ("2026-11-25T21:30", "quiet hours"),
        ("2026-11-26T00:00", "quiet hours"),
        ("2026-11-26T07:59:59.999999", "quiet hours"),
        ("2026-11-26T08:00", None),
        ("2026-11-29T12:00", None),
    ],
)
def test_edges_of_the_night(local, reason):
    assert why_quiet(datetime.fromisoformat(local).replace(tzinfo=PARIS), NIGHT, no_holiday) == reason


@pytest.mark.parametrize(
    ("quiet", "local", "expected"),
    [
        (NIGHT, "2026-11-25T23:00", "2026-11-26T08:00+01:00"),
        (NIGHT, "2026-11-26T03:00", "2026-11-26T08:00+01:00"),
        (QuietHours(time(12), time(14)), "2026-11-25T12:00", "2026-11-25T14:00+01:00"),
        (QuietHours(time(21, 30), time(8), sundays=True), "2026-11-28T22:00", "2026-11-30T08:00+01:00"),
        (QuietHours(time(21, 30), time(8), sundays=True), "2026-11-29T12:00", "2026-11-30T08:00+01:00"),
        (QuietHours(time(12), time(14), sundays=True), "2026-11-29T13:00", "2026-11-30T00:00+01:00"),
        (QuietHours(time(20), time(0), sundays=True), "2026-11-29T13:00", "2026-11-30T00:00+01:00"),
        (QuietHours(time(0), time(23, 59)), "2026-11-25T13:00", "2026-11-25T23:59+01:00"),
    ],
    ids=[
        "evening", "small hours", "within a day", "Saturday night", "Sunday", "Sunday, noon quiet", "until midnight",
        "almost all day",
    ],
)  # fmt: skip
def test_released_in_the_morning(quiet, local, expected):
    moment = datetime.fromisoformat(local).replace(tzinfo=PARIS)
    assert first_opening(moment, PARIS, quiet, no_holiday) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("start", "end", "moment", "expected"),
    [
        ("21:30", "08:00", "2026-03-28T22:00Z", "2026-03-29T06:00Z"),
        ("21:30", "02:30", "2026-03-28T22:00Z", "2026-03-29T01:00Z"),
        ("21:30", "03:00", "2026-03-28T22:00Z", "2026-03-29T01:00Z"),
        ("02:15", "02:45", "2026-10-25T00:20Z", "2026-10-25T00:45Z"),
        ("02:15", "02:45", "2026-10-25T01:20Z", "2026-10-25T01:45Z"),
        ("02:30", "03:30", "2026-10-25T00:40Z", "2026-10-25T01:00Z"),
        ("21:30", "08:00", "2026-10-24T20:00Z", "2026-10-25T07:00Z"),
    ],
    ids=[
        "short night", "end is skipped", "end is where the clock goes", "first of two", "second of two",
        "the clock goes back out of it", "long night",
    ],
)  # fmt: skip
def test_nights_on_which_the_clock_changes(start, end, moment, expected):
    quiet = QuietHours(time.fromisoformat(start), time.fromisoformat(end))
    found = first_opening(datetime.fromisoformat(moment), PARIS, quiet, no_holiday)
    assert found == datetime.fromisoformat(expected)


def test_calendar_of_nothing_but_holidays_does_not_hold_for_ever():
    quiet = QuietHours(time(21), time(8), holidays=True)
    moment = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert first_opening(moment, PARIS, quiet, lambda _day: True) < moment + timedelta(days=32)
