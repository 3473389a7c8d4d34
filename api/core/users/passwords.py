"""Passwords: argon2id, with the parameters that argon2-cffi recommends (RFC 9106, low memory)."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def is_right_password(password_hash: str | None, password: str) -> bool:
    """Takes as long for an account without a password, so that the time does not tell."""
    try:
        _hasher.verify(password_hash or _ANY_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def generate_password() -> str:
    """120 random bits, readable in a terminal."""
    return secrets.token_urlsafe(15)


_ANY_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
