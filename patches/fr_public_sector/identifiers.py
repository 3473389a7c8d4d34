"""SIREN (nine digits) and SIRET (fourteen), with their check digits.

Source: INSEE: Luhn's sum over all digits; the SIRET numbers of La Poste are a multiple of five in their plain sum.
"""

import re
from typing import Final

from api.core.command_errors import InvalidValueError

_BLANKS: Final = re.compile(r"[\s\u00a0\u202f.\-]+")
_LA_POSTE: Final = "356000000"
_SIREN_LENGTH: Final = 9
_SIRET_LENGTH: Final = 14


def read_identifier(text: str) -> str:
    """The digits of a SIREN or SIRET. Raises `InvalidValueError`."""
    digits = _BLANKS.sub("", text)
    if not (digits.isascii() and digits.isdecimal()) or len(digits) not in {_SIREN_LENGTH, _SIRET_LENGTH}:
        raise InvalidValueError(
            "A SIREN has nine digits and a SIRET fourteen: copy the number again", field="identifier"
        )
    if not _has_right_sum(digits):
        raise InvalidValueError(
            "The check digit does not fit, so a digit is mistyped: copy the number again", field="identifier"
        )
    return digits


def siren_of(identifier: str) -> str:
    return identifier[:_SIREN_LENGTH]


def _has_right_sum(digits: str) -> bool:
    if len(digits) == _SIRET_LENGTH and siren_of(digits) == _LA_POSTE and sum(map(int, digits)) % 5 == 0:
        return True
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0  # noqa: PLR2004 - Luhn
