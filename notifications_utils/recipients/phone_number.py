"""Phone numbers as values, and what may be wrong with them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import phonenumbers

from notifications_utils.localisation import gettext_noop


class PhoneNumberKind(StrEnum):
    MOBILE = "mobile"
    FIXED_OR_MOBILE = "fixed_or_mobile"
    """The plan of the country does not tell them apart, as in North America."""
    FIXED = "fixed"
    UNIVERSAL_ACCESS = "universal_access"
    PERSONAL = "personal"
    VOIP = "voip"


class PhoneNumberProblem(StrEnum):
    INVALID_NUMBER = "invalid_number"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    NOT_A_MOBILE = "not_a_mobile"
    SHORT_NUMBER = "short_number"
    """A number of a service, such as 3939 or 112: nobody's telephone."""
    SPECIAL_NUMBER = "special_number"
    """Free, shared-cost and premium numbers."""
    UNKNOWN_CHARACTER = "unknown_character"
    UNSUPPORTED_COUNTRY_CODE = "unsupported_country_code"
    UNSUPPORTED_EMERGENCY_NUMBER = "unsupported_emergency_number"


CONTRACT_NOT_A_MOBILE_MESSAGE: Final = "Not a UK mobile number"
"""What the contract answers for NOT_A_MOBILE; phone rules choose their own text."""

_INVALID: Final = gettext_noop("Number is not valid – check the number and try again")
_EMERGENCY: Final = gettext_noop("The number cannot be an emergency number")

# Contract: what the public API answers.
_SHORT_MESSAGES: Final = {
    PhoneNumberProblem.INVALID_NUMBER: _INVALID,
    PhoneNumberProblem.TOO_LONG: "Too many digits",
    PhoneNumberProblem.TOO_SHORT: "Not enough digits",
    PhoneNumberProblem.NOT_A_MOBILE: "Not a mobile number",
    PhoneNumberProblem.SHORT_NUMBER: "Not enough digits",
    PhoneNumberProblem.SPECIAL_NUMBER: _INVALID,
    PhoneNumberProblem.UNKNOWN_CHARACTER: "Must not contain letters or symbols",
    PhoneNumberProblem.UNSUPPORTED_COUNTRY_CODE: "Not a valid country prefix",
    PhoneNumberProblem.UNSUPPORTED_EMERGENCY_NUMBER: _EMERGENCY,
}
# Ours: what people read, in their language (`gettext`).
_MESSAGES: Final = {
    PhoneNumberProblem.INVALID_NUMBER: _INVALID,
    PhoneNumberProblem.TOO_LONG: gettext_noop("The number has too many digits"),
    PhoneNumberProblem.TOO_SHORT: gettext_noop("The number does not have enough digits"),
    PhoneNumberProblem.NOT_A_MOBILE: gettext_noop("This is not the number of a mobile phone"),
    PhoneNumberProblem.SHORT_NUMBER: gettext_noop("A short number cannot get text messages"),
    PhoneNumberProblem.SPECIAL_NUMBER: gettext_noop(
        "A free, shared-cost or premium number cannot get text messages"
    ),
    PhoneNumberProblem.UNKNOWN_CHARACTER: gettext_noop(
        "Use only digits, spaces, brackets, hyphens and the plus sign"
    ),
    PhoneNumberProblem.UNSUPPORTED_COUNTRY_CODE: gettext_noop(
        "No country has this prefix, or we cannot send there"
    ),
    PhoneNumberProblem.UNSUPPORTED_EMERGENCY_NUMBER: _EMERGENCY,
}
_ABROAD: Final = gettext_noop("The service may not send text messages abroad")


class InvalidPhoneNumberError(ValueError):
    """`short_message` is for programs (contract), `message` for people; neither holds the number."""

    def __init__(
        self, code: PhoneNumberProblem, short_message: str | None = None, message: str | None = None
    ) -> None:
        self.code = code
        self.short_message = short_message or _SHORT_MESSAGES[code]
        self.message = message or _MESSAGES[code]
        super().__init__(self.short_message)


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that exists; it stays out of its repr because it is personal data."""

    e164_digits: str = field(repr=False)
    """E.164 without the sign: the form that is stored and compared (contract)."""
    country_code: str
    """The digits of the prefix, such as `33`; several territories may share it."""
    region: str
    """ISO 3166 code; `001` for numbers that belong to no country."""
    kind: PhoneNumberKind
    is_international: bool
    home_region: str | None = None
    """The default region of the rules that read the number: only its numbers are shown in national form."""

    @property
    def is_landline(self) -> bool:
        """A domestic number that usually cannot receive text messages. Contract: those abroad are not told apart."""
        return not self.is_international and self.kind in _LANDLINES

    @property
    def display(self) -> str:
        """For people: `06 12 34 56 78` at home, `+33 6 12 34 56 78` elsewhere."""
        number = phonenumbers.parse(f"+{self.e164_digits}")
        home = self.home_region
        is_home = home is not None and phonenumbers.country_code_for_region(home) == number.country_code
        style = phonenumbers.PhoneNumberFormat
        return phonenumbers.format_number(number, style.NATIONAL if is_home else style.INTERNATIONAL)


_LANDLINES: Final = frozenset({PhoneNumberKind.FIXED, PhoneNumberKind.UNIVERSAL_ACCESS, PhoneNumberKind.VOIP})


def check_can_receive_sms(
    number: PhoneNumber,
    *,
    allow_international: bool,
    allow_landlines: bool = False,
    not_a_mobile_message: str | None = None,
) -> None:
    """Raises InvalidPhoneNumberError with NOT_A_MOBILE. Contract: both permissions answer with the same code."""
    if number.is_international and not allow_international:
        raise InvalidPhoneNumberError(PhoneNumberProblem.NOT_A_MOBILE, not_a_mobile_message, _ABROAD)
    if number.is_landline and not allow_landlines:
        raise InvalidPhoneNumberError(PhoneNumberProblem.NOT_A_MOBILE, not_a_mobile_message)
