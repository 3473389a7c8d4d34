"""An emulator of SMSFactor, after its documentation (dev.smsfactor.com)."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import orjson

from api.providers.emulation import CallBack, Emulator, Fault, json_response
from api.providers.http_server import Request, Response
from patches.sms_smsfactor.proof import SIGNATURE_HEADER, Algorithm, sign

TOKEN: Final = "emulated-smsfactor-token"  # noqa: S105
WEBHOOK_SECRET: Final = "emulated-smsfactor-web-hook-secret"  # noqa: S105
INBOUND_NUMBER: Final = "36034"

_RECEIPTS: Final = "/notifications/sms/smsfactor"
_REPLIES: Final = "/notifications/sms/receive/smsfactor"
_SENDING: Final = frozenset({"/send", "/send/simulate"})
_COUNTERS: Final = ("blacklisted", "npai", "invalid", "not_allowed", "duplicated", "flood", "country_limit")
_MESSAGES: Final = {
    1: "OK",
    -1: "Authentication error",
    -2: "XML error",
    -3: "Not enough credits",
    -4: "Incorrect date",
    -5: "Not found",
    -6: "JSON error",
    -7: "Data error",
    -8: "Held for moderation",
    -99: "Unknown error",
}
_DELIVERED: Final = "3"
_MODERATION: Final = "-8"
_FAULT_ONCE: Final = "-99 once"
_FAULT_BUT_TAKEN: Final = "-99 but taken"
# By the last two digits of the number.
_MAGIC: Final[Mapping[str, str]] = {
    **{str(20 + status): str(status) for status in (0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12)},
    **{str(40 + place): counter for place, counter in enumerate(_COUNTERS)},
    **{str(50 - status): str(status) for status in range(-8, 0)},
    "59": "-99",
    "60": _FAULT_ONCE,
    "61": _FAULT_BUT_TAKEN,
    "70": "MO",
    "71": "STOP",
}


@dataclass(frozen=True, slots=True)
class _Message:
    """As both ways of sending name it."""

    to: str
    text: str
    pushtype: str
    gsmsmsid: str

    @property
    def is_acceptable(self) -> bool:
        return self.to.isdecimal() and bool(self.text) and self.pushtype in {"alert", "marketing"}


class SmsfactorEmulator(Emulator):
    """`GET /send`, `POST /send`, both with `/simulate`, `GET /credits`; signed DLR, MO and STOP.

    The last two digits of the number choose what happens, or `outcome` of the conduct for all numbers:

    | digits | outcome | |
    |---|---|---|
    | 20 to 32 | `0` … `12` | receipt of status 0 to 7, 9, 11, 12 |
    | 40 to 46 | a counter | HTTP 200 and `sent` 0: blacklisted, npai, invalid, not_allowed, duplicated, flood, country_limit |
    | 51 to 57 | `-1` … `-7` | HTTP 200 and that status |
    | 58 | `-8` | held for moderation, and delivered later |
    | 59 | `-99` | always |
    | 60 | `-99 once` | the first time; the second try is taken |
    | 61 | `-99 but taken` | the first time, and delivered; the second try is filtered as `flood` |
    | 70, 71 | `MO`, `STOP` | delivered, then the person answers |
    | others | `3` | delivered |
    """

    display_name: ClassVar[str] = "SMSFactor"

    def __init__(self, api_url: str, algorithm: Algorithm = Algorithm.HMAC_SHA256_HEX) -> None:
        super().__init__(api_url)
        self.algorithm = algorithm
        self.credits = 10_000
        self.taken: list[Mapping[str, str]] = []
        self._tickets = itertools.count(14_672_468)
        self._tried: set[str] = set()  # identifiers of messages that got -99 once

    @classmethod
    def environment(cls, address: str) -> dict[str, str]:
        return {
            "SMSFACTOR_URL": address,
            "SMSFACTOR_TOKEN": TOKEN,
            "SMSFACTOR_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "SMSFACTOR_INBOUND_NUMBER": INBOUND_NUMBER,
        }

    def is_handing_over(self, request: Request) -> bool:
        return request.path == "/send"

    def answer_fault(self, fault: Fault) -> Response:
        if fault is Fault.NO_CREDIT:
            return json_response(200, _status(-3))
        return super().answer_fault(fault)

    async def answer(self, request: Request) -> Response:
        document = self._answer(request)
        if document is None:
            return Response(404, b"Not found", "text/plain")
        if "application/json" in request.headers.get("accept", ""):
            return json_response(200, document)
        return Response(200, _xml(document), "application/xml")

    def _answer(self, request: Request) -> dict[str, Any] | None:
        if request.path not in _SENDING | {"/credits"} or request.method not in {"GET", "POST"}:
            return None
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or request.query.get("token")
        if token != TOKEN:
            return _status(-1)
        if request.path == "/credits":
            return _status(1) | {"credits": str(self.credits), "postpaid": "0", "unlimited": False}
        message = _read_query(request.query) if request.method == "GET" else _read_body(request.body)
        if isinstance(message, int):
            return _status(message)
        if not message.is_acceptable:
            return _status(-7)
        if request.path == "/send/simulate":
            return _status(1) | self._counters(sent=1)
        return self._take(message)

    def _take(self, message: _Message) -> dict[str, Any]:
        outcome = self.conduct.outcome or _MAGIC.get(message.to[-2:], _DELIVERED)
        if outcome in {_FAULT_ONCE, _FAULT_BUT_TAKEN}:
            return self._take_with_fault(message, outcome)
        if outcome in _COUNTERS:
            return _status(1) | self._counters(sent=0, **{outcome: 1})
        if outcome == _MODERATION:
            return self._accept(message, _DELIVERED) | _status(-8)
        return _status(int(outcome)) if outcome.startswith("-") else self._accept(message, outcome)

    def _take_with_fault(self, message: _Message, outcome: str) -> dict[str, Any]:
        is_second = message.gsmsmsid in self._tried
        self._tried.add(message.gsmsmsid)
        if outcome == _FAULT_BUT_TAKEN and is_second:
            return _status(1) | self._counters(sent=0, flood=1)
        if outcome == _FAULT_BUT_TAKEN or is_second:
            accepted = self._accept(message, _DELIVERED)
            return accepted if is_second else _status(-99)
        return _status(-99)

    def _accept(self, message: _Message, outcome: str) -> dict[str, Any]:
        ticket = str(next(self._tickets))
        self.credits -= 1
        self.taken.append({"to": message.to, "text": message.text, "gsmsmsid": message.gsmsmsid})
        if outcome in {"MO", "STOP"}:
            words = "Oui, merci" if outcome == "MO" else "STOP SMS"
            self._tell(_REPLIES if outcome == "MO" else _RECEIPTS, _reply(message, words))
            outcome = _DELIVERED
        self._tell(_RECEIPTS, _receipt(message, int(outcome), ticket))
        return _status(1) | {"ticket": ticket} | self._counters(sent=1)

    def _counters(self, *, sent: int, **others: int) -> dict[str, Any]:
        counters = dict.fromkeys(_COUNTERS, 0) | others
        return {"cost": sent, "credits": self.credits, "total": 1, "sent": sent} | counters

    def _tell(self, path: str, document: dict[str, Any]) -> None:
        body = orjson.dumps(document)

        def make() -> CallBack:
            secret = WEBHOOK_SECRET + ("-wrong" if self.conduct.wrong_signature else "")
            headers = {
                "Content-Type": "application/json",
                SIGNATURE_HEADER: sign(self.algorithm, secret, body),
            }
            return CallBack("POST", self.api_url + path, headers, body)

        self.call_back(make)


def _status(status: int) -> dict[str, Any]:
    return {"status": status, "message": _MESSAGES[status]}


def _read_query(query: Mapping[str, str]) -> _Message:
    return _Message(
        query.get("to", ""), query.get("text", ""), query.get("pushtype", "alert"), query.get("gsmsmsid", "")
    )


def _read_body(body: bytes) -> _Message | int:
    """The message, or the status that says why there is none."""
    try:
        sms = orjson.loads(body)["sms"]
    except orjson.JSONDecodeError:
        return -6
    except (KeyError, TypeError):
        return -7
    try:
        (recipient,) = sms["recipients"]["gsm"]
        content = sms["message"]
        texts = (
            recipient["value"],
            content["text"],
            content.get("pushtype", "alert"),
            recipient.get("gsmsmsid", ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return -7
    return _Message(*map(str, texts))


def _now() -> str:
    return datetime.now(ZoneInfo("Europe/Paris")).isoformat(timespec="seconds")


def _receipt(message: _Message, status: int, ticket: str) -> dict[str, Any]:
    return {
        "date": _now(),
        "status": status,
        "destination": message.to,
        "message_id": message.gsmsmsid,
        "campaign_id": ticket,
        "country_code": "FR",
    }


def _reply(message: _Message, words: str) -> dict[str, Any]:
    return {
        "date": _now(),
        "message": words,
        "from": message.to,
        "account_id": "1234",
        "last_message_id": message.gsmsmsid,
    }


def _xml(document: Mapping[str, Any]) -> bytes:
    fields = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in document.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><response>{fields}</response>'.encode()
