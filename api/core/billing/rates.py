"""What a text message costs, by where it goes: a slot. The amounts themselves are rows of `rates`."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from notifications_utils.recipients.phone_number import PhoneNumber


class RateRules(Protocol):
    def multiplier_of(self, country_code: str) -> int | None:
        """How many times the default price a fragment costs there; None where we cannot send."""
        ...

    def destination_of(self, number: PhoneNumber) -> str | None:
        """The place whose price counts, as `rates set --destination` names it; None where all places are alike."""
        ...

    def price_names(self, destination: str) -> tuple[str, ...]:
        """Under which names its price may be set, the most exact first; empty when nothing is called so.

        Names of groups of places are destinations too: `("GP", "overseas")` for `GP`, `("overseas",)` for `overseas`.
        """
        ...

    def gives_receipts(self, country_code: str) -> bool:
        """Whether delivery receipts come back from there; without them a message ends as `sent`."""
        ...

    def start_of_billing_year(self, year: int) -> date:
        """First day of the year over which a service's costs are added up."""
        ...


@dataclass(frozen=True, slots=True)
class FlatRates:
    """The neutral default: one price everywhere, receipts from everywhere, calendar years."""

    def multiplier_of(self, country_code: str) -> int | None:  # noqa: ARG002 - the protocol's name
        return 1

    def destination_of(self, number: PhoneNumber) -> str | None:  # noqa: ARG002
        return None

    def price_names(self, destination: str) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def gives_receipts(self, country_code: str) -> bool:  # noqa: ARG002
        return True

    def start_of_billing_year(self, year: int) -> date:
        return date(year, 1, 1)


def billing_year_of(rules: RateRules, day: date) -> int:
    """Named after the calendar year in which it begins."""
    return day.year if day >= rules.start_of_billing_year(day.year) else day.year - 1
