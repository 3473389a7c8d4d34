"""What a service may hold."""

import re
import unicodedata
from collections.abc import Collection
from datetime import time
from enum import StrEnum

from api.contract import ServicePermission, UserPermission
from api.core.command_errors import InvalidValueError
from api.core.services.errors import SenderRefusedError
from notifications_utils.sending_hours import QuietHours
from notifications_utils.sms.sender import InvalidSenderError, SenderRules

# Letters are left out of the contract's defaults until they can be sent.
DEFAULT_PERMISSIONS = (ServicePermission.EMAIL, ServicePermission.SMS, ServicePermission.INTERNATIONAL_SMS)
ALL_MEMBER_PERMISSIONS = tuple(UserPermission)
LIVE_LETTER_LIMIT = 20_000
MAX_LIMIT = 999_999_999
MAX_RATE_LIMIT = 1_000_000
MIN_RETENTION_DAYS, MAX_RETENTION_DAYS = 3, 90
MAX_GUESTS_OF_A_KIND = 5
MAX_KEY_NAME_LENGTH = 255
MAX_LOCAL_PART_LENGTH = 64
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE"})
_TIME = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_QUIET_HOURS = re.compile(rf"{_TIME}-{_TIME}")


class DailyLimit(StrEnum):
    """The daily limits of a service, by the names that errors give them (contract: limits)."""

    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"
    INTERNATIONAL_SMS = "international_sms"

    @property
    def column(self) -> str:
        return f"{self.value}_message_limit"


def sender_local_part(name: str) -> str:
    """What comes before the @ of a service's sender address (contract: senders). Raises `InvalidValueError`."""
    words = re.findall(r"[a-z0-9_-]+", _without_accents(name).lower())
    local_part = ".".join(words)[:MAX_LOCAL_PART_LENGTH].strip(".")
    if not re.search(r"[a-z0-9]", local_part):
        raise InvalidValueError(
            f"{name!r} makes no sender address: use at least one letter from a to z or a digit", field="name"
        )
    return local_part


def key_name_for_clients(name: str) -> str:
    """The name at the head of a key: unsafe characters removed, blanks turned into `_` (contract: API keys)."""
    return re.sub(r"[^A-Za-z0-9_.-]", "", _without_accents(name).strip().replace(" ", "_")) or "key"


def check_daily_limit(limit: DailyLimit, value: int) -> None:
    if not 0 <= value <= MAX_LIMIT:
        raise InvalidValueError(
            f"The daily limit of {limit} is {value}: give 0 to {MAX_LIMIT}", field=limit.column
        )


def check_rate_limit(value: int) -> None:
    if not 1 <= value <= MAX_RATE_LIMIT:
        raise InvalidValueError(
            f"The rate limit is {value} requests a minute: give 1 to {MAX_RATE_LIMIT}", field="rate_limit"
        )


def read_quiet_hours(text: str, *, sundays: bool = False, holidays: bool = False) -> QuietHours:
    """From `21:30-08:00`. Raises `InvalidValueError`."""
    match = _QUIET_HOURS.fullmatch(text.strip())
    if match is None:
        raise InvalidValueError(
            f"The quiet hours {text!r} are not understood: give them as 21:30-08:00", field="quiet_hours"
        )
    start, end = (time(int(hour), int(minute)) for hour, minute in (match.group(1, 2), match.group(3, 4)))
    if start == end:
        raise InvalidValueError(
            f"The quiet hours {text!r} end when they begin: leave some time to send", field="quiet_hours"
        )
    return QuietHours(start, end, sundays, holidays)


def check_retention(days: int) -> None:
    if not MIN_RETENTION_DAYS <= days <= MAX_RETENTION_DAYS:
        raise InvalidValueError(
            f"Messages cannot be kept for {days} days: give {MIN_RETENTION_DAYS} to {MAX_RETENTION_DAYS}",
            field="days",
        )


def clean_service_permissions(permissions: Collection[str]) -> list[str]:
    """In the contract's order. Raises `InvalidValueError`."""
    return _clean_permissions(permissions, ServicePermission)


def clean_member_permissions(permissions: Collection[str]) -> list[str]:
    """In the contract's order. Raises `InvalidValueError`."""
    return _clean_permissions(permissions, UserPermission)


def clean_sms_sender(rules: SenderRules, text: str) -> str:
    """What phones show as the sender, blanks tidied. Raises `SenderRefusedError`."""
    sender = " ".join(text.split())
    try:
        rules.check(sender)
    except InvalidSenderError as error:
        raise SenderRefusedError(error) from None
    return sender


def _clean_permissions(permissions: Collection[str], known: type[StrEnum]) -> list[str]:
    unknown = sorted(set(permissions) - {member.value for member in known})
    if unknown:
        raise InvalidValueError(
            f"No such permission: {', '.join(unknown)}; there are {', '.join(member.value for member in known)}",
            field="permissions",
        )
    return [member.value for member in known if member in permissions]


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
