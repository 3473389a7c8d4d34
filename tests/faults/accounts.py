"""What became of the messages of one test."""

import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from api.db.ids import first_uuid7_of
from tests.faults.system import System

SETTLE_SECONDS = 240
_OPEN = "SELECT 1 FROM notifications WHERE id >= %s AND status IN ('created', 'pending', 'sending') LIMIT 1"


@dataclass(frozen=True, slots=True)
class Account:
    """All messages that exist since the test began, promised or not; what happened to them besides.

    `times_taken` counts how many messages the provider had never, once, twice…
    """

    ids: frozenset[str] = field(repr=False)
    statuses: Counter[str]
    times_taken: Counter[int]
    events: Counter[str]


def now_id() -> str:
    """Messages made from now on have identifiers that are not smaller."""
    return str(first_uuid7_of(datetime.now(UTC)))


def settle(system: System, since: str, accepted: Collection[str], seconds: float = SETTLE_SECONDS) -> Account:
    """Wait until everything has ended, without lending a hand, then take account.

    The sandbox can be asked what became of a message, so that no outcome stays unknown.
    """
    began = time.monotonic()
    while system.query(_OPEN, since):
        assert time.monotonic() - began < seconds, f"still open after {seconds} s: {_describe(system, since)}"
        time.sleep(0.2)
    account = take_account(system, since, accepted)
    print(f"{account}, settled in {time.monotonic() - began:.1f} s")  # noqa: T201 - shown of a failed test
    return account


def take_account(system: System, since: str, accepted: Collection[str]) -> Account:
    """What there is now; checks what was promised: each message is there, and was sent once at most."""
    rows = system.query("SELECT id::text, status, outcome_unknown FROM notifications WHERE id >= %s", since)
    ids = frozenset(row[0] for row in rows)
    times = system.times_taken(list(ids))
    account = Account(
        ids=ids,
        statuses=Counter(f"{status}{', unknown' * unknown}" for _, status, unknown in rows),
        times_taken=Counter(times.get(identifier, 0) for identifier in ids),
        events=Counter(
            row[0]
            for row in system.query("SELECT kind FROM notification_events WHERE notification_id >= %s", since)
        ),
    )
    assert len(set(accepted)) == len(accepted)
    assert set(accepted) <= ids, "accepted messages are missing"
    assert max(account.times_taken, default=0) <= 1, f"sent more than once: {account}"
    delivered = {row[0] for row in rows if row[1] == "delivered"}
    assert delivered <= set(times), "delivered without having been sent"
    return account


def _describe(system: System, since: str) -> list[tuple[object, ...]]:
    return system.query(
        "SELECT status, outcome_unknown, attempts, sent_by, min(due_at - now())::text, max(due_at - now())::text, "
        "max(now() - claimed_at)::text, count(*) FROM notifications WHERE id >= %s GROUP BY 1, 2, 3, 4",
        since,
    )
