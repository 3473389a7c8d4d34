"""Answers to our text messages, as Brevo's `reply` event tells them (field names unverified)."""

import hashlib

from api.providers.protocol import ReceivedText
from patches.brevo.account import JsonObject
from patches.brevo.receipts import REPLIES, read_digits, read_events, read_time


def parse_replies(body: bytes, to_number: str | None) -> list[ReceivedText]:
    """`to_number`: ours, which Brevo does not name; None leaves all out. Raises `MalformedRequestError`."""
    events = read_events(body)
    if to_number is None:
        return []
    texts = (_parse_reply(event, to_number) for event in events)
    return [text for text in texts if text is not None]


def _parse_reply(event: JsonObject, to_number: str) -> ReceivedText | None:
    from_number = read_digits(event.get("to"))
    content = event.get("reply")
    is_reply = str(event.get("msg_status")).lower() in REPLIES
    if not is_reply or from_number is None or not isinstance(content, str):
        return None
    return ReceivedText(from_number, to_number, content, _reference(event), read_time(event))


def _reference(event: JsonObject) -> str:
    """Brevo gives answers no name: the same words of the same person at the same moment are the same answer."""
    parts = [str(event.get(field)) for field in ("messageId", "to", "ts_event", "date", "reply")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
