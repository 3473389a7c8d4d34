"""What shows that a call comes from SMSFactor: its signature, and its address where our proxy tells it.

SMSFactor says that it signs with the secret of the web hook, in the header X-SMSFactor-Signature, but not
how. The algorithm is therefore a setting, and a call that another known algorithm explains is told in the log.
"""

import base64
import hashlib
import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from api.providers.protocol import ForbiddenRequestError, ProviderRequest, UnauthenticatedRequestError

log = logging.getLogger(__name__)

SIGNATURE_HEADER: Final = "X-SMSFactor-Signature"


class Algorithm(StrEnum):
    HMAC_SHA256_HEX = "hmac-sha256-hex"
    HMAC_SHA256_BASE64 = "hmac-sha256-base64"
    HMAC_SHA512_HEX = "hmac-sha512-hex"
    HMAC_SHA1_HEX = "hmac-sha1-hex"
    SECRET = "secret"  # noqa: S105 - the header repeats the secret, as some integrations report


def _hmac(name: str) -> Callable[[bytes, bytes], str]:
    return lambda secret, body: hmac.new(secret, body, name).hexdigest()


def _hmac_sha256_base64(secret: bytes, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret, body, hashlib.sha256)).decode()


_SIGNERS: Final[Mapping[Algorithm, Callable[[bytes, bytes], str]]] = {
    Algorithm.HMAC_SHA256_HEX: _hmac("sha256"),
    Algorithm.HMAC_SHA256_BASE64: _hmac_sha256_base64,
    Algorithm.HMAC_SHA512_HEX: _hmac("sha512"),
    Algorithm.HMAC_SHA1_HEX: _hmac("sha1"),
    Algorithm.SECRET: lambda secret, _: secret.decode(),
}


def sign(algorithm: Algorithm, secret: str, body: bytes) -> str:
    return _SIGNERS[algorithm](secret.encode(), body)


@dataclass(frozen=True, slots=True)
class Proof:
    """`address_header`: the header in which our proxy writes who called; None: addresses are not looked at."""

    secret: str
    algorithm: Algorithm
    address_header: str | None
    addresses: frozenset[str]

    def check(self, request: ProviderRequest) -> None:
        """Raises `UnauthenticatedRequestError` without a signature, `ForbiddenRequestError` with a wrong proof."""
        if self.address_header is not None:
            # The last one: what stands before it was written by whoever called the proxy.
            caller = request.headers.get(self.address_header.lower(), "").rpartition(",")[2].strip()
            if caller not in self.addresses:
                raise ForbiddenRequestError("this request does not come from SMSFactor's servers")
        signature = request.headers.get(SIGNATURE_HEADER.lower(), "").strip()
        if not signature:
            raise UnauthenticatedRequestError("this request is not signed")
        if not self._explains(self.algorithm, signature, request.body):
            self._tell_algorithm(signature, request.body)
            raise ForbiddenRequestError("the signature is wrong")

    def _explains(self, algorithm: Algorithm, signature: str, body: bytes) -> bool:
        return hmac.compare_digest(sign(algorithm, self.secret, body).encode(), signature.encode())

    def _tell_algorithm(self, signature: str, body: bytes) -> None:
        for algorithm in Algorithm:
            if algorithm is not self.algorithm and self._explains(algorithm, signature, body):
                log.warning(
                    "signature_of_other_algorithm",
                    extra={
                        "provider": "smsfactor",
                        "set": "SMSFACTOR_SIGNATURE_ALGORITHM",
                        "to": str(algorithm),
                    },
                )
