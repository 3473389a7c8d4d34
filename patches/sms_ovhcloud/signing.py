"""Signatures of the OVHcloud API with an application key (github.com/ovh/python-ovh)."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_TOLERANCE_SECONDS: Final = 2  # what rounding and the network make of a difference


@dataclass(frozen=True, slots=True)
class Credentials:
    application_key: str
    application_secret: str = field(repr=False)
    consumer_key: str = field(repr=False)

    def headers(self, method: str, url: str, body: bytes, timestamp: int) -> dict[str, str]:
        """`url` with its query string and `body` exactly as they are sent."""
        return {
            "X-Ovh-Application": self.application_key,
            "X-Ovh-Consumer": self.consumer_key,
            "X-Ovh-Timestamp": str(timestamp),
            "X-Ovh-Signature": self.sign(method, url, body, timestamp),
        }

    def sign(self, method: str, url: str, body: bytes, timestamp: int) -> str:
        signed = b"+".join(
            (
                self.application_secret.encode(),
                self.consumer_key.encode(),
                method.encode(),
                url.encode(),
                body,
                str(timestamp).encode(),
            )
        )
        # The algorithm is the provider's; the flag lets it run where SHA-1 is switched off.
        return "$1$" + hashlib.sha1(signed, usedforsecurity=False).hexdigest()


class Clock:
    """How far the provider's clock is from ours, in seconds: asked once a process (source: same)."""

    def __init__(self, ask: Callable[[], int]) -> None:
        """`ask` gives the provider's time in seconds since 1970; what it raises goes to the caller."""
        self._ask = ask
        self._difference: int | None = None
        self._lock = threading.Lock()

    def difference(self) -> int:
        if self._difference is None:
            with self._lock:
                if self._difference is None:
                    self._difference = self._measure()
        return self._difference

    def correct(self, used: int) -> int | None:
        """Measure again after a refusal. None: the difference `used` was right, so time was not the reason."""
        measured = self._difference = self._measure()
        return measured if abs(measured - used) > _TOLERANCE_SECONDS else None

    def _measure(self) -> int:
        return self._ask() - int(time.time())
