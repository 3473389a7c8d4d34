"""Overseas numbers as people write them: `0690…` as on the spot, or `+33690…` with the country code of the mainland."""

import re
from typing import Final

from patches.french_territories import TERRITORIES, Territory

# What may stand before the nine digits: the country code of the mainland, zeros (two are the sign of a country code),
# or nothing where a spreadsheet dropped the zero.
_NATIONAL: Final = re.compile(r"(?:[+0]*33[+0]*|\+*(?:0|000+)|)(?P<significant>[2567]\d{8})", re.ASCII)
_OVERSEAS: Final = tuple(
    (prefix.removeprefix("0"), territory)
    for territory in TERRITORIES.values()
    for prefix in territory.national_prefixes
    if territory.code != "FR"
)
# Its first numbers have six digits, and in national form the country code before them.
_MIQUELON: Final = TERRITORIES["PM"].country_code


def put_country_first(compact: str) -> str:
    """`+590690001234` for `0690001234`; numbers of elsewhere are given back as they are."""
    found = _NATIONAL.fullmatch(compact)
    if found is None:
        return compact
    significant = found["significant"]
    if significant.startswith(_MIQUELON):
        return f"+{significant}"
    territory = _find_territory(significant)
    return compact if territory is None else f"+{territory.country_code}{significant}"


def _find_territory(significant: str) -> Territory | None:
    for prefix, territory in _OVERSEAS:
        if significant.startswith(prefix):
            is_theirs = territory.is_mobile.fullmatch(significant) or territory.is_fixed.fullmatch(
                significant
            )
            return territory if is_theirs else None
    return None
