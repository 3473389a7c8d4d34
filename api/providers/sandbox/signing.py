"""How the sandbox and the API prove to each other who they are: HMAC-SHA256 of the time and the body."""

import hmac
import time
from collections.abc import Mapping

from api.providers.protocol import ForbiddenRequestError, UnauthenticatedRequestError

TIMESTAMP_HEADER = "X-Sandbox-Timestamp"
SIGNATURE_HEADER = "X-Sandbox-Signature"
TOLERANCE_SECONDS = 300


def signature_headers(secret: bytes, body: bytes) -> dict[str, str]:
    timestamp = str(int(time.time()))
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: _signature(secret, timestamp, body)}


def check_signature(secret: bytes, headers: Mapping[str, str], body: bytes) -> None:
    """`headers` have names in lower case. Raises `UnauthenticatedRequestError`."""
    timestamp = headers.get(TIMESTAMP_HEADER.lower(), "")
    signature = headers.get(SIGNATURE_HEADER.lower(), "")
    if not timestamp or not signature:
        raise UnauthenticatedRequestError("this request is not signed")
    if not hmac.compare_digest(_signature(secret, timestamp, body).encode(), signature.encode()):
        raise ForbiddenRequestError("the signature does not match")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        raise ForbiddenRequestError("the signature is too old, or the clocks differ")


def _signature(secret: bytes, timestamp: str, body: bytes) -> str:
    return hmac.digest(secret, timestamp.encode() + b"." + body, "sha256").hex()
