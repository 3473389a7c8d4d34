"""The territories of France: what their numbers, clocks, holidays and prices go by.

Sources: ARCEP decision 2018-0881 as changed by 2022-1583 (numbers), the IANA time zone database, and the zone names of
the public data set `jours-feries-france`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final


class RateClass(StrEnum):
    """What operators bill alike. Other countries are none of these."""

    DOMESTIC = "domestic"
    """Mainland France and Corsica."""
    OVERSEAS = "overseas"
    """Overseas departments and the territories of the Atlantic."""
    PACIFIC = "pacific"
    """Collectivités du Pacifique: networks and plans of their own."""


@dataclass(frozen=True)
class Territory:
    """`mobile` and `fixed` are patterns of the digits after the country code: prefix and length, because blocks of
    numbers open before any metadata know them. They are empty where a territory shares the numbers of another one.
    """

    code: str
    """ISO 3166-1, two letters."""
    name: str
    """In French, without article."""
    country_code: str
    """E.164, without the sign."""
    time_zone: str
    """IANA."""
    holiday_zone: str
    rate_class: RateClass
    national_prefixes: tuple[str, ...] = ()
    """How its numbers begin in national form; none where the plan has no national zero."""
    mobile: str = ""
    fixed: str = ""

    @cached_property
    def is_mobile(self) -> re.Pattern[str]:
        """To be matched with `fullmatch` against the digits after the country code."""
        return re.compile(self.mobile or r"(?!)", re.ASCII)

    @cached_property
    def is_fixed(self) -> re.Pattern[str]:
        return re.compile(self.fixed or r"(?!)", re.ASCII)


_ALL: Final = (
    Territory(
        "FR", "France métropolitaine", "33", "Europe/Paris", "metropole", RateClass.DOMESTIC,
        national_prefixes=("01", "02", "03", "04", "05", "06", "073", "074", "075", "076", "077", "078", "079", "09"),
        mobile=r"6\d{8}|7[3-9]\d{7}",
        fixed=r"[1-5]\d{8}",
    ),
    Territory(
        "GP", "Guadeloupe", "590", "America/Guadeloupe", "guadeloupe", RateClass.OVERSEAS,
        national_prefixes=("0690", "0691", "07090", "0590", "05987"),
        mobile=r"69[01]\d{6}|7090\d{5}",
        fixed=r"590\d{6}|5987\d{5}",
    ),
    Territory("MF", "Saint-Martin", "590", "America/Marigot", "saint-martin", RateClass.OVERSEAS),
    Territory("BL", "Saint-Barthélemy", "590", "America/St_Barthelemy", "saint-barthelemy", RateClass.OVERSEAS),
    Territory(
        "GF", "Guyane", "594", "America/Cayenne", "guyane", RateClass.OVERSEAS,
        national_prefixes=("0694", "070930", "070931", "070932", "070933", "0594", "05988"),
        mobile=r"694\d{6}|7093[0-3]\d{4}",
        fixed=r"594\d{6}|5988\d{5}",
    ),
    Territory(
        "MQ", "Martinique", "596", "America/Martinique", "martinique", RateClass.OVERSEAS,
        national_prefixes=("0696", "0697", "07091", "0596", "05989"),
        mobile=r"69[67]\d{6}|7091\d{5}",
        fixed=r"596\d{6}|5989\d{5}",
    ),
    Territory(
        "RE", "La Réunion", "262", "Indian/Reunion", "la-reunion", RateClass.OVERSEAS,
        national_prefixes=("0692", "0693", "07092", "0262", "0263", "02688"),
        mobile=r"69[23]\d{6}|7092\d{5}",
        fixed=r"26[23]\d{6}|2688\d{5}",
    ),
    Territory(
        "YT", "Mayotte", "262", "Indian/Mayotte", "mayotte", RateClass.OVERSEAS,
        national_prefixes=("0639", "070935", "070936", "070937", "0269", "02689"),
        # 06 39 98 belongs to fiction, on the mainland.
        mobile=r"639(?!98)\d{6}|7093[5-7]\d{4}",
        fixed=r"269\d{6}|2689\d{5}",
    ),
    Territory(
        "PM", "Saint-Pierre-et-Miquelon", "508", "America/Miquelon", "saint-pierre-et-miquelon", RateClass.OVERSEAS,
        national_prefixes=("0708", "0508"),
        mobile=r"708\d{6}|(?:4[02-489]|5[02-9])\d{4}",
        fixed=r"(?:4[1-35-9]|5[0-47-9])\d{4}",
    ),
    Territory(
        "WF", "Wallis-et-Futuna", "681", "Pacific/Wallis", "wallis-et-futuna", RateClass.PACIFIC,
        mobile=r"(?:72|82|83)\d{4}",
        fixed=r"72\d{4}",
    ),
    Territory(
        "PF", "Polynésie française", "689", "Pacific/Tahiti", "polynesie-francaise", RateClass.PACIFIC,
        mobile=r"8[789]\d{6}",
        fixed=r"4[09]\d{6}",
    ),
    Territory(
        "NC", "Nouvelle-Calédonie", "687", "Pacific/Noumea", "nouvelle-caledonie", RateClass.PACIFIC,
        mobile=r"(?:[579]\d|8[0-79])\d{4}",
        fixed=r"[234]\d{5}",
    ),
    # No numbers of its own: its stations are reached by satellite or through La Réunion.
    Territory("TF", "Terres australes et antarctiques françaises", "262", "Indian/Kerguelen", "metropole",
              RateClass.OVERSEAS),
)  # fmt: skip

TERRITORIES: Final[Mapping[str, Territory]] = {territory.code: territory for territory in _ALL}
"""By ISO code."""

# Where several territories share a country code, the first one here takes the numbers that tell nothing.
_BY_COUNTRY_CODE: Final = {
    "33": TERRITORIES["FR"],
    "262": TERRITORIES["RE"],
    "508": TERRITORIES["PM"],
    "590": TERRITORIES["GP"],
    "594": TERRITORIES["GF"],
    "596": TERRITORIES["MQ"],
    "681": TERRITORIES["WF"],
    "687": TERRITORIES["NC"],
    "689": TERRITORIES["PF"],
}


def find_territory(e164_digits: str) -> Territory | None:
    """Where a number of France belongs; None for other countries.

    Numbers do not tell Saint-Martin and Saint-Barthélemy from Guadeloupe: all are Guadeloupe here (same clock).
    """
    code = "33" if e164_digits.startswith("33") else e164_digits[:3]
    if code == "262":
        mayotte, rest = TERRITORIES["YT"], e164_digits[3:]
        if mayotte.is_mobile.fullmatch(rest) or mayotte.is_fixed.fullmatch(rest):
            return mayotte
    return _BY_COUNTRY_CODE.get(code)
