"""Which alphabets the teams of a deployment may choose from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from notifications_utils.sms.alphabet import NEUTRAL, SmsAlphabet


@dataclass(frozen=True, slots=True)
class SmsAlphabets:
    """Slot: the alphabets on offer. `default` is used where neither the template nor its service chose one.

    `tells_changes` lets the answer to a sent message say what its alphabet changed (contract: never for texts).
    """

    default: SmsAlphabet
    others: tuple[SmsAlphabet, ...] = ()
    tells_changes: bool = False
    offered: Mapping[str, SmsAlphabet] = field(init=False, repr=False, compare=False)
    """By name, the default first."""

    def __post_init__(self) -> None:
        offered = {alphabet.name: alphabet for alphabet in (self.default, *self.others)}
        object.__setattr__(self, "offered", offered)

    def choose(self, *names: str | None) -> SmsAlphabet:
        """The first of the names that is offered, else the default: a choice may outlive the offer."""
        return next((self.offered[name] for name in names if name and name in self.offered), self.default)


CONTRACT_ALPHABETS: Final = SmsAlphabets(NEUTRAL)
"""The alphabet of the contract, and no choice."""
