"""A return path of its own for each e-mail (VERP), so that a bounce says which message it is about.

`bounce+<notification id>.<proof>@<domain>`: the proof is an HMAC, because anybody can write to that address. The same
token is in our Message-ID and in the envelope identifier of RFC 3461, where some bounces keep it when the address that
they were sent to is lost.
"""

import base64
import hmac
import re
import uuid
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, Self

from api.config import Settings

_PURPOSE: Final = b"smtp return path"
_PROOF_BYTES: Final = 10  # 16 characters; local parts have at most 64
_TOKEN: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([a-z2-7]{16})", re.IGNORECASE)
_MOST_TRIES: Final = 20


class ReturnPath:
    """`secrets`, newest first: the first one signs, all of them are believed."""

    def __init__(self, domain: str, secrets: Sequence[str]) -> None:
        self._domain = domain
        self._keys = [hmac.digest(secret.encode(), _PURPOSE, "sha256") for secret in secrets]

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """None where bounces are not read."""
        domain = settings.smtp_bounce_domain
        return cls(domain, settings.key_ring_secrets) if domain else None

    def token(self, notification_id: uuid.UUID) -> str:
        """Letters, digits, `-` and one `.`; the case of letters does not matter."""
        return f"{notification_id}.{_proof(self._keys[0], notification_id)}"

    def address(self, notification_id: uuid.UUID) -> str:
        return f"bounce+{self.token(notification_id)}@{self._domain}"

    def find(self, texts: Iterable[str]) -> uuid.UUID | None:
        """The message that the first of these texts with a token of ours names."""
        candidates = (match for text in texts for match in _TOKEN.finditer(text))
        for candidate in islice(candidates, _MOST_TRIES):
            notification_id, proof = uuid.UUID(candidate[1]), candidate[2].lower()
            if any(hmac.compare_digest(proof, _proof(key, notification_id)) for key in self._keys):
                return notification_id
        return None


def _proof(key: bytes, notification_id: uuid.UUID) -> str:
    digest = hmac.digest(key, notification_id.bytes, "sha256")
    return base64.b32encode(digest[:_PROOF_BYTES]).decode().lower()
