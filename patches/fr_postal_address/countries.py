"""Names of countries and territories, as people write them in French or English, and as they are printed.

Source of the names: CLDR, through Babel; the synonyms are ours.
"""

import re
import unicodedata
from functools import cache
from typing import Final

from babel import Locale

_LETTERS_ONLY: Final = re.compile(r"[^a-z]")
_REGION: Final = re.compile(r"[A-Z]{2}")
# Not countries, or not places to which letters go: Ascension, Clipperton…, unknown and pseudo regions.
_LEFT_OUT: Final = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}
)
_SYNONYMS: Final = {
    "hollande": "NL",
    "usa": "US",
    "etats unis d amerique": "US",
    "angleterre": "GB",
    "ecosse": "GB",
    "pays de galles": "GB",
    "irlande du nord": "GB",
    "grande bretagne": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "tchequie": "CZ",
    "republique tcheque": "CZ",
    "birmanie": "MM",
    "cote d ivoire": "CI",
    "ivory coast": "CI",
    "kosovo": "XK",
    "macedoine": "MK",
    "deutschland": "DE",
    "espana": "ES",
    "italia": "IT",
    "schweiz": "CH",
    "belgie": "BE",
    "republique francaise": "FR",
    "corse": "FR",
    "reunion": "RE",
    "saint martin": "MF",
    "saint barthelemy": "BL",
}
# Written without a country line: the French postal service is at home there.
DOMESTIC: Final = frozenset({"FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "NC", "PF", "WF", "TF"})
_KOSOVO: Final = {"XK": "KOSOVO"}


def find_country(text: str) -> str | None:
    """ISO 3166 code of what a line names, whatever its accents, case and hyphens; None when it names none."""
    return _codes().get(_key(text))


def printed_name(code: str) -> str:
    """In French capitals, without accents: the last line of a letter abroad."""
    name = _KOSOVO.get(code) or Locale("fr").territories[code]
    return _without_accents(name.replace("’", "'")).upper()


@cache
def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for language in ("en", "fr"):
        for code, name in Locale(language).territories.items():
            if _REGION.fullmatch(code) and code not in _LEFT_OUT:
                codes[_key(name)] = code
    return codes | {_key(name): code for name, code in _SYNONYMS.items()}


def _key(text: str) -> str:
    return _LETTERS_ONLY.sub("", _without_accents(text).lower().replace("&", "et"))


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
