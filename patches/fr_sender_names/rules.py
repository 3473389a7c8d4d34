"""The AF2M charter on alphanumeric senders, tightened on 10 March 2025 (af2m.org)."""

import re
from enum import StrEnum
from typing import Final

from api.config import Settings
from notifications_utils.localisation import gettext_noop
from notifications_utils.sms.sender import InvalidSenderError, check_length
from patches.fr_sender_names.settings import SenderNamesSettings

_SHORT_CODE: Final = re.compile(r"3[68]\d{3}")
_LETTERS_AND_DIGITS: Final = re.compile(r"[A-Za-z0-9]*")
_BETWEEN_DIGITS: Final = re.compile(r"[ .()/-]")
_FRENCH_NUMBER: Final = re.compile(r"(?:0|(?:\+|00)?33)[1-9]\d{8}")


class SenderProblem(StrEnum):
    """Besides `length`, which is the contract's."""

    PHONE_NUMBER = "phone_number"
    DIGITS_ONLY = "digits_only"
    CHARACTERS = "characters"
    GENERIC = "generic"
    FORBIDDEN = "forbidden"
    NOT_AUTHORISED = "not_authorised"


_MESSAGES: Final = {
    SenderProblem.PHONE_NUMBER: gettext_noop(
        "%(name)s is a phone number: these are kept for calls between people, give the name of your organisation"
    ),
    SenderProblem.DIGITS_ONLY: gettext_noop(
        "%(name)s is neither a name nor a short code: add a letter, or give a short code that begins with 36 or 38"
    ),
    SenderProblem.CHARACTERS: gettext_noop(
        "%(name)s would be blocked by operators: use only letters without accents and digits, without spaces"
    ),
    SenderProblem.GENERIC: gettext_noop(
        "%(name)s does not say who writes: give the name of your organisation"
    ),
    SenderProblem.FORBIDDEN: gettext_noop("%(name)s is blocked by all operators: choose another name"),
    SenderProblem.NOT_AUTHORISED: gettext_noop(
        "%(name)s is reserved for its owner: ask for an authorisation, which your provider registers with the operators"
    ),
}


class FrenchSenderRules:
    """3 to 11 letters and digits, at least one letter; or a short code of five digits, 36xxx or 38xxx."""

    def __init__(self, settings: SenderNamesSettings) -> None:
        self._lists = (
            (SenderProblem.GENERIC, settings.generic),
            (SenderProblem.FORBIDDEN, settings.forbidden),
            (SenderProblem.NOT_AUTHORISED, set(settings.reserved) - set(settings.authorised)),
        )

    def check(self, name: str) -> None:
        """Raises `InvalidSenderError`, with `length` or a `SenderProblem` as its code."""
        if problem := _find_wrong_number(name):
            raise _refuse(problem, name)
        check_length(name)
        if not _LETTERS_AND_DIGITS.fullmatch(name):
            raise _refuse(SenderProblem.CHARACTERS, name)
        for problem, names in self._lists:
            if name.lower() in names:
                raise _refuse(problem, name)


def make_rules(_settings: Settings) -> FrenchSenderRules:
    return FrenchSenderRules(SenderNamesSettings.load())


def _find_wrong_number(name: str) -> SenderProblem | None:
    digits = _BETWEEN_DIGITS.sub("", name)
    if _FRENCH_NUMBER.fullmatch(digits):
        return SenderProblem.PHONE_NUMBER
    if digits.isdecimal() and not _SHORT_CODE.fullmatch(name):
        return SenderProblem.DIGITS_ONLY
    return None


def _refuse(problem: SenderProblem, name: str) -> InvalidSenderError:
    return InvalidSenderError(problem, _MESSAGES[problem], {"name": name})
