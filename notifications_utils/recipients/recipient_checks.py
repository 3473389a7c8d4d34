"""What a list checks of each recipient, by kind of message."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeAlias

from notifications_utils.recipients.columns import RecipientKind
from notifications_utils.recipients.email_address import (
    InvalidEmailAddressError,
    format_email_address,
    validate_email_address,
)
from notifications_utils.recipients.phone_number import (
    InvalidPhoneNumberError,
    PhoneNumber,
    PhoneNumberProblem,
    check_can_receive_sms,
)
from notifications_utils.recipients.phone_rules import PhoneRules

InvalidRecipientError: TypeAlias = InvalidEmailAddressError | InvalidPhoneNumberError


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who can be reached; personal data, hence the repr."""

    normalised: str = field(repr=False)
    """The form that is stored and compared: E.164 digits, or an address in lower case."""
    phone_number: PhoneNumber | None = None

    @property
    def is_international(self) -> bool:
        return self.phone_number is not None and self.phone_number.is_international


class RecipientChecks(Protocol):
    @property
    def kind(self) -> RecipientKind: ...

    def check(self, text: str) -> Recipient:
        """Raises InvalidEmailAddressError or InvalidPhoneNumberError."""
        ...

    def normalise(self, text: str) -> str:
        """For comparison with entries of a guest list, valid or not; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class EmailRecipients:
    kind: ClassVar[RecipientKind] = RecipientKind.EMAIL

    def check(self, text: str) -> Recipient:
        return Recipient(validate_email_address(text).lower())

    def normalise(self, text: str) -> str:
        return format_email_address(text)


@dataclass(frozen=True, slots=True)
class SmsRecipients:
    """`can_send_to` tells whether there is a price for a country code; default: everywhere."""

    rules: PhoneRules
    allow_international: bool = False
    allow_landlines: bool = False
    can_send_to: Callable[[str], bool] | None = None
    kind: ClassVar[RecipientKind] = RecipientKind.SMS

    def check(self, text: str) -> Recipient:
        number = self.rules.parse(text)
        check_can_receive_sms(
            number,
            allow_international=self.allow_international,
            allow_landlines=self.allow_landlines,
            not_a_mobile_message=self.rules.not_a_mobile_message,
        )
        if self.can_send_to is not None and not self.can_send_to(number.country_code):
            raise InvalidPhoneNumberError(PhoneNumberProblem.UNSUPPORTED_COUNTRY_CODE)
        return Recipient(number.e164_digits, number)

    def normalise(self, text: str) -> str:
        try:
            return self.rules.parse(text).e164_digits
        except InvalidPhoneNumberError:
            return format_email_address(text)
