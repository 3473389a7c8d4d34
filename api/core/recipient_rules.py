"""Addresses and numbers that people type for accounts, guest lists and senders."""

from api.core.command_errors import InvalidValueError
from notifications_utils.recipients.email_address import InvalidEmailAddressError, validate_email_address
from notifications_utils.recipients.phone_number import InvalidPhoneNumberError
from notifications_utils.recipients.phone_rules import PhoneRules


def clean_email_address(text: str, *, field: str = "email_address") -> str:
    """Raises `InvalidValueError`."""
    try:
        return validate_email_address(text)
    except InvalidEmailAddressError:
        raise InvalidValueError(
            f"{text!r} is not an e-mail address: it looks like name@example.org", field=field
        ) from None


def clean_phone_number(phone_rules: PhoneRules, text: str, *, field: str = "mobile_number") -> str:
    """E.164 digits without the sign. Raises `InvalidValueError`."""
    try:
        return phone_rules.parse(text).e164_digits
    except InvalidPhoneNumberError as error:
        raise InvalidValueError(
            f"{text!r} is not a phone number ({error.short_message}): give it with its country, as +33…",
            field=field,
        ) from None
