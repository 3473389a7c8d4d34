"""Public holidays of the French Republic, by zone, computed: nothing is fetched and nothing runs out.

Sources: Code du travail, L3133-1 (the eleven) and L3422-2 with decree 2012-553 (abolition of slavery); ordinance of
16 August 1892 (Alsace-Moselle); the local law of the Pacific collectivités. Right from 2013 on. A holiday that falls on a
Sunday is not moved. Where sources disagree, docs/patches/fr_calendar.md says what was chosen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Final

from patches.fr_calendar.easter import easter_sunday

DEFAULT_ZONE: Final = "metropole"


@dataclass(frozen=True, slots=True)
class FixedDay:
    """The same day every year, from year `since` to year `until`."""

    month: int
    day: int
    name: str
    since: int = 0
    until: int = 9999

    def of(self, year: int) -> date | None:
        return date(year, self.month, self.day) if self.since <= year <= self.until else None


@dataclass(frozen=True, slots=True)
class EasterDay:
    """So many days after Easter Sunday."""

    offset: int
    name: str

    def of(self, year: int) -> date | None:
        return easter_sunday(year) + timedelta(days=self.offset)


_GOOD_FRIDAY: Final = EasterDay(-2, "Vendredi saint")
_ABOLITION: Final = "Abolition de l’esclavage"

NATIONAL: Final = (
    FixedDay(1, 1, "Jour de l’An"),
    EasterDay(1, "Lundi de Pâques"),
    FixedDay(5, 1, "Fête du Travail"),
    FixedDay(5, 8, "Victoire de 1945"),
    EasterDay(39, "Ascension"),
    EasterDay(50, "Lundi de Pentecôte"),
    FixedDay(7, 14, "Fête nationale"),
    FixedDay(8, 15, "Assomption"),
    FixedDay(11, 1, "Toussaint"),
    FixedDay(11, 11, "Armistice de 1918"),
    FixedDay(12, 25, "Noël"),
)

ZONES: Final[Mapping[str, tuple[FixedDay | EasterDay, ...]]] = MappingProxyType(
    {
        DEFAULT_ZONE: (),
        "alsace-moselle": (_GOOD_FRIDAY, FixedDay(12, 26, "Saint-Étienne")),
        "guadeloupe": (FixedDay(5, 27, _ABOLITION),),
        "guyane": (FixedDay(6, 10, _ABOLITION),),
        "la-reunion": (FixedDay(12, 20, _ABOLITION),),
        "martinique": (FixedDay(5, 22, _ABOLITION),),
        "mayotte": (FixedDay(4, 27, _ABOLITION),),
        "saint-barthelemy": (FixedDay(10, 9, _ABOLITION),),
        "saint-martin": (FixedDay(5, 28, _ABOLITION),),
        "saint-pierre-et-miquelon": (),
        "nouvelle-caledonie": (FixedDay(9, 24, "Fête de la citoyenneté"),),
        "polynesie-francaise": (
            FixedDay(3, 5, "Arrivée de l’Évangile"),
            _GOOD_FRIDAY,
            FixedDay(6, 29, "Fête de l’autonomie", until=2024),
            FixedDay(11, 20, "Matari’i", since=2025),
        ),
        "wallis-et-futuna": (
            FixedDay(4, 28, "Saint-Pierre-Chanel"),
            FixedDay(6, 29, "Saints-Pierre-et-Paul"),
            FixedDay(7, 29, "Fête du territoire"),
        ),
    }
)
"""What each zone adds to `NATIONAL`; the names are those of the State's data set `jours-feries-france`."""


@cache
def holidays_of(year: int, zone: str) -> Mapping[date, str]:
    """In the order of the year; two that fall on one day share it. Raises `KeyError` for an unknown zone."""
    names: dict[date, str] = {}
    for day, name in sorted(_days(year, zone)):
        names[day] = f"{names[day]}, {name}" if day in names else name
    return MappingProxyType(names)


def _days(year: int, zone: str) -> Iterator[tuple[date, str]]:
    for holiday in (*NATIONAL, *ZONES[zone]):
        day = holiday.of(year)
        if day is not None:
            yield day, holiday.name
