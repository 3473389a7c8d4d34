"""An HTTP server that answers and calls back as Brevo documents (developers.brevo.com)."""

import hmac
import itertools
import re
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

import orjson

from api.providers.emulation import CallBack, Emulator, Fault, json_response
from api.providers.http_server import Request, Response
from notifications_utils.sms.counting import count_fragments
from patches.brevo.emulated_outcomes import Refusal, email_events, email_refusal, sms_events, sms_refusal
from patches.brevo.emulated_requests import (
    EmailRequest,
    InvalidRequestError,
    SmsRequest,
    read_email,
    read_sms,
)

_BASE: Final = "/v3"
_SMS_PATHS: Final = frozenset({f"{_BASE}/transactionalSMS/sms", f"{_BASE}/transactionalSMS/send"})
_EMAIL_PATH: Final = f"{_BASE}/smtp/email"
_DOMAINS_PATH: Final = f"{_BASE}/senders/domains/"
_KEY_REMEMBERED_SECONDS: Final = 1800  # documented
_CREDITS_PER_PART: Final = 1.0
_PARIS: Final = ZoneInfo("Europe/Paris")
_RATE_HEADERS: Final = (
    ("x-sib-ratelimit-limit", "150"),
    ("x-sib-ratelimit-remaining", "149"),
    ("x-sib-ratelimit-reset", "1"),
)
_EXCEEDED_HEADERS: Final = (
    ("x-sib-ratelimit-limit", "150"),
    ("x-sib-ratelimit-remaining", "0"),
    ("x-sib-ratelimit-reset", "7"),
)
_STOP_CODE: Final = re.compile(r"\[STOP[ _]CODE\]", re.IGNORECASE)
_FAULTS: Final = {
    Fault.NO_CREDIT: Refusal(HTTPStatus.PAYMENT_REQUIRED, "not_enough_credits"),
    Fault.TOO_MANY_REQUESTS: Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests"),
    Fault.SERVER_ERROR: Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_server_error"),
    Fault.UNAVAILABLE: Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "service_unavailable"),
}


class BrevoEmulator(Emulator):
    """Brevo's API for one account: texts, e-mails, the account and its domain.

    | last two digits of the number | events |
    |---|---|
    | 10, 11 | `soft_bounce`, `hard_bounce` |
    | 12, 13, 14, 15 | `rejected`, `blocked`, `blacklisted`, `skip` |
    | 16 | `delivered`, then `unsubscribed` (STOP) |
    | 17 | `delivered`, then `replied` |
    | 18 | `accepted` and `sent`, nothing more |
    | 20 to 28 | none, the request is refused: `emulated_outcomes.SMS_REFUSALS` |
    | others | `delivered` |

    An e-mail address says by its local part what happens: `hard-bounce@…`, `spam+1@…`, and so on for each event in
    `emulated_outcomes.EMAIL_EVENTS` and each error code in `REFUSALS`; to others it is delivered.

    Events of a text go to its `webUrl`. Registered webhooks, which carry the bearer token, get those of e-mails, of
    texts without `webUrl`, STOP and answers. `is_batched`: registered webhooks get the events of a message as a list.
    """

    display_name: ClassVar[str] = "Brevo"
    API_KEY: ClassVar[str] = "xkeysib-emulator"
    WEBHOOK_TOKEN: ClassVar[str] = "made-up-webhook-token"  # noqa: S105 - made up
    INBOUND_NUMBER: ClassVar[str] = "36180"

    def __init__(self, api_url: str, *, is_batched: bool = False) -> None:
        super().__init__(api_url)
        self.is_batched = is_batched
        self.sms_credits = 1000.0
        self._numbers = itertools.count(1511882900176220)
        self._keys: dict[str, float] = {}

    @classmethod
    def environment(cls, address: str) -> dict[str, str]:
        return {
            "BREVO_URL": address + _BASE,
            "BREVO_API_KEY": cls.API_KEY,
            "BREVO_WEBHOOK_TOKEN": cls.WEBHOOK_TOKEN,
            "BREVO_INBOUND_NUMBER": cls.INBOUND_NUMBER,
        }

    def is_handing_over(self, request: Request) -> bool:
        return request.method == "POST" and (request.path in _SMS_PATHS or request.path == _EMAIL_PATH)

    def answer_fault(self, fault: Fault) -> Response:
        return _refuse(_FAULTS[fault])

    async def answer(self, request: Request) -> Response:
        key = request.headers.get("api-key")
        if key is None:
            return _error(HTTPStatus.UNAUTHORIZED, "unauthorized", "api-key is missing")
        if not hmac.compare_digest(key.encode(), self.API_KEY.encode()):
            return _error(HTTPStatus.UNAUTHORIZED, "unauthorized", "Key not found")
        try:
            return self._route(request)
        except InvalidRequestError as error:
            return _error(HTTPStatus.BAD_REQUEST, error.code, str(error))

    def _route(self, request: Request) -> Response:
        if self.is_handing_over(request):
            is_email = request.path == _EMAIL_PATH
            return self._take_email(request.body) if is_email else self._take_sms(request.body)
        if request.method != "GET":
            return _error(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", "not allowed on this path")
        if request.path == f"{_BASE}/account":
            return _ok(HTTPStatus.OK, self._account())
        if request.path.startswith(_DOMAINS_PATH):
            domain = request.path.removeprefix(_DOMAINS_PATH)
            return _ok(HTTPStatus.OK, {"domain": domain, "verified": True, "authenticated": True})
        return _error(HTTPStatus.NOT_FOUND, "document_not_found", "there is nothing here")

    def _account(self) -> dict[str, Any]:
        return {
            "email": "compte@exemple.fr",
            "companyName": "Exemple",
            "plan": [
                {"type": "subscription", "credits": 39983, "creditsType": "sendLimit"},
                {"type": "sms", "credits": self.sms_credits, "creditsType": "sendLimit"},
            ],
            "relay": {"enabled": True, "data": {"relay": "smtp-relay.exemple.fr", "port": 587}},
        }

    def _take_sms(self, body: bytes) -> Response:
        sms = read_sms(body)
        if refusal := sms_refusal(sms.recipient):
            return _refuse(refusal)
        parts = count_fragments(sms.content)
        used = parts * _CREDITS_PER_PART
        if used > self.sms_credits:
            return _refuse(_FAULTS[Fault.NO_CREDIT])
        self.sms_credits -= used
        message_id, reference = next(self._numbers), secrets.token_hex(10)
        self._tell_of_sms(sms, {"messageId": message_id, "reference": reference, "sms_count": parts})
        taken = {
            "reference": reference,
            "messageId": message_id,
            "smsCount": parts,
            "usedCredits": used,
            "remainingCredits": self.sms_credits,
        }
        return _ok(HTTPStatus.CREATED, taken)

    def _take_email(self, body: bytes) -> Response:
        email = read_email(body)
        if refusal := email_refusal(email.recipient):
            return _refuse(refusal)
        if email.idempotency_key and self._is_repeated(email.idempotency_key):
            return _error(HTTPStatus.BAD_REQUEST, "duplicate_parameter", "idempotencyKey was used before")
        message_id = f"<{datetime.now(UTC):%Y%m%d%H%M}.{next(self._numbers)}@smtp-relay.mailin.fr>"
        self._tell_of_email(email, message_id)
        return _ok(HTTPStatus.CREATED, {"messageId": message_id})

    def _is_repeated(self, key: str) -> bool:
        now = time.monotonic()
        is_known = now - self._keys.get(key, -_KEY_REMEMBERED_SECONDS) < _KEY_REMEMBERED_SECONDS
        if not is_known:
            self._keys[key] = now
        return is_known

    def _tell_of_sms(self, sms: SmsRequest, message: dict[str, Any]) -> None:
        common = message | {
            "id": 26570,
            "to": sms.recipient,
            "credits_used": message["sms_count"] * _CREDITS_PER_PART,
            "remaining_credit": self.sms_credits,
            "type": "marketing" if _STOP_CODE.search(sms.content) else sms.type,
            "tag": sms.tags[0] if sms.tags else "",
        }
        words = sms_events(sms.recipient, self.conduct.outcome)
        events = [common | {"msg_status": word} for word in words]
        if "replied" in words:
            events[-1]["reply"] = "Oui"
            self._post_registered("sms/receive/brevo", events[-1:])
        if "unsubscribed" in words:
            self._post_registered("sms/brevo", events[-1:])
        if sms.web_url:
            self._post_to_address(sms.web_url, events)
        else:
            self._post_registered("sms/brevo", events)

    def _tell_of_email(self, email: EmailRequest, message_id: str) -> None:
        common = {
            "id": 26571,
            "email": email.recipient,
            "message-id": message_id,
            "subject": email.subject,
            "X-Mailin-custom": email.headers.get("X-Mailin-custom", ""),
            "sending_ip": "192.0.2.1",
            "template_id": 0,
            "contact_id": 0,
            "tags": [],
        }
        words = email_events(email.recipient, self.conduct.outcome)
        self._post_registered("email/brevo", [common | {"event": word} for word in words])

    def _post_registered(self, path: str, events: Sequence[dict[str, Any]]) -> None:
        url = f"{self.api_url}/notifications/{path}"
        if self.is_batched:
            self.call_back(partial(self._registered_call, url, [_timed(event) for event in events]))
            return
        for event in events:
            self.call_back(partial(self._registered_call, url, _timed(event)))

    def _registered_call(self, url: str, content: Any) -> CallBack:
        token = "wrong" if self.conduct.wrong_signature else self.WEBHOOK_TOKEN
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return CallBack("POST", url, headers, orjson.dumps(content))

    def _post_to_address(self, url: str, events: Sequence[dict[str, Any]]) -> None:
        for event in events:
            self.call_back(partial(self._call_of_address, url, _timed(event)))

    def _call_of_address(self, url: str, event: dict[str, Any]) -> CallBack:
        address = re.sub("token=[^&]*", "token=wrong", url) if self.conduct.wrong_signature else url
        return CallBack("POST", address, {"Content-Type": "application/json"}, orjson.dumps(event))


def _timed(event: dict[str, Any]) -> dict[str, Any]:
    """With the moment at which it happened: `date` in the time of Paris, the others in UTC."""
    now = datetime.now(UTC)
    seconds = int(now.timestamp())
    times = {"date": f"{now.astimezone(_PARIS):%Y-%m-%d %H:%M:%S}", "ts_event": seconds}
    if "event" in event:
        times |= {"ts": seconds, "ts_epoch": int(now.timestamp() * 1000)}
    return event | times


def _ok(status: int, content: dict[str, Any]) -> Response:
    return _with_rates(json_response(status, content), _RATE_HEADERS)


def _refuse(refusal: Refusal) -> Response:
    return _error(refusal.status, refusal.code, "the emulator was asked to refuse this")


def _error(status: int, code: str, message: str) -> Response:
    headers = _EXCEEDED_HEADERS if status == HTTPStatus.TOO_MANY_REQUESTS else _RATE_HEADERS
    return _with_rates(json_response(status, {"code": code, "message": message}), headers)


def _with_rates(response: Response, headers: tuple[tuple[str, str], ...]) -> Response:
    return Response(response.status, response.body, response.content_type, headers)
