"""What a text message costs, by the country it goes to: a slot."""

from dataclasses import dataclass
from typing import Protocol


class RateRules(Protocol):
    def multiplier_of(self, country_code: str) -> int | None:
        """How many times the domestic price a fragment costs there; None where we cannot send."""
        ...

    def gives_receipts(self, country_code: str) -> bool:
        """Whether delivery receipts come back from there; without them a message ends as `sent`."""
        ...


@dataclass(frozen=True, slots=True)
class FlatRates:
    """The neutral default: one price everywhere, receipts from everywhere."""

    def multiplier_of(self, country_code: str) -> int | None:  # noqa: ARG002 - the protocol's name
        return 1

    def gives_receipts(self, country_code: str) -> bool:  # noqa: ARG002
        return True
