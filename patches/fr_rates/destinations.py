"""Places whose price may be set: territories and countries by ISO code, and the groups they belong to."""

from typing import Final

import phonenumbers

from patches.french_territories import TERRITORIES, RateClass, Territory

INTERNATIONAL: Final = "international"
GROUPS: Final = (*map(str, RateClass), INTERNATIONAL)
# Numbers that belong to no country, such as satellite telephones: the code of `phonenumbers` for "the world".
_NO_COUNTRY: Final = "001"


def group_of(territory: Territory | None) -> str:
    return INTERNATIONAL if territory is None else str(territory.rate_class)


def names_of(destination: str) -> tuple[str, ...]:
    """The destination itself, then its group; nothing when there is no such place."""
    if destination in GROUPS:
        return (destination,)
    if destination in TERRITORIES:
        return (destination, group_of(TERRITORIES[destination]))
    if destination in phonenumbers.SUPPORTED_REGIONS or destination == _NO_COUNTRY:
        return (destination, INTERNATIONAL)
    return ()
