"""Prices by territory, by group of territories and abroad.

No amount is known here: prices differ by provider and contract, and are rows of the database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from api.config import Settings
from notifications_utils.recipients.phone_number import PhoneNumber
from patches.fr_rates.destinations import group_of, names_of
from patches.fr_rates.settings import FrenchRatesSettings
from patches.french_territories import find_territory


@dataclass(frozen=True, slots=True)
class FrenchRates:
    """`multipliers` by group or country code; 0 where nothing is sent."""

    multipliers: Mapping[str, int] = field(default_factory=dict, hash=False)
    without_receipts: frozenset[str] = frozenset()

    def multiplier_of(self, country_code: str) -> int | None:
        multiplier = self.multipliers.get(country_code)
        if multiplier is None:
            multiplier = self.multipliers.get(group_of(find_territory(country_code)), 1)
        return multiplier or None

    def destination_of(self, number: PhoneNumber) -> str:
        """ISO code; the number tells Réunion and Mayotte apart, which share a country code."""
        territory = find_territory(number.e164_digits)
        return number.region if territory is None else territory.code

    def price_names(self, destination: str) -> tuple[str, ...]:
        return names_of(destination)

    def gives_receipts(self, country_code: str) -> bool:
        return country_code not in self.without_receipts

    def start_of_billing_year(self, year: int) -> date:
        """The budget of the State is that of a calendar year (upstream: 1 April)."""
        return date(year, 1, 1)


def make_rates(settings: Settings) -> FrenchRates:  # noqa: ARG001 - the slot's signature
    """Raises `InvalidConfigurationError`."""
    own = FrenchRatesSettings.load()
    return FrenchRates(own.multipliers, frozenset(own.without_receipts))
