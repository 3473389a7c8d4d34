from zoneinfo import ZoneInfo

import pytest

from patches.french_territories import TERRITORIES, RateClass, find_territory


@pytest.mark.parametrize(
    ("digits", "code"),
    [
        ("33612345678", "FR"),
        ("590690001234", "GP"),
        ("594694201234", "GF"),
        ("596696201234", "MQ"),
        ("262692123456", "RE"),
        ("262262123456", "RE"),
        ("262639001234", "YT"),
        ("262709351234", "YT"),
        ("262269601234", "YT"),
        ("508551234", "PM"),
        ("681821234", "WF"),
        ("68987123456", "PF"),
        ("687751234", "NC"),
        ("262", "RE"),
        ("32470123456", None),
        ("37761234567", None),
        ("", None),
    ],
)
def test_a_number_belongs_to_its_territory(digits, code):
    assert find_territory(digits) is (TERRITORIES[code] if code else None)


def test_every_territory_has_a_clock_and_a_class():
    for code, territory in TERRITORIES.items():
        assert territory.code == code
        assert ZoneInfo(territory.time_zone)
    assert {t.code for t in TERRITORIES.values() if t.rate_class is RateClass.DOMESTIC} == {"FR"}
    assert {t.code for t in TERRITORIES.values() if t.rate_class is RateClass.PACIFIC} == {"WF", "PF", "NC"}


@pytest.mark.parametrize(
    "territory", [t for t in TERRITORIES.values() if t.code != "FR"], ids=lambda t: t.code
)
def test_national_prefixes_begin_numbers_of_the_territory(territory):
    for prefix in territory.national_prefixes:
        significant = prefix.removeprefix("0").ljust(9, "0")
        if territory.code == "PM" and prefix == "0508":
            significant = "421234"  # six digits behind the country code
        assert territory.is_mobile.fullmatch(significant) or territory.is_fixed.fullmatch(significant), prefix
