"""What fills the slot `postal_address`: NF Z10-011 (six lines of 38 characters, the last one in capitals)."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.config import Settings
from notifications_utils.recipients.postal_address import (
    InvalidPostalAddressError,
    PostalAddress,
    PostalAddressProblem,
    check_line_count,
    check_lines,
    clean_lines,
)
from patches.fr_postal_address.countries import DOMESTIC, find_country, printed_name

LONGEST_LINE: Final = 38
MOST_LINES_AT_HOME: Final = 6
MOST_LINES_ABROAD: Final = 7
# Five digits (two letters of Corsica are never in a postcode), then the place, with CEDEX and its number at most.
_LAST_LINE: Final = re.compile(r"(?P<code>\d{5}) +(?P<place>[^\W\d_][\w '’.\-]*)")
_POSTCODE: Final = re.compile(r"\d{5}")
_NOT_PRINTED: Final = re.compile(r"[^A-Z0-9 ]+")
_BLANKS: Final = re.compile(r" {2,}")
_NO_ABODE: Final = re.compile(r"\b(?:s\.?d\.?f\.?|sans domicile fixe)(?!\w)", re.IGNORECASE)
# From this line on, counted from the last, the standard wants capitals without signs.
_LINES_IN_CAPITALS: Final = 2


def make_postal_address(settings: Settings) -> "FrenchAddressRules":  # noqa: ARG001 - every filler gets them
    return FrenchAddressRules()


@dataclass(frozen=True, slots=True)
class FrenchAddressRules:
    """Addresses of France, overseas included, and with a country line those abroad."""

    def parse(self, lines: Sequence[str], *, allow_international: bool = False) -> PostalAddress:
        cleaned = clean_lines(lines)
        country = _take_country(cleaned)
        check_line_count(cleaned, most=MOST_LINES_AT_HOME)
        check_lines(cleaned)
        if country is not None:
            return _abroad(cleaned, country, allow_international=allow_international)
        _join_postcode(cleaned)
        return _at_home(cleaned)


def _take_country(lines: list[str]) -> str | None:
    """Removes the last line when it names a country; None for the French ones, which are not printed."""
    country = find_country(lines[-1]) if lines else None
    if country is None:
        return None
    del lines[-1]
    return None if country in DOMESTIC else country


def _abroad(lines: list[str], country: str, *, allow_international: bool) -> PostalAddress:
    if not allow_international:
        raise InvalidPostalAddressError(PostalAddressProblem.INTERNATIONAL)
    _check_lengths(lines)
    return PostalAddress((*lines, printed_name(country)), country)


def _join_postcode(lines: list[str]) -> None:
    """A postcode alone on the last line belongs to the place above it (contract: a column `postcode`)."""
    if _POSTCODE.fullmatch(lines[-1]) and len(lines) > 1 and not lines[-2][0].isdigit():
        place = lines.pop(-2)
        lines[-1] = f"{lines[-1]} {place}"


def _at_home(lines: list[str]) -> PostalAddress:
    check_line_count(lines)
    if any(_NO_ABODE.fullmatch(line) for line in lines):
        # A person without a home has an address at a social centre: then the words stand beside others.
        raise InvalidPostalAddressError(PostalAddressProblem.NO_FIXED_ABODE)
    if not _LAST_LINE.fullmatch(lines[-1]):
        raise InvalidPostalAddressError(PostalAddressProblem.INVALID_LAST_LINE, len(lines))
    above = len(lines) - _LINES_IN_CAPITALS
    printed = [*lines[:above], *map(_in_capitals, lines[above:])]
    _check_lengths(printed)
    return PostalAddress(tuple(printed))


def _check_lengths(lines: Sequence[str]) -> None:
    for number, line in enumerate(lines, start=1):
        if len(line) > LONGEST_LINE:
            raise InvalidPostalAddressError(PostalAddressProblem.LINE_TOO_LONG, number)


def _in_capitals(line: str) -> str:
    """Letters, digits and blanks only: sorting machines read nothing else."""
    decomposed = unicodedata.normalize("NFKD", line.replace("œ", "oe").replace("Œ", "OE"))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character)).upper()
    return _BLANKS.sub(" ", _NOT_PRINTED.sub(" ", plain)).strip()
