"""What became of an e-mail: events of webhooks, and statuses with flags (Scaleway's documentation of webhooks).

An address is only taken for dead where Scaleway says that the mailbox does not exist: other definitive refusals may be
a policy of the recipient's server.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from api.contract import Status
from api.metrics import RECEIPTS
from api.providers.protocol import Complaint, MalformedRequestError, ProviderEvent, Receipt
from patches.email_scaleway.requests import NOTIFICATION_HEADER

# Events that are not here change nothing: queued, deferred, blocklist_created, and those to come.
_EVENTS: Final[Mapping[str, Status]] = {
    "email_delivered": Status.DELIVERED,
    "email_dropped": Status.PERMANENT_FAILURE,
    "email_mailbox_not_found": Status.PERMANENT_FAILURE,
    "email_spam": Status.PERMANENT_FAILURE,
    "email_blocklisted": Status.PERMANENT_FAILURE,
}
AWAITED_EVENTS: Final = frozenset(_EVENTS)
_BLOCKLISTS: Final[Mapping[str, Status]] = {
    "mailbox_full": Status.TEMPORARY_FAILURE,
    "mailbox_not_found": Status.PERMANENT_FAILURE,
}
# In this order, when an e-mail has several: what is for good comes first.
_FLAGS: Final[Mapping[str, Status]] = {
    "mailbox_not_found": Status.PERMANENT_FAILURE,
    "hard_bounce": Status.PERMANENT_FAILURE,
    "spam": Status.PERMANENT_FAILURE,
    "blocklisted": Status.PERMANENT_FAILURE,
    "mailbox_full": Status.TEMPORARY_FAILURE,
    "soft_bounce": Status.TEMPORARY_FAILURE,
    "greylisted": Status.TEMPORARY_FAILURE,
    "send_before_expiration": Status.TECHNICAL_FAILURE,
}
_NO_MAILBOX: Final = "mailbox_not_found"


def read_event(provider: str, published: str) -> list[ProviderEvent]:
    """Empty for what changes nothing. Raises `MalformedRequestError`."""
    try:
        event = orjson.loads(published)
        return _read_event(provider, event) if event["type"] in _EVENTS else []
    except (orjson.JSONDecodeError, LookupError, TypeError, ValueError, AttributeError):
        raise MalformedRequestError("this is not an event of Transactional Email") from None


def _read_event(provider: str, event: Mapping[str, Any]) -> list[ProviderEvent]:
    kind = event["type"]
    notification_id = _find_id(event.get("email_headers"))
    reference = str(event["email_id"]) if event.get("email_id") else None
    if notification_id is None and reference is None:
        RECEIPTS.labels(provider, "unmatched").inc()
        return []
    at = _read_time(event.get("email_sent_at") or event.get("created_at"))
    blocklist = event.get("blocklist_type") if kind == "email_blocklisted" else None
    receipt = Receipt(
        status=_BLOCKLISTS.get(blocklist, _EVENTS[kind]) if blocklist else _EVENTS[kind],
        code=_describe(kind, blocklist, event.get("email_response_code")),
        notification_id=notification_id,
        reference=reference,
        occurred_at=at,
        is_hard_bounce=kind == "email_mailbox_not_found" or blocklist == _NO_MAILBOX,
    )
    if kind != "email_spam":
        return [receipt]
    complaint = Complaint(
        feedback_id=str(event["id"]),
        complaint_type="spam",
        notification_id=notification_id,
        reference=reference,
        recipient=event.get("email_to"),
        occurred_at=at,
    )
    return [receipt, complaint]


def read_email(email: Mapping[str, Any], notification_id: uuid.UUID, reference: str) -> Receipt | None:
    """The receipt of `GET /emails/{id}`; `None` while the e-mail is under way. Raises `LookupError`, `TypeError`…"""
    status, flags = email["status"], email.get("flags") or []
    match status:
        case "sent":
            outcome, why = Status.DELIVERED, status
        case "canceled":
            outcome, why = Status.TECHNICAL_FAILURE, status
        case "failed":
            why = next((flag for flag in _FLAGS if flag in flags), status)
            outcome = _FLAGS.get(why, Status.TECHNICAL_FAILURE)
        case _:
            return None
    return Receipt(outcome, why, notification_id, reference, is_hard_bounce=why == _NO_MAILBOX)


def _find_id(headers: Any) -> uuid.UUID | None:
    wanted = NOTIFICATION_HEADER.lower()
    values = [header["value"] for header in headers or [] if header["key"].lower() == wanted]
    return uuid.UUID(values[0]) if values else None


def _describe(kind: str, blocklist: str | None, response_code: Any) -> str:
    detail = (
        blocklist if blocklist in _BLOCKLISTS else response_code if isinstance(response_code, int) else ""
    )
    return f"{kind} {detail}".rstrip()


def _read_time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
