"""How long an SMS is: characters, septets, parts."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notifications_utils.sms.gsm import BASIC, EXTENSION, character_class

_BEYOND_BASIC: Final = character_class(BASIC, negated=True)
_BEYOND_GSM: Final = character_class(BASIC + EXTENSION, negated=True)
_EXTENSION: Final = character_class(EXTENSION)


class Encoding(StrEnum):
    """How a text message travels."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"

    @property
    def single_part_units(self) -> int:
        """Septets, or 16-bit units, that fit in a message of one part."""
        return 160 if self is Encoding.GSM7 else 70

    @property
    def units_per_part(self) -> int:
        """What remains in each part of a longer message, once its header is written."""
        return 153 if self is Encoding.GSM7 else 67


@dataclass(frozen=True, slots=True)
class SmsSize:
    """`characters` in UTF-16 code units; `units` in septets for GSM7, in UTF-16 code units for UCS2."""

    encoding: Encoding
    characters: int
    units: int

    @property
    def fragments(self) -> int:
        """Parts as operators bill them; an empty text still is one."""
        if self.units <= self.encoding.single_part_units:
            return 1
        return -(-self.units // self.encoding.units_per_part)


def measure(text: str) -> SmsSize:
    """The size of a text that is sent as it is."""
    if _BEYOND_BASIC.search(text) is None:
        return SmsSize(Encoding.GSM7, len(text), len(text))
    if _BEYOND_GSM.search(text) is None:
        return SmsSize(Encoding.GSM7, len(text), len(text) + len(_EXTENSION.findall(text)))
    characters = utf16_length(text)
    return SmsSize(Encoding.UCS2, characters, characters)


def count_fragments(text: str) -> int:
    """The number of parts of a text that is sent as it is."""
    return measure(text).fragments


def count_units(text: str, encoding: Encoding) -> int:
    """What the text weighs in a message of that encoding."""
    if encoding is Encoding.UCS2:
        return utf16_length(text)
    return len(text) + len(_EXTENSION.findall(text))


def utf16_length(text: str) -> int:
    """Contract: characters are counted in UTF-16 code units, so that an emoji counts for two."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
