"""French holidays: the law's vectors, and the library `holidays` as an independent witness."""

from datetime import date

import holidays as witness
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.calendar import UnknownZoneError
from patches.fr_calendar.calendar import FrenchCalendar
from patches.fr_calendar.days import NATIONAL, ZONES
from patches.fr_calendar.easter import easter_sunday
from patches.french_territories import TERRITORIES

CALENDAR = FrenchCalendar()
YEARS = range(2013, 2051)
# Zone → the witness's name of it, and the days that it has and the law has not (see the page of this patch).
WITNESS = {
    "metropole": (None, set()),
    "alsace-moselle": ("6AE", set()),
    "guadeloupe": ("971", {"Mi-Carême", "Vendredi saint", "Fête de Victor Schoelcher"}),
    "martinique": ("972", {"Fête de Victor Schoelcher"}),
    "guyane": ("973", set()),
    "la-reunion": ("974", set()),
    "mayotte": ("976", set()),
    "saint-barthelemy": ("BL", set()),
    "saint-martin": ("MF", {"Fête de Victor Schoelcher"}),
    "saint-pierre-et-miquelon": ("PM", set()),
    "nouvelle-caledonie": ("NC", set()),
    "polynesie-francaise": ("PF", set()),
    "wallis-et-futuna": ("WF", set()),
}


@pytest.mark.parametrize(
    ("year", "good_friday", "easter_monday", "ascension", "whit_monday"),
    [
        (2026, (4, 3), (4, 6), (5, 14), (5, 25)),
        (2027, (3, 26), (3, 29), (5, 6), (5, 17)),
        (2028, (4, 14), (4, 17), (5, 25), (6, 5)),
        (2029, (3, 30), (4, 2), (5, 10), (5, 21)),
        (2030, (4, 19), (4, 22), (5, 30), (6, 10)),
    ],
)
def test_movable_days(year, good_friday, easter_monday, ascension, whit_monday):
    found = {name: day for day, name in CALENDAR.holidays(year, "alsace-moselle").items()}
    assert found["Vendredi saint"] == date(year, *good_friday)
    assert found["Lundi de Pâques"] == date(year, *easter_monday)
    assert found["Ascension"] == date(year, *ascension)
    assert found["Lundi de Pentecôte"] == date(year, *whit_monday)


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(1583, 4, 10), (1818, 3, 22), (1943, 4, 25), (1954, 4, 18), (1981, 4, 19), (2285, 3, 22), (2038, 4, 25)],
    ids=["first", "earliest", "latest", "short moon", "short moon 28", "earliest again", "latest again"],
)
def test_easter_in_years_that_are_hard(year, month, day):
    assert easter_sunday(year) == date(year, month, day)


@given(st.integers(1583, 9999))
def test_easter_is_a_sunday_of_its_season(year):
    day = easter_sunday(year)
    assert day.weekday() == 6
    assert date(year, 3, 22) <= day <= date(year, 4, 25)


@pytest.mark.parametrize("zone", WITNESS)
def test_days_of_each_zone_agree_with_the_witness(zone):
    subdivision, customary = WITNESS[zone]
    for year in YEARS:
        # Days that share a date share an entry, whose customary part goes.
        known = witness.country_holidays("FR", subdiv=subdivision, years=year, language="fr")
        expected = {day for day in known if set(known.get_list(day)) - customary}
        assert set(CALENDAR.holidays(year, zone)) == expected, year


def test_every_zone_has_a_witness_and_every_territory_a_zone():
    assert set(WITNESS) == set(ZONES) == CALENDAR.zones
    assert {territory.holiday_zone for territory in TERRITORIES.values()} <= CALENDAR.zones


def test_mainland_has_eleven_days_in_order_and_is_the_default():
    found = CALENDAR.holidays(2026)
    assert list(found) == sorted(found)
    assert list(found.values()) == [holiday.name for holiday in NATIONAL]
    assert CALENDAR.holidays(2026, "metropole") == found


@pytest.mark.parametrize(
    ("zone", "month", "day"),
    [
        ("alsace-moselle", 12, 26),
        ("mayotte", 4, 27),
        ("martinique", 5, 22),
        ("guadeloupe", 5, 27),
        ("saint-martin", 5, 28),
        ("guyane", 6, 10),
        ("saint-barthelemy", 10, 9),
        ("la-reunion", 12, 20),
        ("wallis-et-futuna", 7, 29),
        ("nouvelle-caledonie", 9, 24),
        ("polynesie-francaise", 11, 20),
    ],
)
def test_day_of_a_zone_is_an_ordinary_day_elsewhere(zone, month, day):
    moment = date(2026, month, day)
    assert moment in CALENDAR.holidays(2026, zone)
    assert moment not in CALENDAR.holidays(2026)


def test_days_that_fall_together_share_the_date():
    assert CALENDAR.holidays(2008)[date(2008, 5, 1)] == "Ascension, Fête du Travail"


def test_holiday_on_a_sunday_is_not_moved():
    assert date(2026, 11, 1).weekday() == 6
    assert CALENDAR.is_working_day(date(2026, 11, 2))


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        (date(2026, 7, 13), None, True),
        (date(2026, 7, 14), None, False),
        (date(2026, 7, 18), None, False),
        (date(2026, 12, 26), "alsace-moselle", False),
        (date(2025, 12, 26), None, True),
        (date(2025, 12, 26), "alsace-moselle", False),
        (date(2026, 4, 3), "polynesie-francaise", False),
    ],
)
def test_working_days(day, zone, expected):
    assert CALENDAR.is_working_day(day, zone) is expected


def test_unknown_zone_is_refused():
    with pytest.raises(UnknownZoneError):
        CALENDAR.holidays(2026, "atlantide")


def test_days_cannot_be_changed_by_those_who_read_them():
    with pytest.raises(TypeError):
        CALENDAR.holidays(2026)[date(2026, 1, 2)] = "Lendemain"  # type: ignore[index]
