"""What an account may hold."""

from enum import StrEnum

from api.core.command_errors import InvalidValueError
from api.core.users.errors import WeakPasswordError

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 1000
_MIN_DIFFERENT_CHARACTERS = 5


class AuthType(StrEnum):
    EMAIL = "email_auth"
    SMS = "sms_auth"
    SECURITY_KEY = "webauthn_auth"


class UserState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    INACTIVE = "inactive"


def check_password(password: str, email_address: str) -> None:
    """Raises `WeakPasswordError`."""
    if len(password) < MIN_PASSWORD_LENGTH:
        raise WeakPasswordError(f"is too short: give at least {MIN_PASSWORD_LENGTH} characters")
    if len(password) > MAX_PASSWORD_LENGTH:
        raise WeakPasswordError(f"is too long: give at most {MAX_PASSWORD_LENGTH} characters")
    if len(set(password)) < _MIN_DIFFERENT_CHARACTERS:
        raise WeakPasswordError(
            f"is easy to guess: use at least {_MIN_DIFFERENT_CHARACTERS} different characters"
        )
    if email_address.partition("@")[0].lower() in password.lower():
        raise WeakPasswordError("contains the account's e-mail address: choose another")


def check_second_factor(auth_type: AuthType, mobile_number: str | None) -> None:
    if auth_type == AuthType.SMS and not mobile_number:
        raise InvalidValueError(
            "Sign-in with a code by text message needs a mobile number: give one", field="mobile_number"
        )
