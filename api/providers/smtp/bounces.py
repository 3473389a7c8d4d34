"""What mail that came back says: delivery reports (RFC 3464, 6533) and complaints (RFC 5965).

Such mail may come from anybody and hold anything. Reading it never raises, looks at its beginning only, and
believes nothing that does not carry a token of ours (`return_path`). What is read out of it are codes, never texts:
reports quote addresses and contents.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from enum import StrEnum
from typing import Final

from api.providers.protocol import Complaint, ProviderEvent
from api.providers.smtp.report_fields import read_fields
from api.providers.smtp.report_meaning import receipt_of
from api.providers.smtp.return_path import ReturnPath

log = logging.getLogger(__name__)

MAX_BYTES: Final = 128 * 1024  # reports put what matters first, and the original message last
_STATUS_TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FEEDBACK_TYPES: Final = frozenset({"message/feedback-report"})
# `not-spam` and reports on authentication are no complaints.
_COMPLAINT_TYPES: Final = frozenset({"abuse", "fraud", "virus", "other", "miscategorized", "opt-out"})


class BounceKind(StrEnum):
    REPORT = "report"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto-reply"  # somebody is on holiday (RFC 3834)
    UNAUTHENTICATED = "unauthenticated"  # a report without a token of ours
    NOT_UNDERSTOOD = "not-understood"


@dataclass(frozen=True, slots=True)
class Bounce:
    """`events` may be empty for a report too: one that says that a relay still tries."""

    kind: BounceKind
    events: Sequence[ProviderEvent] = ()

    @property
    def is_settled(self) -> bool:
        """Whether nobody needs to look at the mail any more."""
        return self.kind in (BounceKind.REPORT, BounceKind.COMPLAINT, BounceKind.AUTO_REPLY)


def read_bounce(return_path: ReturnPath, content: bytes, recipients: Iterable[str] = ()) -> Bounce:
    """`recipients` of its envelope, where known. Never raises."""
    try:
        return _read(return_path, content[:MAX_BYTES], recipients)
    except Exception as error:  # noqa: BLE001 - the parser of the standard library fails in many ways on hostile mail
        log.warning("bounce_not_readable", extra={"error": type(error).__name__})
        return Bounce(BounceKind.NOT_UNDERSTOOD)


def _read(return_path: ReturnPath, content: bytes, recipients: Iterable[str]) -> Bounce:
    message = message_from_bytes(content, policy=compat32)
    status = _find_part(message, _STATUS_TYPES)
    feedback = None if status else _find_part(message, _FEEDBACK_TYPES)
    report = status or feedback
    if report is None:
        return Bounce(BounceKind.AUTO_REPLY if _is_automatic(message) else BounceKind.NOT_UNDERSTOOD)
    blocks = read_fields(report)
    values = (value for block in blocks for value in block.values())
    notification_id = return_path.find((*recipients, *values, content.decode("latin-1")))
    if notification_id is None:
        return Bounce(BounceKind.UNAUTHENTICATED)
    if feedback is not None:
        kind = blocks[0].get("feedback-type", "").lower() if blocks else ""
        if kind not in _COMPLAINT_TYPES:
            return Bounce(BounceKind.REPORT)
        # A person complains of a message once, however often that is reported.
        complaint = Complaint(str(notification_id), kind, notification_id=notification_id)
        return Bounce(BounceKind.COMPLAINT, (complaint,))
    receipt = receipt_of(blocks, notification_id)
    return Bounce(BounceKind.REPORT, () if receipt is None else (receipt,))


def _find_part(message: Message, types: frozenset[str]) -> Message | None:
    """A part of the report itself: those of a message that it quotes are not looked at."""
    return next((part for part in _outer_parts(message) if part.get_content_type() in types), None)


def _outer_parts(message: Message) -> Iterator[Message]:
    """Of the report, also where a mailing list or a gateway put it into another multipart."""
    for part in _children(message):
        yield part
        if part.get_content_type() == "multipart/report":
            yield from _children(part)


def _children(message: Message) -> list[Message]:
    payload = message.get_payload()
    is_container = message.get_content_maintype() == "multipart" and isinstance(payload, list)
    return [part for part in payload if isinstance(part, Message)] if is_container else []


def _is_automatic(message: Message) -> bool:
    """A reply of a program (RFC 3834); a report of which we miss the part that matters is none."""
    submitted = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    return submitted != "no" and message.get_content_type() != "multipart/report"
