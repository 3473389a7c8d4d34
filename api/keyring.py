"""Authenticated encryption of what must not be read in the database, with keys that can be rotated (design D6).

A sealed value is `version (1 byte) ‖ key id (4) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag`. The purpose (for
example `notification.personalisation`) derives the key and is authenticated, so that a value cannot be moved to
another column.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_PREFIX_LENGTH = 5
_NONCE_LENGTH = 12


class UnreadableSecretError(Exception):
    """A sealed value that no key of the ring opens: it was altered, or its key was taken away too early."""


class KeyRing:
    """`secrets`, newest first: the first one seals, all of them open."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("the key ring is empty")
        self._masters = {
            _key_id(secret): hashlib.sha256(b"notifications:" + secret.encode()).digest()
            for secret in secrets
        }
        self._current_id = _key_id(secrets[0])
        self._cipher = lru_cache(maxsize=256)(self._derive_cipher)

    def _derive_cipher(self, key_id: bytes, purpose: str) -> AESGCM:
        return AESGCM(hmac.digest(self._masters[key_id], purpose.encode(), "sha256"))

    @property
    def current_prefix(self) -> bytes:
        """How every value sealed with the current key begins; rotation looks for the others."""
        return _VERSION + self._current_id

    def seal(self, purpose: str, value: bytes) -> bytes:
        nonce = os.urandom(_NONCE_LENGTH)
        cipher = self._cipher(self._current_id, purpose)
        return self.current_prefix + nonce + cipher.encrypt(nonce, value, purpose.encode())

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """Raises `UnreadableSecretError`."""
        sealed = bytes(sealed)
        key_id = sealed[1:_PREFIX_LENGTH]
        if sealed[:1] != _VERSION or key_id not in self._masters:
            raise UnreadableSecretError(f"no key opens this value ({purpose})")
        nonce = sealed[_PREFIX_LENGTH : _PREFIX_LENGTH + _NONCE_LENGTH]
        try:
            return self._cipher(key_id, purpose).decrypt(
                nonce, sealed[_PREFIX_LENGTH + _NONCE_LENGTH :], purpose.encode()
            )
        except (InvalidTag, ValueError):  # ValueError: cut too short to hold a nonce
            raise UnreadableSecretError(f"this value was altered ({purpose})") from None

    def seal_text(self, purpose: str, text: str) -> bytes:
        return self.seal(purpose, text.encode())

    def open_text(self, purpose: str, sealed: bytes) -> str:
        return self.open(purpose, sealed).decode()


def _key_id(secret: str) -> bytes:
    return hashlib.sha256(b"key-id:" + secret.encode()).digest()[:4]
