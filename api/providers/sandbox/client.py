"""The sandbox provider: sends nothing to anyone, but over real HTTP like every other provider."""

import uuid
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar, Literal, Self

import orjson

from api.config import Settings
from api.contract import Status
from api.providers.http_client import HttpAnswer, ProviderHttp, answer_of_failure
from api.providers.protocol import (
    Accepted,
    Answer,
    EmailMessage,
    MalformedRequestError,
    NotSent,
    ProviderRequest,
    Receipt,
    ReceivedText,
    SmsMessage,
)
from api.providers.sandbox.signing import check_signature, signature_headers

_JSON = {"Content-Type": "application/json"}
RECEIPT_STATUSES = frozenset(
    {Status.PENDING, Status.DELIVERED, Status.TEMPORARY_FAILURE, Status.PERMANENT_FAILURE}
)


class _Sandbox:
    name: ClassVar[str] = "sandbox"
    display_name: ClassVar[str] = "Sandbox"
    success_status: ClassVar[int] = 200
    reaches_nobody: ClassVar[Literal[True]] = True

    def __init__(self, base_url: str, secret: str, timeout_seconds: float) -> None:
        self._http = ProviderHttp(base_url, timeout_seconds)
        self._secret = secret.encode()
        self._address = base_url

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(
            settings.sandbox_url,
            settings.sandbox_secret.get_secret_value(),
            settings.provider_timeout_seconds,
        )

    def close(self) -> None:
        self._http.close()

    def _post_message(self, path: str, message: SmsMessage | EmailMessage) -> Answer:
        body = orjson.dumps(message)
        answer = self._http.request(
            "POST", path, body=body, headers=_JSON | signature_headers(self._secret, body)
        )
        if not isinstance(answer, HttpAnswer):
            return answer
        if not answer.is_success:
            return answer_of_failure(answer)
        return Accepted(orjson.loads(answer.body)["reference"])

    def _get(self, path: str) -> HttpAnswer | None:
        answer = self._http.request("GET", path, headers=signature_headers(self._secret, b""))
        return answer if isinstance(answer, HttpAnswer) else None

    def find(self, notification_id: uuid.UUID) -> Accepted | NotSent | None:
        answer = self._get(f"/v1/messages/{notification_id}")
        if answer is None:
            return None
        if answer.status == HTTPStatus.NOT_FOUND:
            return NotSent("the sandbox never had this message")
        return Accepted(orjson.loads(answer.body)["reference"]) if answer.is_success else None

    def problems(self) -> list[str]:
        answer = self._get("/v1/statistics")
        if answer is None:
            return [f"The sandbox does not answer at {self._address}: start it, or correct SANDBOX_URL."]
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return ["The sandbox refuses our signature: give both sides the same SANDBOX_SECRET."]
        return (
            [] if answer.is_success else [f"The sandbox answers with HTTP {answer.status}: look at its log."]
        )

    def parse_receipts(self, request: ProviderRequest) -> list[Receipt]:
        data = self._read(request)
        return [_parse_receipt(item) for item in (data if isinstance(data, list) else [data])]

    def _read(self, request: ProviderRequest) -> Any:
        check_signature(self._secret, request.headers, request.body)
        try:
            return orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise MalformedRequestError("the body is not JSON") from None


class SandboxSms(_Sandbox):
    def send(self, message: SmsMessage) -> Answer:
        return self._post_message("/v1/sms", message)

    def parse_received_texts(self, request: ProviderRequest) -> list[ReceivedText]:
        data = self._read(request)
        try:
            return [
                ReceivedText(
                    from_number=str(data["from"]),
                    to_number=str(data["to"]),
                    content=str(data["content"]),
                    reference=str(data["reference"]),
                    received_at=_parse_time(data),
                )
            ]
        except (KeyError, TypeError, ValueError):
            raise MalformedRequestError("a text has `from`, `to`, `content` and `reference`") from None


class SandboxEmail(_Sandbox):
    def send(self, message: EmailMessage) -> Answer:
        return self._post_message("/v1/email", message)


def _parse_receipt(data: Any) -> Receipt:
    try:
        status = Status(data["status"])
        receipt = Receipt(
            status=status,
            code=str(data.get("code", status.value)),
            notification_id=uuid.UUID(data["notification_id"]) if data.get("notification_id") else None,
            reference=str(data["reference"]) if data.get("reference") else None,
            occurred_at=_parse_time(data),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise MalformedRequestError("a receipt has `status` and `notification_id` or `reference`") from None
    if status not in RECEIPT_STATUSES or not (receipt.notification_id or receipt.reference):
        raise MalformedRequestError("a receipt has `status` and `notification_id` or `reference`")
    return receipt


def _parse_time(data: Any) -> datetime | None:
    value = data.get("occurred_at")
    if value is None:
        return None
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.astimezone()
