"""What fills the slot `calendar`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from api.config import Settings
from notifications_utils.calendar import SATURDAY, UnknownZoneError
from patches.fr_calendar.days import DEFAULT_ZONE, ZONES, holidays_of


@dataclass(frozen=True, slots=True)
class FrenchCalendar:
    """Working days are Monday to Friday (« jours ouvrés »); without a zone the holidays are those of the mainland."""

    time_zone: str = "Europe/Paris"
    zones: frozenset[str] = frozenset(ZONES)

    def holidays(self, year: int, zone: str | None = None) -> Mapping[date, str]:
        try:
            return holidays_of(year, zone or DEFAULT_ZONE)
        except KeyError:
            raise UnknownZoneError(zone) from None

    def is_working_day(self, day: date, zone: str | None = None) -> bool:
        return day.weekday() < SATURDAY and day not in self.holidays(day.year, zone)


def make_calendar(_settings: Settings) -> FrenchCalendar:
    return FrenchCalendar()
