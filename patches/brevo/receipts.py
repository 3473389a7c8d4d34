"""What Brevo tells of messages: one event, or a list of them from a batched webhook (developers.brevo.com, webhooks)."""

import logging
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from api.contract import Status
from api.providers.protocol import Complaint, MalformedRequestError, OptOut, ProviderEvent, Receipt
from patches.brevo.account import NAME, JsonObject

log = logging.getLogger(__name__)

_SMS_STATUSES: Final = {
    "delivered": Status.DELIVERED,
    "soft_bounce": Status.TEMPORARY_FAILURE,
    "hard_bounce": Status.PERMANENT_FAILURE,
    "rejected": Status.PERMANENT_FAILURE,
    "blocked": Status.PERMANENT_FAILURE,
    "blacklisted": Status.PERMANENT_FAILURE,  # the person opted out, or the account put the number on its list
    "skip": Status.PERMANENT_FAILURE,
}
# The spelling is not documented: these are the event's names when registering, in the statistics, and elsewhere.
_SMS_OPT_OUTS: Final = frozenset({"unsubscribed", "unsubscribe", "unsubscription"})
REPLIES: Final = frozenset({"replied", "reply", "replies"})
# `sent` and `accepted` leave a message `sending`.
_SMS_IGNORED: Final = REPLIES | {"sent", "accepted", "subscribe", "subscribed"}

_EMAIL_STATUSES: Final = {
    "delivered": Status.DELIVERED,
    "soft_bounce": Status.TEMPORARY_FAILURE,
    "hard_bounce": Status.PERMANENT_FAILURE,
    "invalid_email": Status.PERMANENT_FAILURE,
    "blocked": Status.PERMANENT_FAILURE,
    "error": Status.TECHNICAL_FAILURE,
}
_HARD_BOUNCES: Final = frozenset({"hard_bounce", "invalid_email"})
_COMPLAINTS: Final = frozenset({"spam", "complaint"})
_EMAIL_IGNORED: Final = frozenset(
    {
        "request",
        "sent",
        "deferred",
        "unsubscribed",
        "opened",
        "unique_opened",
        "proxy_open",
        "unique_proxy_open",
        "click",
        "list_addition",
    }
)

_WORD: Final = re.compile(r"[a-zA-Z_]{1,40}")
# Documented: `date` is the time of Paris; `ts_event` and `ts_epoch` are UTC.
_BREVO_TIMEZONE: Final = ZoneInfo("Europe/Paris")
_FIRST_IN_MILLISECONDS: Final = 10**11  # as seconds it would be the year 5138


@dataclass(frozen=True, slots=True)
class _Message:
    """Which message an event is about: our id, Brevo's, or both."""

    notification_id: uuid.UUID | None
    reference: str | None


def read_events(body: bytes) -> list[JsonObject]:
    """Raises `MalformedRequestError`. What is not an object in a list is left out, so that the others count."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedRequestError("the body is not JSON") from None
    if isinstance(content, dict):
        return [content]
    if isinstance(content, list):
        return [item for item in content if isinstance(item, dict)]
    raise MalformedRequestError("the body is neither an event nor a list of events")


def parse_sms_events(body: bytes, notification_id: uuid.UUID | None = None) -> list[ProviderEvent]:
    """`notification_id`: the only message that they may speak of, when the address was made for it.

    Raises `MalformedRequestError` when nothing in it has a status.
    """
    return list(_parse_sms_events(_with_word(read_events(body), "msg_status"), notification_id))


def parse_email_events(body: bytes) -> list[ProviderEvent]:
    """Raises `MalformedRequestError` when nothing in it names an event."""
    return list(_parse_email_events(_with_word(read_events(body), "event")))


def _parse_sms_events(
    events: Iterable[tuple[str, JsonObject]], notification_id: uuid.UUID | None
) -> Iterator[ProviderEvent]:
    for word, event in events:
        if word in _SMS_OPT_OUTS:
            recipient = read_digits(event.get("to"))
            # A number is not a message: who may speak of one message cannot stop those to any number.
            if recipient and notification_id is None:
                yield OptOut(recipient, _reference(event), read_time(event))
        elif word in _SMS_STATUSES:
            message = _Message(notification_id, _reference(event)) if notification_id else _tagged(event)
            yield from _receipt(_SMS_STATUSES[word], word, event, message)
        elif word not in _SMS_IGNORED:
            _note_unknown(word)


def _parse_email_events(events: Iterable[tuple[str, JsonObject]]) -> Iterator[ProviderEvent]:
    for word, event in events:
        message = _marked(event, [event.get("X-Mailin-custom")])
        if word in _COMPLAINTS:
            yield from _complaint(event, message)
        elif word in _EMAIL_STATUSES:
            is_hard = word in _HARD_BOUNCES
            yield from _receipt(_EMAIL_STATUSES[word], word, event, message, is_hard_bounce=is_hard)
        elif word not in _EMAIL_IGNORED:
            _note_unknown(word)


def _receipt(
    status: Status, word: str, event: JsonObject, message: _Message | None, *, is_hard_bounce: bool = False
) -> Iterator[Receipt]:
    if message is not None:
        yield Receipt(
            status,
            word,
            message.notification_id,
            message.reference,
            read_time(event),
            is_hard_bounce=is_hard_bounce,
        )


def _complaint(event: JsonObject, message: _Message | None) -> Iterator[Complaint]:
    """Brevo gives complaints no name: there is one at most for a message to one person."""
    if message is not None:
        recipient = event.get("email")
        yield Complaint(
            feedback_id=f"{NAME}:{message.notification_id or message.reference}",
            complaint_type="spam",
            notification_id=message.notification_id,
            reference=message.reference,
            recipient=recipient if isinstance(recipient, str) else None,
            occurred_at=read_time(event),
        )


def _with_word(events: list[JsonObject], field: str) -> list[tuple[str, JsonObject]]:
    """The events that say in `field` what happened, in small letters."""
    named = [(event[field].lower(), event) for event in events if isinstance(event.get(field), str)]
    if not named:
        raise MalformedRequestError(f"no event has `{field}`")
    return named


def _tagged(event: JsonObject) -> _Message | None:
    """Our only tag comes back as a word or, in newer versions of the API, in a list."""
    values = (event.get("tag"), event.get("tags"))
    return _marked(
        event, [tag for value in values for tag in (value if isinstance(value, list) else [value])]
    )


def _marked(event: JsonObject, marks: list[Any]) -> _Message | None:
    """The message whose id is one of the marks; without marks, the one that Brevo's own name stands for.

    None for what others send through the same account: their marks are no ids.
    """
    reference = _reference(event)
    given = [mark for mark in marks if mark]
    found = next((found for mark in given if (found := read_id(mark))), None)
    if found is None and (given or reference is None):
        return None
    return _Message(found, reference)


def _reference(event: JsonObject) -> str | None:
    """As the answer to the request named the message."""
    value = event.get("message-id", event.get("messageId"))
    if isinstance(value, bool) or not isinstance(value, str | int) or not value:
        return None
    return to_reference(str(value))


def to_reference(message_id: str) -> str:
    """Angle brackets come with some of Brevo's e-mail ids and not with others."""
    return message_id.strip().removeprefix("<").removesuffix(">")


def read_id(value: object) -> uuid.UUID | None:
    if not isinstance(value, str):
        return None
    try:
        return uuid.UUID(value.strip())
    except ValueError:
        return None


def read_digits(number: object) -> str | None:
    digits = str(number).strip().removeprefix("+") if isinstance(number, str | int) else ""
    return digits if digits.isascii() and digits.isdecimal() else None


def read_time(event: JsonObject) -> datetime | None:
    """`ts_epoch` is documented in milliseconds and shown in seconds: both are understood."""
    for field in ("ts_epoch", "ts_event"):
        if (moment := _read_timestamp(event.get(field))) is not None:
            return moment
    try:
        moment = datetime.fromisoformat(str(event.get("date")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=_BREVO_TIMEZONE)


def _read_timestamp(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value / 1000 if value >= _FIRST_IN_MILLISECONDS else value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _note_unknown(word: str) -> None:
    """The message stays as it is; what people wrote must not reach the log."""
    code = word if _WORD.fullmatch(word) else "?"
    log.warning("receipt_code_unknown", extra={"provider": NAME, "code": code})
