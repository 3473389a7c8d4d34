"""The mobile numbers of a country as one regular expression, from the metadata of `phonenumbers`.

The library tries up to a dozen patterns on each number; one pattern that says the same is twenty times faster.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from notifications_utils.recipients.phone_number import PhoneNumberKind

_COUNTRY_CODES: Final = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
_LONGEST_COUNTRY_CODE: Final = 3
_NEVER: Final = r"(?!)"


@dataclass(frozen=True, slots=True)
class MobilePattern:
    """`is_mobile` matches the digits after the country code; `region` is where they then belong."""

    is_mobile: re.Pattern[str]
    region: str
    kind: PhoneNumberKind


def find_country_code(digits: str) -> str | None:
    """The prefix that an international number begins with; no prefix begins with another one."""
    for length in range(1, _LONGEST_COUNTRY_CODE + 1):
        if digits[:length] in _COUNTRY_CODES:
            return digits[:length]
    return None


@cache
def find_mobile_pattern(country_code: str) -> MobilePattern | None:
    """None when the country code belongs to no country."""
    region = phonenumbers.region_code_for_country_code(int(country_code))
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return None
    is_one_plan = bool(metadata.same_mobile_and_fixed_line_pattern)
    # The order in which the library decides the type of a number: the first that matches wins.
    stronger = [
        metadata.premium_rate, metadata.toll_free, metadata.shared_cost, metadata.voip,
        metadata.personal_number, metadata.pager, metadata.uan, metadata.voicemail,
    ]  # fmt: skip
    mobile = metadata.fixed_line if is_one_plan else metadata.mobile
    excluded = stronger if is_one_plan else [*stronger, metadata.fixed_line]
    pattern = (
        "".join(rf"(?!(?:{_describe(desc)})\Z)" for desc in excluded)
        + _refuse_national_prefix(metadata)
        + rf"(?=(?:{_describe(metadata.general_desc)})\Z){_describe(mobile)}"
    )
    return MobilePattern(
        re.compile(pattern, re.ASCII),
        region,
        PhoneNumberKind.FIXED_OR_MOBILE if is_one_plan else PhoneNumberKind.MOBILE,
    )


@cache
def find_national_start(region: str) -> str | None:
    """What stands before a national number in that region, such as `0`; None when it is not that simple."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or not metadata.national_prefix or metadata.national_prefix_transform_rule:
        return None
    prefix = metadata.national_prefix
    # A number that could also begin with the prefix for calls abroad is left to the library.
    if re.match(metadata.international_prefix or _NEVER, prefix):
        return None
    return str(prefix)


def _describe(desc: PhoneNumberDesc | None) -> str:
    """The pattern of one type of number with its possible lengths, which the metadata keep apart."""
    if desc is None or not desc.national_number_pattern:
        return _NEVER
    if not desc.possible_length:
        return f"(?:{desc.national_number_pattern})"
    # The metadata write "no length at all" as -1.
    lengths = "|".join(rf"\d{{{length}}}" for length in desc.possible_length if length > 0) or _NEVER
    return rf"(?:(?=(?:{lengths})\Z)(?:{desc.national_number_pattern}))"


def _refuse_national_prefix(metadata: PhoneMetadata) -> str:
    """Digits that the library might take for a national prefix and drop are not for the short way."""
    prefix = metadata.national_prefix_for_parsing
    return f"(?!{prefix})" if prefix else ""
