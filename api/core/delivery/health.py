"""How the providers are doing: a circuit in each process, and tallies that all processes add up in PostgreSQL."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeAlias

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.contract import Channel
from api.db.engine import Database

log = logging.getLogger(__name__)

ProviderKey: TypeAlias = tuple[Channel, str]

TALLY_SECONDS: Final = 10
_FAILURES_TO_OPEN: Final = 3
_FIRST_PAUSE_SECONDS: Final = 5.0
_LONGEST_PAUSE_SECONDS: Final = 60.0
_FLUSH_SECONDS: Final = 1.0

_ADD_TALLY: Final = text("""
    INSERT INTO provider_tallies (notification_type, identifier, at, handed_over, failed)
    VALUES (:channel, :name, :at, :handed_over, :failed)
    ON CONFLICT (identifier, notification_type, at) DO UPDATE
    SET handed_over = provider_tallies.handed_over + excluded.handed_over,
        failed = provider_tallies.failed + excluded.failed
""")


class Circuit:
    """Keeps a process from asking a provider that failed several times in a row; one message tries it later.

    After each trial that fails the pause doubles. Without locks: a trial too many does no harm.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._closed_until = 0.0  # no message before this moment; 0: the circuit is closed
        self._has_trial = False
        self._pause = _FIRST_PAUSE_SECONDS

    @property
    def is_open(self) -> bool:
        """Whether no message may be given now."""
        return self._closed_until > self._clock()

    def begin(self) -> None:
        """A message is about to be given: when it is a trial, others wait for its end."""
        if self._closed_until and not self.is_open:
            self._has_trial = True
            self._closed_until = self._clock() + self._pause

    def succeed(self) -> None:
        self._failures = 0
        self._closed_until = 0.0
        self._has_trial = False
        self._pause = _FIRST_PAUSE_SECONDS

    def fail(self, retry_after_seconds: float | None = None) -> bool:
        """Whether this failure opened the circuit. `retry_after_seconds` is the provider's own wish."""
        self._failures += 1
        wish = min(retry_after_seconds or 0.0, _LONGEST_PAUSE_SECONDS)
        had_trial, self._has_trial = self._has_trial, False
        if self._closed_until and not had_trial:
            return False  # of a message that was given before it opened
        if had_trial:
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
        opens = self._failures >= _FAILURES_TO_OPEN
        if opens or wish:
            self._closed_until = self._clock() + max(self._pause if opens else 0.0, wish)
        return opens


class Tallies:
    """Counts of this process, added to those of the others about once a second, by whoever counts just then."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: defaultdict[ProviderKey, list[int]] = defaultdict(lambda: [0, 0])
        self._lock = threading.Lock()
        self._flush_at = time.monotonic() + _FLUSH_SECONDS

    def count(self, provider: ProviderKey, *, failed: bool) -> None:
        with self._lock:
            self._counts[provider][failed] += 1
            if time.monotonic() < self._flush_at:
                return
        self.flush()

    def flush(self) -> None:
        with self._lock:
            counts, self._counts = self._counts, defaultdict(lambda: [0, 0])
            self._flush_at = time.monotonic() + _FLUSH_SECONDS
        now = datetime.now(UTC)
        at = now.replace(second=now.second - now.second % TALLY_SECONDS, microsecond=0)
        rows = [
            {"channel": str(channel), "name": name, "at": at, "handed_over": handed_over, "failed": failed}
            for (channel, name), (handed_over, failed) in sorted(counts.items())
        ]
        if not rows:
            return
        try:
            with self._database.session() as session:
                session.connection().execute(_ADD_TALLY, rows)
        except SQLAlchemyError as error:
            log.warning("tallies_lost", extra={"error": type(error).__name__})
