"""Scaleway Transactional Email: REST API, events through a topic of Topics and Events (scaleway.com/docs/transactional-email).

The API promises nothing about a message sent twice, and finds none by a header of ours, so a message whose answer was
lost stays of unknown outcome until an event tells of it.
"""

import hmac
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Final, Self
from urllib.parse import quote, urlencode

import orjson
from cryptography import x509

from api.config import InvalidConfigurationError, Settings
from api.contract import Status
from api.providers.http_client import HttpAnswer, ProviderHttp
from api.providers.protocol import (
    Answer,
    AwaitedReceipt,
    EmailMessage,
    ForbiddenRequestError,
    ProviderEvent,
    ProviderRequest,
    Receipt,
    Refused,
    UnauthenticatedRequestError,
)
from api.providers.sns import SignatureVerifier, SnsSubscriber, TrustedOrigins
from patches.email_scaleway.answers import answer_of
from patches.email_scaleway.outcomes import AWAITED_EVENTS, read_email, read_event
from patches.email_scaleway.requests import make_request
from patches.email_scaleway.settings import ScalewaySettings

_REFUSED_KEY: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class ScalewayEmail:
    name: ClassVar[str] = "scaleway"
    display_name: ClassVar[str] = "Scaleway Transactional Email"
    success_status: ClassVar[int] = 200
    poll_after_seconds: float = 3600.0

    def __init__(self, own: ScalewaySettings, timeout_seconds: float, email_domain: str) -> None:
        """Raises `InvalidConfigurationError` for a trust chain that cannot be read."""
        self._own = own
        self._domains = own.domains or [email_domain]
        self._http = ProviderHttp(own.base_url, timeout_seconds)
        origins = TrustedOrigins(own.sns_origins, timeout_seconds)
        verifier = SignatureVerifier(origins, _load_chain(own)) if own.verify_signature else None
        self._topic = SnsSubscriber(self.name, own.topic_arns, origins, verifier)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises `InvalidConfigurationError`."""
        return cls(ScalewaySettings.load(), settings.provider_timeout_seconds, settings.email_domain)

    def close(self) -> None:
        self._http.close()
        self._topic.close()

    def send(self, message: EmailMessage) -> Answer:
        try:
            body = make_request(message, self._own.project_id, pad_short=self._own.pad_short)
        except ValueError as error:
            return Refused(f"not an e-mail: {type(error).__name__}", Status.PERMANENT_FAILURE)
        answer = self._http.request("POST", "/emails", body=body, headers=self._headers)
        return answer_of(self.name, answer) if isinstance(answer, HttpAnswer) else answer

    def parse_receipts(self, request: ProviderRequest) -> list[ProviderEvent]:
        self._check_secret(request)
        published = self._topic.take(request)
        return [] if published is None else read_event(self.name, published)

    def _check_secret(self, request: ProviderRequest) -> None:
        given = request.query.get("secret")
        if given is None:
            raise UnauthenticatedRequestError("the address has no secret")
        if not hmac.compare_digest(given.encode(), self._own.webhook_secret.get_secret_value().encode()):
            raise ForbiddenRequestError("the secret does not match")

    def poll_receipts(self, awaited: Sequence[AwaitedReceipt]) -> list[Receipt]:
        """One request for each. Stops at the first that shows that the API cannot be asked now."""
        found = []
        for message in awaited:
            answer = self._get(f"/emails/{quote(message.reference, safe='')}")
            if answer is None or (not answer.is_success and answer.status != HTTPStatus.NOT_FOUND):
                break
            receipt = _read_polled(answer, message)
            if receipt is not None:
                found.append(receipt)
        return found

    def problems(self) -> list[str]:
        query = urlencode({"project_id": str(self._own.project_id), "page_size": 100})
        answer = self._get(f"/domains?{query}")
        if answer is None:
            return ["Scaleway does not answer: check SCALEWAY_BASE_URL and the network."]
        if answer.status in _REFUSED_KEY:
            return ["Scaleway refuses the key: check SCALEWAY_SECRET_KEY and its permissions on the project."]
        if not answer.is_success:
            return [
                f"Scaleway answers with HTTP {answer.status}: check SCALEWAY_BASE_URL and its status page."
            ]
        statuses = {domain.get("name"): domain.get("status") for domain in _items(answer, "domains")}
        webhooks = self._get(f"/webhooks?{query}")
        return [*self._find_domain_problems(statuses), *self._find_webhook_problems(webhooks)]

    def _find_domain_problems(self, statuses: dict[Any, Any]) -> Iterator[str]:
        for domain in self._domains:
            status = statuses.get(domain)
            if status is None:
                yield f"The domain {domain} is not in the project: add it, or correct SCALEWAY_DOMAINS."
            elif status != "checked":
                yield f"The domain {domain} is {status}, not checked: publish its SPF and DKIM records."

    def _find_webhook_problems(self, answer: HttpAnswer | None) -> Iterator[str]:
        if answer is None or not answer.is_success:
            yield "Scaleway does not tell the webhooks of the project: give the key the right to read them."
            return
        heard: set[str] = set()
        for webhook in _items(answer, "webhooks"):
            if webhook.get("sns_arn") in self._own.topic_arns:
                heard.update(webhook.get("event_types") or [])
        if missing := AWAITED_EVENTS - heard:
            yield f"No webhook of the project tells SCALEWAY_TOPIC_ARNS of {', '.join(sorted(missing))}."

    @property
    def _headers(self) -> dict[str, str]:
        return {
            "X-Auth-Token": self._own.secret_key.get_secret_value(),
            "Content-Type": "application/json",
        }

    def _get(self, path: str) -> HttpAnswer | None:
        answer = self._http.request("GET", path, headers=self._headers)
        return answer if isinstance(answer, HttpAnswer) else None


def _read_polled(answer: HttpAnswer, message: AwaitedReceipt) -> Receipt | None:
    try:
        email = orjson.loads(answer.body)
        return read_email(email, message.notification_id, message.reference)
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        return None


def _items(answer: HttpAnswer, name: str) -> list[dict[str, Any]]:
    try:
        found = orjson.loads(answer.body)[name]
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _load_chain(own: ScalewaySettings) -> list[x509.Certificate]:
    if own.trust_chain_file is None:
        return []
    try:
        return x509.load_pem_x509_certificates(own.trust_chain_file.read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidConfigurationError(
            [f"SCALEWAY_TRUST_CHAIN_FILE: no certificates in PEM ({type(error).__name__})"]
        ) from None
