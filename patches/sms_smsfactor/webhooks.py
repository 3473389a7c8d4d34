"""What SMSFactor posts to us: receipts (DLR), STOP and replies (MO), each as one JSON object (dev.smsfactor.com)."""

import hashlib
import logging
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from api.contract import Status
from api.providers.protocol import MalformedRequestError, OptOut, Receipt, ReceivedText

log = logging.getLogger(__name__)

_STOP: Final = re.compile(r"\bstop\b", re.IGNORECASE)
_PARIS: Final = ZoneInfo("Europe/Paris")
# Statuses of receipts. 0 (not sent yet) and 1 (sent) are not final, and tell nothing that `sending` does not.
# 2 (not delivered) does not say why, so that the user may try again.
_FINAL: Final[Mapping[int, Status]] = {
    2: Status.TEMPORARY_FAILURE,
    3: Status.DELIVERED,
    4: Status.PERMANENT_FAILURE,  # not allowed
    5: Status.PERMANENT_FAILURE,  # invalid destination
    6: Status.TECHNICAL_FAILURE,  # invalid sender
    7: Status.TECHNICAL_FAILURE,  # no route
    9: Status.PERMANENT_FAILURE,  # rejected
    11: Status.TEMPORARY_FAILURE,  # network error
    12: Status.TEMPORARY_FAILURE,  # expired
}


def read_object(body: bytes) -> dict[str, Any]:
    """Raises `MalformedRequestError`."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        raise MalformedRequestError("the body is not a JSON object")
    return data


def parse_event(data: Mapping[str, Any]) -> Receipt | OptOut | None:
    """None for what changes nothing, or is not about a message of ours. Raises `MalformedRequestError`."""
    if "status" in data and "message_id" in data:
        return _parse_receipt(data)
    if "from" in data:
        return _parse_stop(data)
    return None


def _parse_stop(data: Mapping[str, Any]) -> OptOut | None:
    """Replies have the same fields: one that is sent to the wrong address must not opt a person out."""
    if not _STOP.search(str(data.get("message", "STOP"))):
        log.warning("reply_at_the_address_of_receipts", extra={"provider": "smsfactor"})
        return None
    recipient = _digits(data["from"])
    if not (recipient.isascii() and recipient.isdecimal()):
        raise MalformedRequestError("a STOP has a number as `from`")
    return OptOut(recipient, occurred_at=_parse_time(data.get("date")))


def _parse_receipt(data: Mapping[str, Any]) -> Receipt | None:
    try:
        code = int(data["status"])
    except (ValueError, TypeError):
        raise MalformedRequestError("a receipt has a whole number as `status`") from None
    notification_id = _parse_id(data["message_id"])
    status = _FINAL.get(code)
    if notification_id is None or status is None:
        return None
    return Receipt(
        status, str(code), notification_id=notification_id, occurred_at=_parse_time(data.get("date"))
    )


def parse_text(data: Mapping[str, Any], to_number: str) -> ReceivedText:
    """A reply has no identifier: the same words of the same person at the same time are the same text."""
    sender, content, date = (data.get(name) for name in ("from", "message", "date"))
    if not sender or not date or not isinstance(content, str):
        raise MalformedRequestError("a reply has `date`, `from` and `message`")
    told = orjson.dumps([data.get("account_id"), sender, content, date])
    return ReceivedText(
        from_number=_digits(sender),
        to_number=to_number,
        content=content,
        reference=hashlib.sha256(told).hexdigest(),
        received_at=_parse_time(date),
    )


def _digits(number: Any) -> str:
    return str(number).strip().removeprefix("+")


def _parse_id(value: Any) -> uuid.UUID | None:
    """Messages that somebody sent by other means through the same account have other identifiers, or none."""
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None


def _parse_time(value: Any) -> datetime | None:
    """ISO 8601; without an offset it is the time of Paris, like all times that SMSFactor takes."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=_PARIS)
