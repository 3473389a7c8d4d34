"""Destinations, multipliers and settings of the French prices."""

from datetime import date

import pytest

from api.config import InvalidConfigurationError, load_settings
from api.core.billing.rates import billing_year_of
from patches.fr_phone_numbers.rules import FrenchPhoneRules
from patches.fr_rates.rules import FrenchRates, make_rates

NUMBERS = FrenchPhoneRules()


@pytest.mark.parametrize(
    ("text", "destination", "names"),
    [
        ("0612345678", "FR", ("FR", "domestic")),
        ("0690001234", "GP", ("GP", "overseas")),
        ("0692123456", "RE", ("RE", "overseas")),
        ("0639001234", "YT", ("YT", "overseas")),
        ("0508551234", "PM", ("PM", "overseas")),
        ("+687751234", "NC", ("NC", "pacific")),
        ("+32470123456", "BE", ("BE", "international")),
        ("+14165550123", "CA", ("CA", "international")),
    ],
)
def test_a_number_has_a_destination_and_its_group(text, destination, names):
    rates = FrenchRates()
    assert rates.destination_of(NUMBERS.parse(text)) == destination
    assert rates.price_names(destination) == names


@pytest.mark.parametrize("name", ["domestic", "overseas", "pacific", "international"])
def test_a_price_may_be_set_for_a_group(name):
    assert FrenchRates().price_names(name) == (name,)


@pytest.mark.parametrize("name", ["", "gp", "Guadeloupe", "ZZ", "33"])
def test_no_price_may_be_set_for_what_is_no_place(name):
    assert FrenchRates().price_names(name) == ()


def test_no_price_and_no_multiplier_is_invented():
    rates = FrenchRates()
    assert {rates.multiplier_of(code) for code in ("33", "590", "687", "32")} == {1}
    assert rates.gives_receipts("213")


def test_multipliers_go_by_country_code_then_by_group(monkeypatch):
    monkeypatch.setenv(
        "FR_RATES_MULTIPLIERS", '{"overseas": 2, "pacific": 4, "international": 3, "32": 5, "850": 0}'
    )
    monkeypatch.setenv("FR_RATES_WITHOUT_RECEIPTS", "213, 850")
    rates = make_rates(load_settings())
    multipliers = {code: rates.multiplier_of(code) for code in ("33", "262", "508", "681", "32", "41", "850")}
    assert multipliers == {"33": 1, "262": 2, "508": 2, "681": 4, "32": 5, "41": 3, "850": None}
    assert [rates.gives_receipts(code) for code in ("33", "213", "850")] == [True, False, False]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FR_RATES_MULTIPLIERS", '{"overseas": 1.5}'),
        ("FR_RATES_MULTIPLIERS", '{"overseas": -1}'),
        ("FR_RATES_MULTIPLIERS", '{"outre-mer": 2}'),
        ("FR_RATES_MULTIPLIERS", '{"BE": 2}'),
        ("FR_RATES_MULTIPLIERS", '{"999": 2}'),
        ("FR_RATES_WITHOUT_RECEIPTS", "Algérie"),
    ],
)
def test_what_cannot_be_used_is_refused_at_the_start(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidConfigurationError, match=variable):
        make_rates(load_settings())


def test_the_year_of_the_bill_is_the_calendar_year():
    rates = FrenchRates()
    assert rates.start_of_billing_year(2027) == date(2027, 1, 1)
    assert [billing_year_of(rates, day) for day in (date(2026, 12, 31), date(2027, 1, 1))] == [2026, 2027]
