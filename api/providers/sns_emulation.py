"""The side of SNS that posts, for emulators of providers whose receipts come through a topic.

Messages are signed with a key and a certificate made for the process, which the emulator serves like SNS does.
"""

import base64
import uuid
from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from api.providers.emulation import CallBack, Emulator
from api.providers.http_server import HttpServer, Request, Response
from api.providers.sns import SIGNATURE_HASHES, MessageType, string_to_sign

CERTIFICATE_PATH: Final = "/sns/emulated.pem"
CONFIRMATION_PATH: Final = "/sns/"
_WRONG_SIGNATURE: Final = base64.b64encode(b"this is not a signature").decode()


@cache
def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def signing_certificate() -> bytes:
    """PEM, signed by itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.emulated.invalid")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(signing_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(signing_key(), hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM)


def sign(envelope: Mapping[str, str]) -> str:
    algorithm = SIGNATURE_HASHES[envelope["SignatureVersion"]]
    return base64.b64encode(signing_key().sign(string_to_sign(envelope), PKCS1v15(), algorithm)).decode()


class TopicEmulator(Emulator):
    """One topic with one subscription, asked to confirm it at the start.

    A topic posts nothing before its subscription is confirmed. What is published by then is kept here and goes out
    afterwards, so that a demonstration loses nothing whichever program starts first.
    """

    topic_arn: ClassVar[str]
    signature_version: ClassVar[str] = "1"

    def __init__(self, api_url: str) -> None:
        super().__init__(api_url)
        self.is_confirmed = False
        self._token = uuid.uuid4().hex
        self._unconfirmed: list[Mapping[str, Any]] = []

    @abstractmethod
    def endpoint(self) -> str:
        """Address of the API that is subscribed."""

    async def start(self, host: str, port: int) -> HttpServer:
        server = await super().start(host, port)
        self.request_confirmation()
        return server

    def request_confirmation(self) -> None:
        self.call_back(self._make_confirmation, delay_seconds=0)

    def publish(self, event: Mapping[str, Any]) -> None:
        """As JSON, after the delay of the conduct."""
        if self.is_confirmed:
            self.call_back(lambda: self._post_message(MessageType.NOTIFICATION, orjson.dumps(event).decode()))
        else:
            self._unconfirmed.append(event)
            self.request_confirmation()

    def answer_topic(self, request: Request) -> Response | None:
        """The certificate and the confirmation; `None` for any other request."""
        if request.path == CERTIFICATE_PATH:
            return Response(HTTPStatus.OK, signing_certificate(), "application/x-pem-file")
        if request.path != CONFIRMATION_PATH:
            return None
        if request.query != self._confirmation_query:
            return Response(HTTPStatus.BAD_REQUEST, b"<ErrorResponse/>", "text/xml")
        self.is_confirmed = True
        waiting, self._unconfirmed = self._unconfirmed, []
        for event in waiting:
            self.publish(event)
        return Response(HTTPStatus.OK, b"<ConfirmSubscriptionResponse/>", "text/xml")

    @property
    def _confirmation_query(self) -> dict[str, str]:
        return {"Action": "ConfirmSubscription", "TopicArn": self.topic_arn, "Token": self._token}

    def _make_confirmation(self) -> CallBack:
        address = f"{self.address}{CONFIRMATION_PATH}?{urlencode(self._confirmation_query)}"
        text = f"Visit the SubscribeURL to confirm the subscription to {self.topic_arn}."
        extra = {"SubscribeURL": address, "Token": self._token}
        return self._post_message(MessageType.SUBSCRIPTION_CONFIRMATION, text, extra)

    def _post_message(
        self, message_type: MessageType, message: str, extra: Mapping[str, str] | None = None
    ) -> CallBack:
        envelope = {
            "Type": str(message_type),
            "MessageId": str(uuid.uuid4()),
            "TopicArn": self.topic_arn,
            "Message": message,
            "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "SignatureVersion": self.signature_version,
            "SigningCertURL": self.address + CERTIFICATE_PATH,
            **(extra or {}),
        }
        envelope["Signature"] = _WRONG_SIGNATURE if self.conduct.wrong_signature else sign(envelope)
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": envelope["Type"],
            "x-amz-sns-message-id": envelope["MessageId"],
            "x-amz-sns-topic-arn": self.topic_arn,
        }
        return CallBack("POST", self.endpoint(), headers, orjson.dumps(envelope))
