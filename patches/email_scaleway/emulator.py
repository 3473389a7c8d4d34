"""Emulator of Scaleway Transactional Email and of its topic."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar, Final

import orjson

from api.providers.emulation import Fault, json_response
from api.providers.http_server import Request, Response
from api.providers.sns_emulation import TopicEmulator
from patches.email_scaleway.requests import MINIMUM_LENGTH

SECRET_KEY: Final = "11111111-1111-4111-8111-111111111111"  # noqa: S105 - of nobody
PROJECT_ID: Final = "22222222-2222-4222-8222-222222222222"
WEBHOOK_SECRET: Final = "emulated-webhook-secret"  # noqa: S105
DOMAIN: Final = "notifications.localhost"
_PREFIX: Final = "/transactional-email/v1alpha1/regions/fr-par"
_DOMAIN_ID: Final = "33333333-3333-4333-8333-333333333333"
_EMAILS_KEPT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Outcome:
    events: Sequence[str]
    status: str = "failed"
    flags: Sequence[str] = ()
    blocklist: str | None = None


_DELIVERED: Final = Outcome(("email_queued", "email_delivered"), "sent")
_OUTCOMES: Final[Mapping[str, Outcome]] = {
    "email_deferred": Outcome(("email_queued", "email_deferred", "email_delivered"), "sent"),
    "email_dropped": Outcome(("email_queued", "email_dropped"), flags=("hard_bounce",)),
    "email_mailbox_not_found": Outcome(
        ("email_queued", "email_mailbox_not_found", "blocklist_created"),
        flags=("hard_bounce", "mailbox_not_found"),
        blocklist="mailbox_not_found",
    ),
    "email_spam": Outcome(("email_queued", "email_spam"), flags=("spam",)),
    "email_blocklisted": Outcome(
        ("email_blocklisted",), flags=("blocklisted",), blocklist="mailbox_not_found"
    ),
    "blocklisted_full": Outcome(("email_blocklisted",), flags=("blocklisted",), blocklist="mailbox_full"),
    "mailbox_full": Outcome((), flags=("mailbox_full", "soft_bounce"), blocklist="mailbox_full"),
    "soft_bounce": Outcome((), flags=("soft_bounce",)),
    "greylisted": Outcome((), flags=("greylisted",)),
    "send_before_expiration": Outcome((), flags=("send_before_expiration",)),
    "failed": Outcome(()),
    "new": Outcome((), "new"),
    "sending": Outcome(("email_queued", "email_deferred"), "sending"),
    "canceled": Outcome((), "canceled"),
    "silent": Outcome((), "sent"),
}
_ERRORS: Final[Mapping[str, int]] = {
    "denied_authentication": 401,
    "permissions_denied": 403,
    "quotas_exceeded": 403,
    "not_found": 404,
    "transient_state": 409,
}


class ScalewayEmulator(TopicEmulator):
    """The local part of the recipient, or the conduct's `outcome`, says what becomes of an e-mail.

    | local part | outcome |
    |---|---|
    | `email_deferred` | deferred, then delivered |
    | `email_dropped`, `email_mailbox_not_found`, `email_spam` | that event at the end |
    | `email_blocklisted`, `blocklisted_full` | refused by a blocklist: mailbox_not_found, mailbox_full; no `email_id` |
    | `mailbox_full`, `soft_bounce`, `greylisted`, `send_before_expiration`, `failed`, `canceled`, `new`, `silent` | no \
event: only `GET /emails/{id}` tells, by that flag or status (`silent`: sent) |
    | `sending` | queued, deferred, and nothing more |
    | `denied_authentication`, `permissions_denied`, `quotas_exceeded`, `not_found`, `transient_state` | that error |
    | `strict` | subjects and texts under 10 characters are `invalid_arguments` |
    | anything else | delivered |
    """

    display_name: ClassVar[str] = "Scaleway Transactional Email"
    topic_arn: ClassVar[str] = f"arn:scw:sns:fr-par:project-{PROJECT_ID}:emulated"

    def __init__(self, api_url: str) -> None:
        super().__init__(api_url)
        self._emails: dict[str, dict[str, Any]] = {}

    @classmethod
    def environment(cls, address: str) -> dict[str, str]:
        return {
            "SCALEWAY_BASE_URL": address + _PREFIX,
            "SCALEWAY_SECRET_KEY": SECRET_KEY,
            "SCALEWAY_PROJECT_ID": PROJECT_ID,
            "SCALEWAY_DOMAINS": DOMAIN,
            "SCALEWAY_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "SCALEWAY_TOPIC_ARNS": cls.topic_arn,
            "SCALEWAY_VERIFY_SIGNATURE": "true",
            "SCALEWAY_SNS_ORIGINS": address,
        }

    def endpoint(self) -> str:
        secret = "wrong" if self.conduct.wrong_signature else WEBHOOK_SECRET
        return f"{self.api_url}/notifications/email/scaleway?secret={secret}"

    def is_handing_over(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", f"{_PREFIX}/emails")

    def answer_fault(self, fault: Fault) -> Response:
        if fault is Fault.NO_CREDIT:
            return _error(403, "quotas_exceeded")
        if fault is Fault.TOO_MANY_REQUESTS:
            return Response(429, b'{"message":"too many requests"}', headers=(("Retry-After", "3"),))
        status = 503 if fault is Fault.UNAVAILABLE else 500
        return json_response(status, {"message": "internal error"})

    async def answer(self, request: Request) -> Response:
        of_topic = self.answer_topic(request)
        if of_topic is not None:
            return of_topic
        if request.headers.get("x-auth-token") != SECRET_KEY:
            return _error(401, "denied_authentication")
        place = request.path.removeprefix(_PREFIX)
        if (request.method, place) == ("POST", "/emails"):
            return self._take(request.body)
        if request.method == "GET" and place in {"/domains", "/webhooks"}:
            return self._list(place, request.query.get("project_id"))
        found = self._emails.get(place.removeprefix("/emails/")) if request.method == "GET" else None
        return json_response(HTTPStatus.OK, found) if found else _error(404, "not_found")

    def _list(self, place: str, project_id: str | None) -> Response:
        if project_id != PROJECT_ID:
            return _error(403, "permissions_denied")
        domain = {"id": _DOMAIN_ID, "project_id": PROJECT_ID, "name": DOMAIN, "status": "checked"}
        events = sorted({event for outcome in _OUTCOMES.values() for event in outcome.events})
        webhook = {"domain_id": _DOMAIN_ID, "sns_arn": self.topic_arn, "event_types": events}
        items = [domain] if place == "/domains" else [webhook]
        return json_response(HTTPStatus.OK, {"total_count": 1, place.removeprefix("/"): items})

    def _take(self, body: bytes) -> Response:
        try:
            data = orjson.loads(body)
            recipient = data["to"][0]["email"]
            fault = _find_fault(data, recipient)
            project_id = data.get("project_id")
        except (ValueError, LookupError, TypeError, AttributeError):
            return _error(400, "invalid_arguments", "body")
        if project_id != PROJECT_ID:
            return _error(403, "permissions_denied")
        if fault:
            return _error(400, "invalid_arguments", fault)
        name = self.conduct.outcome or recipient.partition("@")[0]
        if name in _ERRORS:
            return _error(_ERRORS[name], name)
        outcome = _OUTCOMES.get(name, _DELIVERED)
        email = _make_email(data, recipient)
        self._keep(email | {"status": outcome.status, "flags": list(outcome.flags), "try_count": 1})
        for kind in outcome.events:
            self.publish(_make_event(kind, outcome, email["id"], data, recipient))
        return json_response(HTTPStatus.OK, {"emails": [email]})

    def _keep(self, email: dict[str, Any]) -> None:
        if len(self._emails) >= _EMAILS_KEPT:
            del self._emails[next(iter(self._emails))]
        self._emails[email["id"]] = email


def _find_fault(data: dict[str, Any], recipient: str) -> str | None:
    """Name of the first argument that is wrong."""
    if not recipient.isascii() or "@" not in recipient:
        return "to[0].email"
    if "@" not in data["from"]["email"]:
        return "from.email"
    if not data.get("text") and not data.get("html"):
        return "text"
    if any(set(header) != {"key", "value"} for header in data.get("additional_headers", [])):
        return "additional_headers"
    shortest = MINIMUM_LENGTH if recipient.startswith("strict@") else 1
    short = [name for name in ("subject", "text", "html") if name in data and len(data[name]) < shortest]
    return short[0] if short else None


def _make_email(data: dict[str, Any], recipient: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "message_id": str(uuid.uuid4()),
        "project_id": PROJECT_ID,
        "mail_from": data["from"]["email"],
        "mail_rcpt": recipient,
        "rcpt_to": recipient,
        "rcpt_type": "to",
        "subject": data["subject"],
        "created_at": _now(),
        "updated_at": _now(),
        "status": "new",
        "status_details": "not yet processed",
        "try_count": 0,
        "last_tries": [],
        "flags": [],
    }


def _make_event(
    kind: str, outcome: Outcome, email_id: str, data: dict[str, Any], recipient: str
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "type": kind,
        "organization_id": PROJECT_ID,
        "project_id": PROJECT_ID,
        "domain_id": _DOMAIN_ID,
        "domain_name": data["from"]["email"].partition("@")[2],
        "created_at": _now(),
        "email_to": recipient,
    }
    if kind in {"email_blocklisted", "blocklist_created"}:
        event |= {
            "blocklist_id": str(uuid.uuid4()),
            "blocklist_type": outcome.blocklist,
            "blocklist_reason": "emulated",
        }
    if kind == "blocklist_created":
        return event
    event |= {"email_from": data["from"]["email"], "email_headers": data.get("additional_headers", [])}
    if kind == "email_blocklisted":
        return event | {"email_blocklisted_at": _now()}
    code = 250 if kind == "email_delivered" else 450 if kind == "email_deferred" else 550
    return event | {"email_id": email_id, "email_sent_at": _now(), "email_response_code": code}


def _error(status: int, kind: str, argument: str | None = None) -> Response:
    body: dict[str, Any] = {"type": kind, "message": "emulated"}
    if argument:
        body["details"] = [{"argument_name": argument, "reason": "constraint", "help_message": "emulated"}]
    return json_response(status, body)


def _now() -> str:
    """With nine digits after the point, as Scaleway writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
