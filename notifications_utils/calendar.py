"""Days of people: their clock, their public holidays, their working days. A country fills the slot `calendar`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, Protocol

SATURDAY: Final = 5  # of `date.weekday()`
_NOTHING: Final[Mapping[date, str]] = MappingProxyType({})


class UnknownZoneError(LookupError):
    """The calendar has no such zone."""


class Calendar(Protocol):
    """`zones` are the parts of the country with holidays of their own; None stands for the country's usual ones."""

    @property
    def time_zone(self) -> str:
        """IANA name of the zone by which the days of statistics, billing and retention go."""

    @property
    def zones(self) -> frozenset[str]: ...

    def holidays(self, year: int, zone: str | None = None) -> Mapping[date, str]:
        """Public holidays with their names, in the country's language. Raises `UnknownZoneError`."""

    def is_working_day(self, day: date, zone: str | None = None) -> bool:
        """Whether offices are open. Raises `UnknownZoneError`."""


@dataclass(frozen=True, slots=True)
class NeutralCalendar:
    """UTC, Monday to Friday, and no holidays, because those of no country are everybody's."""

    time_zone: str = "UTC"
    zones: frozenset[str] = frozenset()

    def holidays(self, year: int, zone: str | None = None) -> Mapping[date, str]:  # noqa: ARG002 - every year alike
        if zone is not None:
            raise UnknownZoneError(zone)
        return _NOTHING

    def is_working_day(self, day: date, zone: str | None = None) -> bool:
        return day.weekday() < SATURDAY and day not in self.holidays(day.year, zone)
