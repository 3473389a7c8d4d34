"""Decisions of delivery that need no database: routes, retry delays, test outcomes, shares of providers. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from api.contract import TEST_OUTCOMES_BY_EMAIL, TEST_OUTCOMES_BY_SMS_SUFFIX, Channel, KeyType, Status
from api.queue import QueueName, TaskName

# Another provider is asked at once; these are the waits once none would take the message: about four hours in all.
RETRY_DELAYS_SECONDS: Final = (10, 30, 60, 120, *[300] * 47)

# A provider whose calls fail this often, over at least so many failures, is given less.
_FAILING_SHARE: Final = 0.3
_FEWEST_FAILURES: Final = 3
# Contract: a provider is slow when this share of its texts takes five minutes or more.
_SLOW_SHARE: Final = 0.15
# Time for the last move of a weight to show: in the answers, or in the delivery times.
_ANSWERS_SHOW_SECONDS: Final = 15
_DELIVERIES_SHOW_SECONDS: Final = 300
# Parts of the operator's weight: what a provider that failed keeps, for trials, and what it regains at a time.
_TRIAL_PART: Final = 20
_STEP_PART: Final = 4


def next_attempt(now: datetime, attempts: int) -> datetime | None:
    """When a message that no provider took is tried again, after `attempts` (≥ 1) tries; None: never."""
    if attempts > len(RETRY_DELAYS_SECONDS):
        return None
    return now + timedelta(seconds=RETRY_DELAYS_SECONDS[attempts - 1])


def delivery_route(channel: str, key_type: str) -> tuple[TaskName, QueueName]:
    """The task that delivers such a message, and its queue."""
    is_sms = channel == Channel.SMS
    task = TaskName.DELIVER_SMS if is_sms else TaskName.DELIVER_EMAIL
    if key_type == KeyType.TEST:
        return task, QueueName.RESEARCH
    return task, QueueName.SEND_SMS if is_sms else QueueName.SEND_EMAIL


def simulated_outcome(channel: str, to: str, normalised_to: str) -> Status:
    """What becomes of a message of a test key (contract: statuses, test key behaviour)."""
    if channel == Channel.EMAIL:
        return TEST_OUTCOMES_BY_EMAIL.get(to, Status.DELIVERED)
    return next(
        (status for suffix, status in TEST_OUTCOMES_BY_SMS_SUFFIX.items() if normalised_to.endswith(suffix)),
        Status.DELIVERED,
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider that may be given a message; `weight` from 0 to 100."""

    name: str
    weight: int
    supports_international: bool


def draw(candidates: Sequence[Candidate], chance: float) -> Candidate | None:
    """One of them by weight, `chance` in [0, 1). Those of weight 0 stand by: drawn when there is no other."""
    willing = [candidate for candidate in candidates if candidate.weight > 0]
    if not willing:
        return candidates[int(chance * len(candidates))] if candidates else None
    place = chance * sum(candidate.weight for candidate in willing)
    for candidate in willing:
        place -= candidate.weight
        if place < 0:
            return candidate
    return willing[-1]


@dataclass(frozen=True, slots=True)
class Record:
    """How an active provider has done lately; `slow_share` is None when nothing is known."""

    name: str
    weight: int
    resting_weight: int
    seconds_since_move: float
    handed_over: int = 0
    failed: int = 0
    slow_share: float | None = None

    @property
    def is_failing(self) -> bool:
        total = self.handed_over + self.failed
        return self.failed >= _FEWEST_FAILURES and self.failed / total >= _FAILING_SHARE

    @property
    def is_slow(self) -> bool:
        return self.slow_share is not None and self.slow_share >= _SLOW_SHARE


@dataclass(frozen=True, slots=True)
class Move:
    name: str
    weight: int
    reason: str


def trial_weight(resting_weight: int) -> int:
    """What a provider that fails is left with, so that its recovery shows."""
    return max(1, resting_weight // _TRIAL_PART)


def balance(records: Iterable[Record]) -> list[Move]:
    """Lower those that fail or are slow, for the others to take their share; let recovered ones return.

    Nothing moves away from providers that are all in trouble: there is nobody to move to.
    """
    known = list(records)
    moves: list[Move | None] = [_raise(record) for record in known if _may_return(record)]
    failing = [record for record in known if record.is_failing]
    if len(failing) < len(known):
        moves += [_lower_failing(record) for record in failing]
    slow = [record for record in known if record.is_slow and not record.is_failing]
    if len(slow) + len(failing) < len(known):
        moves += [
            _lower_slow(record) for record in slow if record.seconds_since_move >= _DELIVERIES_SHOW_SECONDS
        ]
    return [move for move in moves if move is not None]


def _may_return(record: Record) -> bool:
    return (
        record.seconds_since_move >= _ANSWERS_SHOW_SECONDS
        and record.failed == 0
        and not record.is_slow
        and record.weight < record.resting_weight
    )


def _raise(record: Record) -> Move:
    weight = min(record.resting_weight, record.weight + max(1, record.resting_weight // _STEP_PART))
    return Move(record.name, weight, f"No failure lately: back towards {record.resting_weight}")


def _lower_failing(record: Record) -> Move | None:
    weight = trial_weight(record.resting_weight)
    if weight >= record.weight:
        return None
    total = record.handed_over + record.failed
    return Move(record.name, weight, f"{record.failed} of the last {total} messages were not taken")


def _lower_slow(record: Record) -> Move | None:
    weight = max(
        trial_weight(record.resting_weight), record.weight - max(1, record.resting_weight // _STEP_PART)
    )
    if weight >= record.weight:
        return None
    return Move(
        record.name, weight, f"{record.slow_share or 0:.0%} of its messages take five minutes or more"
    )
