"""E-mail addresses: what the contract accepts, and how addresses are compared."""

import re
import unicodedata
from enum import StrEnum
from typing import Final

from notifications_utils.characters import NO_BREAK_SPACES, ZERO_WIDTH

INVALID_EMAIL_ADDRESS_MESSAGE: Final = "Not a valid email address"

_MAX_LENGTH: Final = 320
_MAX_DOMAIN_LENGTH: Final = 253
_ASCII_BLANKS: Final = " \t\n\r\f\v"
_INVISIBLE: Final = str.maketrans("", "", ZERO_WIDTH + NO_BREAK_SPACES)
_LOCAL_PART: Final = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LAST_LABEL: Final = r"(?:[A-Za-z]{2,63}|[Xx][Nn]--(?:[A-Za-z0-9-]{0,58}[A-Za-z0-9]))"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+{_LAST_LABEL}")
_ADDRESS: Final = re.compile(rf"{_LOCAL_PART}@(?P<domain>[^@]+)")


class EmailAddressProblem(StrEnum):
    INVALID = "invalid_email_address"
    ACCENTED_LOCAL_PART = "accented_local_part"


_MESSAGES: Final = {
    EmailAddressProblem.INVALID: "Enter an email address in the right format, like name@example.com",
    EmailAddressProblem.ACCENTED_LOCAL_PART: "The part before the @ must not have accents",
}


class InvalidEmailAddressError(ValueError):
    """`short_message` is the contract's, `message` is for people.

    `suggestion` is the address without its accents, when that would be valid; it is personal data.
    """

    def __init__(self, code: EmailAddressProblem, suggestion: str | None = None) -> None:
        self.code = code
        self.short_message = INVALID_EMAIL_ADDRESS_MESSAGE
        self.message = _MESSAGES[code]
        self.suggestion = suggestion
        super().__init__(INVALID_EMAIL_ADDRESS_MESSAGE)


def validate_email_address(text: str) -> str:
    """The address without surrounding blanks and invisible characters, in its own spelling.

    Contract: ASCII local part, dots anywhere in it but never two in a row, domain of two labels or more that
    IDNA can write; 320 characters at most. Raises InvalidEmailAddressError.
    """
    address = _clean(text)
    if _is_valid(address):
        return address
    unaccented = _drop_accents_of_local_part(address)
    if unaccented != address and _is_valid(unaccented):
        raise InvalidEmailAddressError(EmailAddressProblem.ACCENTED_LOCAL_PART, unaccented)
    raise InvalidEmailAddressError(EmailAddressProblem.INVALID)


def format_email_address(text: str) -> str:
    """The form under which addresses are stored and compared: clean and in lower case. Checks nothing."""
    return _clean(text).lower()


def _clean(text: str) -> str:
    return (text if text.isascii() else text.translate(_INVISIBLE)).strip(_ASCII_BLANKS)


def _is_valid(address: str) -> bool:
    match = _ADDRESS.fullmatch(address)
    if match is None or len(address) > _MAX_LENGTH or ".." in address:
        return False
    domain = match["domain"]
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return False
    return len(domain) <= _MAX_DOMAIN_LENGTH and _DOMAIN.fullmatch(domain) is not None


def _drop_accents_of_local_part(address: str) -> str:
    local_part, at, domain = address.rpartition("@")
    letters = unicodedata.normalize("NFD", local_part.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)) + at + domain
