"""How a deployment reads postal addresses: a slot, and its neutral default."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from notifications_utils.characters import NO_BREAK_SPACES, ZERO_WIDTH
from notifications_utils.localisation import gettext_noop

MOST_LINES: Final = 7  # contract: address_line_1 to address_line_7
FEWEST_LINES: Final = 3

_BLANKS: Final = re.compile(rf"[\s{NO_BREAK_SPACES}]+")
_ZERO_WIDTH: Final = re.compile(f"[{ZERO_WIDTH}]+")
_BLANK_BEFORE_SIGN: Final = re.compile(r" +(?=[,.])")
# Contract: a printer takes these at the start of a line for something else.
_FORBIDDEN_STARTS: Final = frozenset('@()=[]"\\/,<>~')
_LINES_WITH_A_NAME: Final = 2


class PostalAddressProblem(StrEnum):
    NOT_ENOUGH_LINES = "not_enough_lines"
    TOO_MANY_LINES = "too_many_lines"
    LINE_TOO_LONG = "line_too_long"
    FORBIDDEN_START = "forbidden_start"
    NO_LETTER = "no_letter"
    """One of the first two lines holds neither letter nor digit."""
    INVALID_LAST_LINE = "invalid_last_line"
    """Neither postcode and place, nor a country."""
    INTERNATIONAL = "international"
    """It lies abroad, and the sender may not write there."""
    NO_FIXED_ABODE = "no_fixed_abode"


_MESSAGES: Final = {
    PostalAddressProblem.NOT_ENOUGH_LINES: gettext_noop("An address needs more lines"),
    PostalAddressProblem.TOO_MANY_LINES: gettext_noop("The address has too many lines"),
    PostalAddressProblem.LINE_TOO_LONG: gettext_noop("A line of the address is too long"),
    PostalAddressProblem.FORBIDDEN_START: gettext_noop(
        "A line of the address begins with a sign that cannot be printed there"
    ),
    PostalAddressProblem.NO_LETTER: gettext_noop(
        "The first two lines of an address need a letter or a digit"
    ),
    PostalAddressProblem.INVALID_LAST_LINE: gettext_noop(
        "The last line of an address is a postcode with its place, or a country"
    ),
    PostalAddressProblem.INTERNATIONAL: gettext_noop("This address lies abroad"),
    PostalAddressProblem.NO_FIXED_ABODE: gettext_noop("A letter cannot reach somebody without an address"),
}


class InvalidPostalAddressError(ValueError):
    """`line` counts from 1, where one line is meant. The text never holds the address."""

    def __init__(self, code: PostalAddressProblem, line: int | None = None) -> None:
        self.code = code
        self.line = line
        self.message = _MESSAGES[code]
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address as it is printed; it stays out of its repr because it is personal data.

    `country`: ISO 3166 code; None at home.
    """

    lines: tuple[str, ...] = field(repr=False)
    country: str | None = None

    @property
    def is_international(self) -> bool:
        return self.country is not None


class PostalAddressRules(Protocol):
    """What a country says about postal addresses."""

    def parse(self, lines: Sequence[str], *, allow_international: bool = False) -> PostalAddress:
        """Raises InvalidPostalAddressError, and nothing else whatever the lines."""
        ...


@dataclass(frozen=True, slots=True)
class PlainAddressRules:
    """Lines as they are, from three to seven: no postcode and no country is known."""

    def parse(self, lines: Sequence[str], *, allow_international: bool = False) -> PostalAddress:  # noqa: ARG002
        cleaned = clean_lines(lines)
        check_line_count(cleaned)
        check_lines(cleaned)
        return PostalAddress(tuple(cleaned))


def clean_lines(lines: Sequence[str]) -> list[str]:
    """Contract: single blanks, no comma at the end, no empty line."""
    return [cleaned for line in lines for part in line.splitlines() or [""] if (cleaned := _clean_line(part))]


def check_line_count(lines: Sequence[str], fewest: int = FEWEST_LINES, most: int = MOST_LINES) -> None:
    """Raises InvalidPostalAddressError."""
    if len(lines) < fewest:
        raise InvalidPostalAddressError(PostalAddressProblem.NOT_ENOUGH_LINES)
    if len(lines) > most:
        raise InvalidPostalAddressError(PostalAddressProblem.TOO_MANY_LINES)


def check_lines(lines: Sequence[str]) -> None:
    """What holds for every line, and for the first two. Raises InvalidPostalAddressError."""
    for number, line in enumerate(lines, start=1):
        if line[0] in _FORBIDDEN_STARTS:
            raise InvalidPostalAddressError(PostalAddressProblem.FORBIDDEN_START, number)
        if number <= _LINES_WITH_A_NAME and not any(map(str.isalnum, line)):
            raise InvalidPostalAddressError(PostalAddressProblem.NO_LETTER, number)


def _clean_line(line: str) -> str:
    visible = _BLANKS.sub(" ", _ZERO_WIDTH.sub("", line)).strip(" ,")
    return _BLANK_BEFORE_SIGN.sub("", visible)
