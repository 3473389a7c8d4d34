"""What the emulator's SMS account holds, and what becomes of messages by their number."""

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from notifications_utils.sms.counting import Encoding, measure
from patches.sms_ovhcloud.receipts import PTT

SERVICE: Final = "sms-em00000-1"
DELIVERED: Final = 4
BARRED: Final = 23
INVALID_NUMBER: Final = 999
# Codes that our table has not, for GET /sms/ptts to explain.
UNLISTED: Final = {97: "indeterminated", 98: "temporary", 99: "permanent"}
_UNDER_WAY: Final = frozenset({1, 2, 3})
_PENDING, _SUCCESS, _FAILED = 0, 1, 2
_MARK: Final = "9"
_MARK_LENGTH: Final = 4


def code_of(number: str) -> int | None:
    """The three last digits of a number in which a 9 stands before them; None for any other."""
    ending = number[-_MARK_LENGTH:]
    return int(ending[1:]) if ending.startswith(_MARK) else None


def state_of(ptt: int) -> int:
    """The state of delivery (DLR) that goes with a code."""
    if ptt == DELIVERED:
        return _SUCCESS
    return _PENDING if ptt in _UNDER_WAY else _FAILED


def meaning_of(ptt: int) -> dict[str, str] | None:
    """None for a code that does not exist."""
    if ptt in UNLISTED:
        return {"comment": "", "description": f"Code {ptt}", "duration": UNLISTED[ptt]}
    if ptt not in PTT:
        return None
    duration = PTT[ptt].removesuffix("-failure")
    known = duration if duration in {"permanent", "temporary"} else "indeterminated"
    return {"comment": "", "description": f"Code {ptt}", "duration": known}


def estimate(text: str) -> dict[str, Any]:
    size = measure(text)
    is_gsm = size.encoding is Encoding.GSM7
    per_part = size.encoding.single_part_units if size.fragments == 1 else size.encoding.units_per_part
    return {
        "characters": size.characters,
        "charactersClass": "7bits" if is_gsm else "unicode",
        "maxCharactersPerPart": per_part,
        "parts": size.fragments,
    }


_SENDERS: Final = ("NOTIF", "MAIRIE", "Belrive")  # the last one is that of the demo service


@dataclass(slots=True)
class Job:
    """A message: a job at first, then a part of the history, with the code `ptt`."""

    id: int
    receiver: str
    sender: str
    message: str
    tag: str
    ptt: int
    leaves_at: float  # `time.monotonic`
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def has_left(self) -> bool:
        return time.monotonic() >= self.leaves_at

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "creationDatetime": self.created,
            "receiver": self.receiver,
            "sender": self.sender,
            "message": self.message,
            "messageLength": len(self.message),
            "numberOfSms": measure(self.message).fragments,
            "credits": measure(self.message).fragments,
            "differedDelivery": 0,
            "tag": self.tag,
            "ptt": self.ptt,
            "deliveryReceipt": state_of(self.ptt),
        }


@dataclass(slots=True)
class EmulatedAccount:
    """Changed by requests in the emulator's loop, and by tests from their thread: one plain step at a time."""

    properties: dict[str, Any]
    senders: dict[str, str] = field(default_factory=lambda: dict.fromkeys(_SENDERS, "enable"))
    jobs: dict[int, Job] = field(default_factory=dict)
    incoming: dict[int, dict[str, Any]] = field(default_factory=dict)
    blacklist: dict[str, str] = field(default_factory=dict)
    _identifiers: "itertools.count[int]" = field(
        default_factory=lambda: itertools.count(int(time.time() * 1000))
    )

    @classmethod
    def with_callback(cls, address: str) -> "EmulatedAccount":
        return cls(
            {
                "name": SERVICE,
                "description": "Emulated",
                "status": "enable",
                "channel": "transactional",
                "creditsLeft": 10_000.0,
                "callBack": address,
                "stopCallBack": "",
                "smpp": False,
            }
        )

    def add_job(self, receiver: str, data: dict[str, Any], delay_seconds: float) -> Job:
        job = Job(
            id=next(self._identifiers),
            receiver=receiver,
            sender=str(data["sender"]),
            message=str(data["message"]),
            tag=str(data.get("tag", "")),
            ptt=self._ptt_of(receiver),
            leaves_at=time.monotonic() + delay_seconds,
        )
        self.jobs[job.id] = job
        self.properties["creditsLeft"] -= measure(job.message).fragments
        return job

    def receive(self, number: str, content: str) -> int:
        """Somebody writes to the account; STOP puts the number on the list. Returns the text's identifier."""
        identifier = next(self._identifiers)
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        self.incoming[identifier] = {
            "id": identifier,
            "creationDatetime": moment,
            "sender": number,
            "message": content,
            "tag": "",
            "credits": 0,
        }
        if content.strip().upper() == "STOP":
            self.blacklist[number] = moment
        return identifier

    def _ptt_of(self, receiver: str) -> int:
        if receiver in self.blacklist:
            return BARRED
        code = code_of(receiver)
        return code if code in PTT or code in UNLISTED else DELIVERED
