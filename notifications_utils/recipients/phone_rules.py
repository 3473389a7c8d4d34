"""How a deployment reads phone numbers: a slot, and its default built on `phonenumbers`."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

from notifications_utils.characters import NO_BREAK_SPACES, ZERO_WIDTH
from notifications_utils.recipients.phone_number import (
    InvalidPhoneNumberError,
    PhoneNumber,
    PhoneNumberKind,
    PhoneNumberProblem,
)
from notifications_utils.recipients.phone_patterns import (
    find_country_code,
    find_mobile_pattern,
    find_national_start,
)

CONTRACT_FICTION_NUMBERS: Final = r"447700900\d{3}"
"""Contract: numbers of the simulator and of tests; no metadata know them, because nobody owns them.

They are at home everywhere, so that tests of clients need no permission.
"""

CONTRACT_KINDS: Final = frozenset(
    {
        PhoneNumberKind.MOBILE,
        PhoneNumberKind.FIXED_OR_MOBILE,
        PhoneNumberKind.FIXED,
        PhoneNumberKind.UNIVERSAL_ACCESS,
        PhoneNumberKind.PERSONAL,
    }
)

# Contract: numbers with a simulated outcome; clients write them in British national form, wherever they are.
_SIMULATED_IN_NATIONAL_FORM: Final = re.compile(r"0(?P<rest>7700900(?:000|111|222|00[123]))")
_IS_CONTRACT_FICTION: Final = re.compile(CONTRACT_FICTION_NUMBERS, re.ASCII)
_SEPARATORS: Final = "()-\u2010\u2011\u2012\u2013\u2014\u2212 \t\n\r\f\v" + NO_BREAK_SPACES + ZERO_WIDTH
_KINDS: Final = {
    PhoneNumberType.MOBILE: PhoneNumberKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneNumberKind.FIXED_OR_MOBILE,
    PhoneNumberType.FIXED_LINE: PhoneNumberKind.FIXED,
    PhoneNumberType.UAN: PhoneNumberKind.UNIVERSAL_ACCESS,
    PhoneNumberType.PERSONAL_NUMBER: PhoneNumberKind.PERSONAL,
    PhoneNumberType.VOIP: PhoneNumberKind.VOIP,
}
_LENGTH_PROBLEMS: Final = {
    ValidationResult.TOO_LONG: PhoneNumberProblem.TOO_LONG,
    ValidationResult.TOO_SHORT: PhoneNumberProblem.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: PhoneNumberProblem.TOO_SHORT,
    ValidationResult.INVALID_COUNTRY_CODE: PhoneNumberProblem.UNSUPPORTED_COUNTRY_CODE,
}
_PARSE_PROBLEMS: Final = {
    NumberParseException.INVALID_COUNTRY_CODE: PhoneNumberProblem.UNSUPPORTED_COUNTRY_CODE,
    NumberParseException.TOO_LONG: PhoneNumberProblem.TOO_LONG,
}


class PhoneRules(Protocol):
    """What a country says about phone numbers."""

    @property
    def not_a_mobile_message(self) -> str:
        """What the public API answers when a number may not get text messages."""
        ...

    def parse(self, text: str) -> PhoneNumber:
        """Raises InvalidPhoneNumberError, and nothing else whatever the text."""
        ...

    def is_fictional(self, e164_digits: str) -> bool:
        """Kept for stories and tests: nobody has this number, so messages to it are only simulated."""
        ...


@dataclass(frozen=True, slots=True)
class RegionPhoneRules:
    """Numbers of any country; those of `region` also in national form (None: international form only).

    Contract: digits, blanks, brackets, hyphens and plus signs, with a few slips forgiven: a lost or superfluous
    `+`, `00` or zero. Ours: a number with its national zero is never read as one from abroad.
    """

    region: str | None = None
    """ISO 3166 code."""
    extra_separators: str = ""
    """What may stand between digits besides the contract's characters, such as `./`."""
    domestic_country_codes: frozenset[str] | None = None
    """Prefixes that are not international; default: that of the region, or all of them without region."""
    extra_mobiles: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Region → pattern of E.164 digits of its mobile numbers that the metadata do not know yet, or never will.
    The contract's fiction numbers are always among them."""
    fictional: str = r"(?!)"
    """Pattern of E.164 digits of numbers that nobody has: see `PhoneRules.is_fictional`."""
    accepted_kinds: frozenset[PhoneNumberKind] = CONTRACT_KINDS
    """Numbers of other kinds are invalid."""
    rewrite: Callable[[str], str] | None = None
    """Puts right what a country writes its own way: gets digits and plus signs, gives the same. It does not
    see ordinary mobile numbers of the region."""
    not_a_mobile_message: str = "Not a mobile number"
    _country_code: str = field(init=False, repr=False, compare=False)
    _removed: dict[int, None] = field(init=False, repr=False, compare=False)
    _is_extra_mobile: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _is_fictional: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        code = phonenumbers.country_code_for_region(self.region) if self.region else 0
        if self.region and not code:
            raise ValueError(
                f"Unknown phone region: {self.region!r} (two capital letters of ISO 3166, like FR)"
            )
        object.__setattr__(self, "_country_code", str(code) if code else "")
        object.__setattr__(self, "_removed", dict.fromkeys(map(ord, _SEPARATORS + self.extra_separators)))
        extra = "|".join(f"(?P<{region}>{pattern})" for region, pattern in self.extra_mobiles.items())
        object.__setattr__(self, "_is_extra_mobile", re.compile(extra or r"(?!)", re.ASCII))
        object.__setattr__(self, "_is_fictional", re.compile(self.fictional, re.ASCII))

    def is_fictional(self, e164_digits: str) -> bool:
        return self._is_fictional.fullmatch(e164_digits) is not None

    def parse(self, text: str) -> PhoneNumber:
        compact = text.translate(self._removed)
        number = self._find_ordinary_mobile(compact)
        if number is not None:
            return number
        if compact.strip("+0123456789"):
            raise InvalidPhoneNumberError(PhoneNumberProblem.UNKNOWN_CHARACTER)
        if self.rewrite is not None and (rewritten := self.rewrite(compact)) != compact:
            compact = rewritten
            if (number := self._find_ordinary_mobile(compact)) is not None:
                return number
        # Plus signs and zeros alone hold no number, and too many digits would cost the library time.
        if not compact.strip("+0"):
            raise InvalidPhoneNumberError(PhoneNumberProblem.TOO_SHORT)
        if len(compact) > _LONGEST_TEXT:
            raise InvalidPhoneNumberError(PhoneNumberProblem.TOO_LONG)
        return self._parse_any(compact)

    def _find_ordinary_mobile(self, compact: str) -> PhoneNumber | None:
        """The short way for nearly all numbers of nearly all lists: same answers as the library, no library call."""
        if compact.startswith("+"):
            code = find_country_code(compact[1:4])
            start = "" if code is None else f"+{code}"
        else:
            code = self._country_code
            start = (find_national_start(self.region) if self.region else None) or "+"
        if not code or not compact.startswith(start):
            return None
        pattern = find_mobile_pattern(code)
        significant = compact[len(start) :]
        if pattern is None or pattern.is_mobile.fullmatch(significant) is None:
            return None
        return PhoneNumber(
            code + significant, code, pattern.region, pattern.kind, self._is_international(code), self.region
        )

    def _parse_any(self, compact: str) -> PhoneNumber:
        problem: PhoneNumberProblem | None = None
        for reading in self._readings(compact):
            result = self._read(reading)
            if isinstance(result, PhoneNumber):
                return result
            # A number without national zero that does not fit here was meant as international.
            if problem is None or problem is PhoneNumberProblem.TOO_LONG:
                problem = result
        if simulated := _SIMULATED_IN_NATIONAL_FORM.fullmatch(compact):
            return self.parse(f"+44{simulated['rest']}")
        raise InvalidPhoneNumberError(problem or PhoneNumberProblem.UNSUPPORTED_COUNTRY_CODE)

    def _readings(self, compact: str) -> Iterator[str]:
        """The ways in which the digits can be meant, best first, in forms that the library understands."""
        before, plus, digits = compact.rpartition("+")
        if before.strip("+0"):  # a plus sign between two digits says nothing
            plus, digits = "", compact.replace("+", "")
        significant = digits.lstrip("0")
        zeros = len(digits) - len(significant)
        has_region = self.region is not None
        if zeros == 0 and plus:
            yield f"+{digits}"
        elif zeros == 0:
            if has_region:
                yield digits
            yield f"+{digits}"
        else:
            if zeros == _INTERNATIONAL_ZEROS:
                yield f"+{significant}"
            if has_region:
                yield digits
                yield significant

    def _read(self, text: str) -> PhoneNumber | PhoneNumberProblem:
        try:
            number = phonenumbers.parse(text, self.region)
        except NumberParseException as error:
            return _PARSE_PROBLEMS.get(error.error_type, PhoneNumberProblem.TOO_SHORT)
        kind = _KINDS.get(phonenumbers.number_type(number))
        if kind in self.accepted_kinds:
            return self._make(number, kind)
        digits = _to_digits(number)
        if _IS_CONTRACT_FICTION.fullmatch(digits):
            return PhoneNumber(digits, "44", "GB", PhoneNumberKind.MOBILE, False, self.region)
        if extra := self._is_extra_mobile.fullmatch(digits):
            return self._make(number, PhoneNumberKind.MOBILE, extra.lastgroup)
        length = phonenumbers.is_possible_number_with_reason(number)
        return _LENGTH_PROBLEMS.get(length, PhoneNumberProblem.INVALID_NUMBER)

    def _make(
        self, number: phonenumbers.PhoneNumber, kind: PhoneNumberKind, region: str | None = None
    ) -> PhoneNumber:
        code = str(number.country_code)
        region = region or phonenumbers.region_code_for_number(number)
        return PhoneNumber(
            _to_digits(number),
            code,
            region or phonenumbers.region_code_for_country_code(int(code)),
            kind,
            self._is_international(code),
            self.region,
        )

    def _is_international(self, country_code: str) -> bool:
        if self.domestic_country_codes is not None:
            return country_code not in self.domestic_country_codes
        return self.region is not None and country_code != self._country_code


# Contract reads `00` before a country code as `+`, as nearly all countries do.
_INTERNATIONAL_ZEROS: Final = 2
# E.164 has 15 digits; the rest is room for superfluous zeros and signs.
_LONGEST_TEXT: Final = 40


def _to_digits(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
