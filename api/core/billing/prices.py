"""The price of one message: that of its destination, else of the group of its destination, else the default."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.core.billing.queries import RateRow
from api.core.billing.rates import RateRules

EVERYWHERE: Final = ""
"""The destination of the default price."""


@dataclass(frozen=True, slots=True)
class Price:
    """A fragment costs `rate` (ten-thousandths) times `multiplier` (contract: costs)."""

    rate: int
    multiplier: int


class PriceList:
    """All prices of a channel, of every date."""

    def __init__(self, rules: RateRules, rates: Sequence[RateRow]) -> None:
        """`rates` newest first."""
        self._rules = rules
        self._rates: defaultdict[str, list[tuple[datetime, int]]] = defaultdict(list)
        for row in rates:
            self._rates[row.destination].append((row.valid_from, row.rate))

    def find(self, destination: str | None, multiplier: int | None, moment: datetime) -> Price | None:
        """None when no price was set by then. Only the default price is multiplied: others say all."""
        for name in self._rules.price_names(destination) if destination else ():
            rate = self._rate(name, moment)
            if rate is not None:
                return Price(rate, 1)
        rate = self._rate(EVERYWHERE, moment)
        return None if rate is None else Price(rate, multiplier or 1)

    def _rate(self, name: str, moment: datetime) -> int | None:
        return next((rate for valid_from, rate in self._rates.get(name, ()) if valid_from <= moment), None)
