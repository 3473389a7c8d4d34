"""What SES publishes about an e-mail, as receipts and complaints (Amazon SES Developer Guide, event publishing).

Both shapes are read: events of a configuration set (`eventType`) and notifications of an identity (`notificationType`).
An e-mail of ours has one recipient, so an event is about one message. A bounce may follow a delivery.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from api.contract import Status
from api.providers.protocol import Complaint, MalformedRequestError, ProviderEvent, Receipt

NOTIFICATION_TAG: Final = "notification_id"

# Anything else, `Undetermined` and what comes to be, may succeed another time (contract: provider callbacks).
_BOUNCES: Final = {"Permanent": Status.PERMANENT_FAILURE}
_GONE_FOR_GOOD: Final = frozenset({"General", "NoEmail", "Suppressed", "OnAccountSuppressionList"})
_FAILURES: Final = frozenset({"Reject", "Rendering Failure"})


def read_event(published: str) -> list[ProviderEvent]:
    """Empty for what changes nothing, and for the sentence that SES publishes to try a topic.

    Raises `MalformedRequestError`.
    """
    try:
        event = orjson.loads(published)
    except orjson.JSONDecodeError:
        return []
    try:
        return _read(event)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise MalformedRequestError("this is not an event of SES") from None


def _read(event: Mapping[str, Any]) -> list[ProviderEvent]:
    kind = event.get("eventType") or event["notificationType"]
    mail = event["mail"]
    of_message: dict[str, Any] = {"reference": str(mail["messageId"]), "notification_id": _find_id(mail)}
    match kind:
        case "Delivery":
            at = _read_time(event["delivery"].get("timestamp"))
            return [Receipt(Status.DELIVERED, kind, occurred_at=at, **of_message)]
        case "Bounce":
            return [_read_bounce(event["bounce"], of_message)]
        case "Complaint":
            return [_read_complaint(event["complaint"], of_message)]
        case _ if kind in _FAILURES:
            return [Receipt(Status.TECHNICAL_FAILURE, kind, **of_message)]
    return []


def _read_bounce(bounce: Mapping[str, Any], of_message: Mapping[str, Any]) -> Receipt:
    kind, subkind = str(bounce["bounceType"]), str(bounce.get("bounceSubType", ""))
    return Receipt(
        status=_BOUNCES.get(kind, Status.TEMPORARY_FAILURE),
        code=f"Bounce {kind} {subkind}".rstrip(),
        occurred_at=_read_time(bounce.get("timestamp")),
        is_hard_bounce=kind == "Permanent" and subkind in _GONE_FOR_GOOD,
        **of_message,
    )


def _read_complaint(complaint: Mapping[str, Any], of_message: Mapping[str, Any]) -> Complaint:
    recipients = complaint.get("complainedRecipients") or [{}]
    return Complaint(
        feedback_id=str(complaint["feedbackId"]),
        complaint_type=complaint.get("complaintFeedbackType"),
        recipient=recipients[0].get("emailAddress"),
        occurred_at=_read_time(complaint.get("arrivalDate") or complaint.get("timestamp")),
        **of_message,
    )


def _find_id(mail: Mapping[str, Any]) -> uuid.UUID | None:
    """Events of a configuration set repeat the tags of the e-mail, each with a list of values."""
    values = (mail.get("tags") or {}).get(NOTIFICATION_TAG)
    return uuid.UUID(values[0]) if values else None


def _read_time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
