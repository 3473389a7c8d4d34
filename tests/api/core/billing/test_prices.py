"""Which price counts, and which year: pure rules."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from api.core.billing.prices import Price, PriceList
from api.core.billing.queries import RateRow
from api.core.billing.rates import FlatRates, billing_year_of


def day(month: int) -> datetime:
    return datetime(2026, month, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Places(FlatRates):
    """Two places of a group; the year begins in April, as upstream's does."""

    def price_names(self, destination: str) -> tuple[str, ...]:
        return (destination, "islands") if destination in ("east", "west") else ()

    def start_of_billing_year(self, year: int) -> date:
        return date(year, 4, 1)


PRICES = PriceList(
    Places(),
    [
        RateRow(day(9), 70, "east"),
        RateRow(day(6), 60, ""),
        RateRow(day(3), 80, "islands"),
        RateRow(day(1), 50, ""),
    ],
)


@pytest.mark.parametrize(
    ("destination", "month", "price"),
    [
        ("east", 10, Price(70, 1)),
        ("east", 8, Price(80, 1)),
        ("west", 10, Price(80, 1)),
        ("east", 2, Price(50, 3)),
        (None, 10, Price(60, 3)),
        ("", 5, Price(50, 3)),
        ("elsewhere", 6, Price(60, 3)),
    ],
)
def test_the_most_exact_price_in_force_counts_and_only_the_default_is_multiplied(destination, month, price):
    assert PRICES.find(destination, 3, day(month)) == price


def test_before_the_first_price_there_is_none():
    assert PRICES.find("east", 1, datetime(2025, 12, 31, tzinfo=UTC)) is None


def test_a_message_without_multiplier_costs_the_price_once():
    assert PRICES.find(None, None, day(5)) == Price(50, 1)


@pytest.mark.parametrize(
    ("rules", "moment", "year"),
    [
        (FlatRates(), date(2027, 1, 1), 2027),
        (FlatRates(), date(2026, 12, 31), 2026),
        (Places(), date(2027, 3, 31), 2026),
        (Places(), date(2027, 4, 1), 2027),
    ],
)
def test_a_billing_year_is_named_after_the_year_in_which_it_begins(rules, moment, year):
    assert billing_year_of(rules, moment) == year
