"""The contract's own formats of fields: each says in a few words what is wrong, or nothing."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from api.core.notifications.orders import MAX_SCHEDULE
from api.http.validation import Format, Formats
from notifications_utils.recipients.email_address import InvalidEmailAddressError, validate_email_address
from notifications_utils.recipients.phone_number import InvalidPhoneNumberError
from notifications_utils.recipients.phone_rules import PhoneRules

# RFC 3986, ASCII only. Ours: a host is required, because the address goes into a header that mail clients call.
_HTTPS_URL: Final = re.compile(
    r"https://(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+(?::\d{1,5})?"
    r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
)
_RETENTION_PERIOD: Final = re.compile(r"\s*(?:[1-9]|[1-6][0-9]|7[0-8]) weeks?\s*", re.IGNORECASE | re.ASCII)
MAX_FILE_NAME_LENGTH: Final = 100
POSTAGES: Final = ("first", "second", "economy")


def make_formats(phone_rules: PhoneRules) -> Formats:
    """The formats by the name under which schemas know them."""
    return {
        "uuid": Format(explain_uuid, covers_type=True),
        "uuid-or-null": Format(_explain_optional_uuid, covers_type=True),
        "phone-number": Format(_of_text(lambda text: _explain_phone_number(phone_rules, text))),
        "email-address": Format(_of_text(_explain_email_address)),
        "https-url": Format(_of_text(_explain_https_url)),
        "schedule": Format(_of_text(_explain_schedule)),
        "storable-text": Format(_of_text(_explain_text)),
        "storable": Format(_explain_object),
        "postage": Format(_of_text(_explain_postage)),
        "file-name": Format(_of_text(_explain_file_name)),
        "file-confirmation": Format(_explain_confirmation, covers_type=True),
        "retention-period": Format(_explain_retention_period, covers_type=True),
    }


def parse_schedule(text: str) -> datetime:
    """ISO 8601, in UTC unless it says otherwise. Raises `ValueError`."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None


def explain_uuid(value: Any) -> str | None:
    """Contract: whatever Python reads as a UUID, so without dashes or in braces too."""
    try:
        uuid.UUID(value)
    except (ValueError, AttributeError, TypeError):
        return "is not a valid UUID"
    return None


def _explain_optional_uuid(value: Any) -> str | None:
    return None if value is None else explain_uuid(value)


def _of_text(explain: Callable[[str], str | None]) -> Callable[[Any], str | None]:
    return lambda value: explain(value) if isinstance(value, str) else None


def _explain_phone_number(rules: PhoneRules, text: str) -> str | None:
    try:
        rules.parse(text)
    except InvalidPhoneNumberError as error:
        return error.short_message
    return None


def _explain_email_address(text: str) -> str | None:
    try:
        validate_email_address(text)
    except InvalidEmailAddressError:
        return "Not a valid email address"
    return None


def _explain_https_url(text: str) -> str | None:
    return None if _HTTPS_URL.fullmatch(text) else "is not a valid https url"


def _explain_schedule(text: str) -> str | None:
    try:
        moment = parse_schedule(text)
    except ValueError:
        return "datetime is not in ISO 8601 format"
    now = datetime.now(UTC)
    if moment < now:
        return "datetime cannot be in the past"
    if moment > now + MAX_SCHEDULE:
        return f"datetime can only be up to {MAX_SCHEDULE.total_seconds() / 3600:.0f} hours in the future"
    return None


def _explain_text(text: str) -> str | None:
    """PostgreSQL stores every character but NUL; a lone surrogate is not a character."""
    if "\x00" in text:
        return "must not contain null characters"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "is not valid Unicode text"
    return None


def _explain_object(value: Any) -> str | None:
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return "is nested too deeply or is not valid Unicode text"
    return None


def _explain_postage(text: str) -> str | None:
    return None if text in POSTAGES else "invalid. It must be either first, second or economy."


def _explain_file_name(text: str) -> str | None:
    if "." not in text:
        return "must end with a file extension. For example, file.pdf"
    if len(text) > MAX_FILE_NAME_LENGTH:
        return f"cannot be longer than {MAX_FILE_NAME_LENGTH} characters"
    return None


def _explain_confirmation(value: Any) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    return f"Unsupported value for confirm_email_before_download: {value}. Use a boolean true or false value."


def _explain_retention_period(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and _RETENTION_PERIOD.fullmatch(value)):
        return None
    return f"Unsupported value for retention_period: {value}. Supported periods are from 1 to 78 weeks."
