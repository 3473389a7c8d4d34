"""What SMSFactor's answers mean for a message: success and failure may both be HTTP 200 (dev.smsfactor.com)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import orjson

from api.contract import Status
from api.providers.protocol import Accepted, Answer, NotSent, Refused, Unknown


class Outcome(IntEnum):
    """Field `status` of every answer."""

    OK = 1
    AUTHENTICATION = -1
    XML = -2
    NO_CREDIT = -3
    DATE = -4
    NOT_FOUND = -5
    JSON = -6
    DATA = -7
    MODERATION = -8  # held, and sent later by itself
    UNKNOWN = -99


@dataclass(frozen=True, slots=True)
class Reply:
    outcome: Outcome
    data: Mapping[str, Any]

    @property
    def ticket(self) -> str | None:
        """SMSFactor's own identifier: the campaign of one message."""
        ticket = self.data.get("ticket")
        return str(ticket) if ticket else None

    def count(self, name: str) -> float | None:
        """A counter, which comes as a number or as a text; None when there is none."""
        try:
            value = float(str(self.data.get(name)))
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    @property
    def is_filtered_as_repeated(self) -> bool:
        """Nothing was sent now because the same message was taken before."""
        return self.outcome is Outcome.OK and self.count("sent") == 0 and any(map(self.count, _REPEATED))


_REPEATED: Final = ("flood", "duplicated")
_ABOUT_THE_ACCOUNT: Final[Mapping[Outcome, str]] = {
    Outcome.AUTHENTICATION: "the token is refused",
    Outcome.NO_CREDIT: "no credit is left",
}
# Where `sent` is 0, the first counter that is not says why. A country that is closed to the account may be open elsewhere.
_FILTERED: Final[Mapping[str, Refused | NotSent | Unknown]] = {
    "invalid": Refused("the number is invalid", Status.PERMANENT_FAILURE),
    "npai": Refused("the number is out of service", Status.PERMANENT_FAILURE),
    "blacklisted": Refused("the recipient opted out", Status.PERMANENT_FAILURE),
    "flood": Refused("held back by the filter of repeated texts", Status.TEMPORARY_FAILURE),
    "duplicated": Unknown("counted as a duplicate"),
    "not_allowed": NotSent("the account may not send to this country"),
    "country_limit": NotSent("the account has reached its monthly limit for this country"),
}


def read_reply(body: bytes) -> Reply | None:
    """None when the body is not an answer as documented."""
    try:
        data = orjson.loads(body)
        return Reply(Outcome(int(data["status"])), data)
    except (ValueError, TypeError, KeyError):
        return None


def answer_of_reply(reply: Reply) -> Answer:
    match reply.outcome:
        case Outcome.OK:
            return _answer_of_counters(reply)
        case Outcome.MODERATION:
            return Accepted(reply.ticket)
        case Outcome.AUTHENTICATION | Outcome.NO_CREDIT:
            return NotSent(f"status {reply.outcome.value}: {_ABOUT_THE_ACCOUNT[reply.outcome]}")
        case Outcome.UNKNOWN:
            return Unknown("status -99: unknown error")
    return Refused(f"status {reply.outcome.value}: {reply.outcome.name.lower().replace('_', ' ')}")


def _answer_of_counters(reply: Reply) -> Answer:
    if reply.count("sent") != 0:  # absent where nothing was filtered
        return Accepted(reply.ticket)
    reasons = (answer for name, answer in _FILTERED.items() if reply.count(name))
    return next(reasons, Unknown("nothing was sent, and no counter says why"))
