"""How numbers are read in France (ARCEP decision 2018-0881 as changed by 2022-1583)."""

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from api.config import Settings
from notifications_utils.recipients.phone_number import (
    InvalidPhoneNumberError,
    PhoneNumber,
    PhoneNumberKind,
    PhoneNumberProblem,
)
from notifications_utils.recipients.phone_rules import (
    CONTRACT_FICTION_NUMBERS,
    CONTRACT_KINDS,
    RegionPhoneRules,
)
from patches.fr_phone_numbers.national_form import put_country_first
from patches.french_territories import TERRITORIES

FICTION_MOBILES: Final = r"3363998\d{4}"
# ARCEP keeps one block of each zone, and one of mobiles, for books, films and tests.
FICTION_NUMBERS: Final = rf"33(?:19900|26191|35301|46571|53649)\d{{4}}|{FICTION_MOBILES}"

_SHORT: Final = re.compile(r"1\d|1[01]\d|19\d|10\d\d|3\d{3}|[3-8]\d{4}|11[68]\d{3}", re.ASCII)
_SPECIAL: Final = re.compile(r"(?:\+*0*33)?0?8\d{8}", re.ASCII)
_NOT_A_DIGIT: Final = re.compile(r"[^0-9+]+")


@dataclass(frozen=True, slots=True)
class FrenchPhoneRules:
    """Numbers of France in national or international form, others in international form.

    Prefix and length decide whether a mobile number of France exists: blocks open before any metadata know them.
    """

    not_a_mobile_message: str = "Not a French mobile number"
    """The contract's sentence with our country in it."""

    def parse(self, text: str) -> PhoneNumber:
        try:
            return _RULES.parse(text)
        except InvalidPhoneNumberError as error:
            _explain(text, error)

    def is_fictional(self, e164_digits: str) -> bool:
        return _RULES.is_fictional(e164_digits)


def make_phone_rules(settings: Settings) -> FrenchPhoneRules:  # noqa: ARG001 - the slot's signature
    return FrenchPhoneRules()


def _explain(text: str, error: InvalidPhoneNumberError) -> NoReturn:
    """Say more exactly what such a number is. Programs read what the contract has for it."""
    compact = _NOT_A_DIGIT.sub("", text)
    if error.code is PhoneNumberProblem.TOO_SHORT and _SHORT.fullmatch(compact):
        raise InvalidPhoneNumberError(PhoneNumberProblem.SHORT_NUMBER) from None
    if error.code is PhoneNumberProblem.INVALID_NUMBER and _SPECIAL.fullmatch(compact):
        raise InvalidPhoneNumberError(PhoneNumberProblem.SPECIAL_NUMBER) from None
    raise error


_RULES: Final = RegionPhoneRules(
    region="FR",
    extra_separators="./",
    domestic_country_codes=frozenset(territory.country_code for territory in TERRITORIES.values()),
    extra_mobiles={
        territory.code: rf"{territory.country_code}(?:{territory.mobile})"
        for territory in TERRITORIES.values()
        if territory.mobile and territory.code != "FR"
    }
    | {"FR": FICTION_MOBILES},
    fictional=rf"{FICTION_NUMBERS}|{CONTRACT_FICTION_NUMBERS}",
    # The metadata call 0806 to 0809 universal access: with all of 08, they are special. 09 is a landline here.
    accepted_kinds=CONTRACT_KINDS - {PhoneNumberKind.UNIVERSAL_ACCESS} | {PhoneNumberKind.VOIP},
    rewrite=put_country_first,
)
