"""What Amazon SNS, and services that speak like it, post to a subscriber: envelope, signature, confirmation.

The body itself says where its certificate is and where to confirm. Both addresses are only called when they begin with
an origin that the configuration names, never follow redirects, and are bounded in time and size.
Source: docs.aws.amazon.com/sns, "Verifying the signatures of Amazon SNS messages".
"""

import base64
import binascii
import logging
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final, TypeAlias

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from api.providers.http_client import HttpAnswer
from api.providers.protocol import (
    ForbiddenRequestError,
    MalformedRequestError,
    ProviderRequest,
    TryAgainLaterError,
    UnauthenticatedRequestError,
)

log = logging.getLogger(__name__)

Envelope: TypeAlias = Mapping[str, str]
"""The documented fields under their own names: `Type`, `MessageId`, `TopicArn`, `Message`…"""


class MessageType(StrEnum):
    NOTIFICATION = "Notification"
    SUBSCRIPTION_CONFIRMATION = "SubscriptionConfirmation"
    UNSUBSCRIBE_CONFIRMATION = "UnsubscribeConfirmation"


# In the order in which they are signed. What a message does not have is left out: `Subject` is optional.
_OF_SUBSCRIPTIONS: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED_FIELDS: Final[Mapping[str, Sequence[str]]] = {
    MessageType.NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    MessageType.SUBSCRIPTION_CONFIRMATION: _OF_SUBSCRIPTIONS,
    MessageType.UNSUBSCRIBE_CONFIRMATION: _OF_SUBSCRIPTIONS,
}
SIGNATURE_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "1": hashes.SHA1(),  # noqa: S303 - version 1 of the protocol; topics choose the version
    "2": hashes.SHA256(),
}
_SAME_IN_HEADERS: Final = {"x-amz-sns-message-type": "Type", "x-amz-sns-message-id": "MessageId"}
# Without a query: the same origins serve an API whose answers hold what any customer wrote.
_CERTIFICATE_ADDRESS: Final = re.compile(r"https?://[^/]+/[\w./-]+\.(?:pem|crt)", re.ASCII)
_ORIGIN: Final = re.compile(r"https://[a-z0-9.*-]+(:\d+)?|http://(localhost|127\.0\.0\.1)(:\d+)?")
_MAX_ANSWER_BYTES: Final = 64 * 1024
_CERTIFICATES_KEPT: Final = 16


def parse_envelope(request: ProviderRequest) -> Envelope:
    """Proves nothing yet. Raises `MalformedRequestError`."""
    try:
        data = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise MalformedRequestError("the body is not JSON") from None
    fields = data if isinstance(data, dict) else {}
    envelope = {name: value for name, value in fields.items() if isinstance(value, str)}
    if envelope.get("Type") not in _SIGNED_FIELDS or not {"MessageId", "TopicArn", "Message"} <= set(
        envelope
    ):
        raise MalformedRequestError("a message of a topic has `Type`, `MessageId`, `TopicArn` and `Message`")
    for header, name in _SAME_IN_HEADERS.items():
        if request.headers.get(header, envelope[name]) != envelope[name]:
            raise MalformedRequestError(f"the header {header} is about another message")
    return envelope


def string_to_sign(envelope: Envelope) -> bytes:
    names = _SIGNED_FIELDS[envelope["Type"]]
    return "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope).encode()


def find_bad_origins(origins: Iterable[str]) -> list[str]:
    """Those that are not `https://host[:port]` with `*` for any one label, nor plain `http` on this machine."""
    return [origin for origin in origins if not _ORIGIN.fullmatch(origin)]


class TrustedOrigins:
    """The only addresses that a message may make us call."""

    def __init__(self, origins: Iterable[str], timeout_seconds: float) -> None:
        patterns = (re.escape(origin).replace(r"\*", "[a-z0-9-]+") for origin in origins)
        # The literal origin, then a slash: nothing that two parsers could read as two different hosts.
        self._pattern = re.compile(f"(?:{'|'.join(patterns)})/[!-~]*")
        self._pool = PoolManager(maxsize=4, retries=False, timeout=Timeout(total=timeout_seconds))

    def trust(self, url: str) -> bool:
        return self._pattern.fullmatch(url) is not None

    def get(self, url: str) -> HttpAnswer:
        """Raises `ForbiddenRequestError` for any other address, `TryAgainLaterError` without an answer."""
        if not self.trust(url):
            raise ForbiddenRequestError("this message names an address that is not trusted")
        try:
            response = self._pool.request("GET", url, redirect=False, preload_content=False)
            try:
                return HttpAnswer(response.status, response.headers, response.read(_MAX_ANSWER_BYTES))
            finally:
                response.close()
        except (HTTPError, OSError) as error:
            raise TryAgainLaterError(f"no answer: {type(error).__name__}") from None

    def close(self) -> None:
        self._pool.clear()


class SignatureVerifier:
    """RSA signatures, by certificates that trusted origins serve and, where given, one of `authorities` issued."""

    def __init__(self, origins: TrustedOrigins, authorities: Sequence[x509.Certificate] = ()) -> None:
        self._origins = origins
        self._authorities = authorities
        self._certificates: dict[str, x509.Certificate] = {}
        self._lock = threading.Lock()

    def check(self, envelope: Envelope) -> None:
        """Raises `UnauthenticatedRequestError`, `ForbiddenRequestError`, `TryAgainLaterError`."""
        if not envelope.get("Signature"):
            raise UnauthenticatedRequestError("this message is not signed")
        algorithm = SIGNATURE_HASHES.get(envelope.get("SignatureVersion", ""))
        if algorithm is None:
            raise ForbiddenRequestError("the signature has an unknown version")
        key = self._find_key(envelope.get("SigningCertURL", ""))
        try:
            signature = base64.b64decode(envelope["Signature"], validate=True)
            key.verify(signature, string_to_sign(envelope), PKCS1v15(), algorithm)
        except (binascii.Error, InvalidSignature, ValueError):
            raise ForbiddenRequestError("the signature does not match") from None

    def _find_key(self, url: str) -> RSAPublicKey:
        """A certificate never changes under its address, so it is fetched once."""
        certificate = self._certificates.get(url)
        if certificate is None:
            certificate = self._fetch(url)
            with self._lock:
                while len(self._certificates) >= _CERTIFICATES_KEPT:
                    del self._certificates[next(iter(self._certificates))]
                self._certificates[url] = certificate
        key = certificate.public_key()
        if not _is_valid_now(certificate) or not isinstance(key, RSAPublicKey):
            raise ForbiddenRequestError("the certificate is not valid now")
        return key

    def _fetch(self, url: str) -> x509.Certificate:
        if not _CERTIFICATE_ADDRESS.fullmatch(url):
            raise ForbiddenRequestError("this is not the address of a certificate")
        answer = self._origins.get(url)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise TryAgainLaterError(f"no certificate: HTTP {answer.status}")
        try:
            certificate = x509.load_pem_x509_certificate(answer.body if answer.is_success else b"")
        except ValueError:
            raise ForbiddenRequestError("there is no certificate at this address") from None
        if self._authorities and not any(_issued(issuer, certificate) for issuer in self._authorities):
            raise ForbiddenRequestError("nobody whom we trust issued the certificate")
        return certificate


def _is_valid_now(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return _is_valid_now(issuer)


class SnsSubscriber:
    """Takes what topics post: checks where it comes from, and confirms subscriptions by itself."""

    def __init__(
        self,
        provider: str,
        topic_arns: Iterable[str],
        origins: TrustedOrigins,
        verifier: SignatureVerifier | None,
    ) -> None:
        """Without a `verifier` the caller proves requests in another way. A signature alone proves too little: any
        customer has topics that sign, which is why only `topic_arns` are heard.
        """
        self._provider = provider
        self._topic_arns = frozenset(topic_arns)
        self._origins = origins
        self._verifier = verifier

    def take(self, request: ProviderRequest) -> str | None:
        """What was published; `None` when the message was about the subscription.

        Raises `MalformedRequestError`, `UnauthenticatedRequestError`, `ForbiddenRequestError`, `TryAgainLaterError`.
        """
        envelope = parse_envelope(request)
        if envelope["TopicArn"] not in self._topic_arns:
            raise ForbiddenRequestError("this topic is not ours")
        if self._verifier is not None:
            self._verifier.check(envelope)
        match envelope["Type"]:
            case MessageType.NOTIFICATION:
                return envelope["Message"]
            case MessageType.SUBSCRIPTION_CONFIRMATION:
                self._confirm(envelope)
            case _:
                log.warning("sns_unsubscribed", extra={"provider": self._provider})
        return None

    def _confirm(self, envelope: Envelope) -> None:
        address = envelope.get("SubscribeURL", "")
        if not self._origins.trust(address):
            log.warning("sns_confirmation_not_trusted", extra={"provider": self._provider})
        answer = self._origins.get(address)
        extra = {"provider": self._provider, "status": answer.status}
        if not answer.is_success:
            log.warning("sns_subscription_not_confirmed", extra=extra)
            raise TryAgainLaterError(f"the subscription was not confirmed: HTTP {answer.status}")
        log.info("sns_subscription_confirmed", extra=extra)

    def close(self) -> None:
        self._origins.close()
