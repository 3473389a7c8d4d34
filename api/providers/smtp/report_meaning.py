"""What the recipients' fields of a delivery report mean for a message (RFC 3464 §2.3, codes of RFC 3463)."""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from api.contract import Status
from api.providers.protocol import Receipt

_ENHANCED_CODE: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")  # no IP address
_REPLY_CODE: Final = re.compile(r"\b([245])\d\d\b")
_DELIVERED: Final = frozenset({"delivered", "relayed", "expanded"})
# Bad mailbox, bad system, bad syntax, moved without a trace, and a domain that takes no mail (RFC 7505).
_NO_SUCH_ADDRESS: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
_SENDER_CODES: Final = frozenset({"5.1.7", "5.1.8"})
_MAILBOX_FULL: Final = "5.2.2"
# Of the other system, the network, the protocol, the content and policies: nothing about the address.
_TECHNICAL_SUBJECTS: Final = frozenset({"3", "4", "5", "6", "7"})
# Our e-mails have one recipient; where an alias made several of it, the mildest outcome counts.
_FROM_MILD_TO_GRAVE: Final = (
    Status.DELIVERED,
    Status.TEMPORARY_FAILURE,
    Status.TECHNICAL_FAILURE,
    Status.PERMANENT_FAILURE,
)


def receipt_of(blocks: Sequence[Mapping[str, str]], notification_id: uuid.UUID) -> Receipt | None:
    """None while nothing is decided: a relay still tries."""
    told = [_outcome_of(fields) for fields in blocks if "action" in fields]
    outcomes = [outcome for outcome in told if outcome is not None]
    if len(outcomes) < len(told):
        outcomes = [outcome for outcome in outcomes if outcome[0] is Status.DELIVERED]
    if not outcomes:
        return None
    status, code = min(outcomes, key=lambda outcome: _FROM_MILD_TO_GRAVE.index(outcome[0]))
    is_hard_bounce = status is Status.PERMANENT_FAILURE and code in _NO_SUCH_ADDRESS
    return Receipt(status, code, notification_id=notification_id, is_hard_bounce=is_hard_bounce)


def _outcome_of(fields: Mapping[str, str]) -> tuple[Status, str] | None:
    """Its status and code; None for what is still being tried, and for words that we do not know."""
    action = fields.get("action", "").lower()
    code = _code_of(fields)
    if action in _DELIVERED:
        return Status.DELIVERED, code
    if action != "failed":
        return None
    return _status_of_failure(code), code


def _status_of_failure(code: str) -> Status:
    kind, _, rest = code.partition(".")
    if kind == "4" or code == _MAILBOX_FULL:
        return Status.TEMPORARY_FAILURE
    if kind != "5" or code in _SENDER_CODES or rest.partition(".")[0] in _TECHNICAL_SUBJECTS:
        return Status.TECHNICAL_FAILURE
    return Status.PERMANENT_FAILURE


def _code_of(fields: Mapping[str, str]) -> str:
    """`Status`, or what the diagnosis says where the status says nothing; empty when both are silent."""
    status = _ENHANCED_CODE.search(fields.get("status", ""))
    diagnosis = fields.get("diagnostic-code", "")
    if status and status[2] + status[3] != "00":
        return status[0]
    finer = _ENHANCED_CODE.search(diagnosis)
    if finer and (status is None or finer[1] == status[1]):
        return finer[0]
    if status:
        return status[0]
    reply = _REPLY_CODE.search(diagnosis)
    return f"{reply[1]}.0.0" if reply else ""
