"""Which provider gets a message: by weight, among those that are active, able and well (ADR 0004)."""

import logging
import random
import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final, TypeAlias

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from api.cache import TimedCache
from api.contract import Channel
from api.core.delivery.health import Circuit, ProviderKey, Tallies
from api.core.delivery.models import ProviderDetails
from api.core.delivery.rules import Candidate, draw
from api.core.delivery.weights import lower_to_trial
from api.db.engine import Database
from api.metrics import PROVIDER_REQUESTS
from api.providers.protocol import (
    Answer,
    EmailMessage,
    EmailProvider,
    NotSent,
    SmsMessage,
    SmsProvider,
    Unknown,
)

log = logging.getLogger(__name__)

Message: TypeAlias = SmsMessage | EmailMessage
Providers: TypeAlias = Mapping[Channel, Mapping[str, SmsProvider | EmailProvider]]

_DETAILS_SECONDS: Final = 1.5
_DEFAULT_WEIGHT: Final = 100


class ProviderChoice:
    """The providers of one process, and what it knows about them. Safe to share between threads."""

    def __init__(self, database: Database, providers: Providers) -> None:
        self.providers = providers
        self._database = database
        self._details: TimedCache[Channel, tuple[Candidate, ...]] = TimedCache(_DETAILS_SECONDS)
        self._circuits: defaultdict[ProviderKey, Circuit] = defaultdict(Circuit)
        self._tallies = Tallies(database)

    def choose(
        self, channel: Channel, *, international: bool = False, excluding: Collection[str] = ()
    ) -> Candidate | None:
        """None when no provider may be asked now."""
        willing = [
            candidate
            for candidate in self._candidates(channel)
            if candidate.name not in excluding
            and (candidate.supports_international or not international)
            and not self._circuits[channel, candidate.name].is_open
        ]
        return draw(willing, random.random())  # noqa: S311 - nothing secret about it

    def ask(self, channel: Channel, name: str, message: Message) -> Answer:
        """Give the message to a provider, and remember how that went."""
        circuit = self._circuits[channel, name]
        circuit.begin()
        started = time.perf_counter()
        answer = self._send(channel, name, message)
        outcome = type(answer).__name__.lower()
        PROVIDER_REQUESTS.labels(name, channel, outcome).observe(time.perf_counter() - started)
        failed = isinstance(answer, (NotSent, Unknown))
        self._tallies.count((channel, name), failed=failed)
        if not failed:
            circuit.succeed()
        elif circuit.fail(answer.retry_after_seconds if isinstance(answer, NotSent) else None):
            self._lower(channel, name)
        return answer

    def _send(self, channel: Channel, name: str, message: Message) -> Answer:
        provider = self.providers[channel][name]
        try:
            return provider.send(message)  # type: ignore[arg-type]
        except Exception as error:
            # Providers must answer rather than raise; one that raises may have sent the message.
            log.exception("provider_raised", extra={"provider": name, "notification_id": str(message.id)})
            return Unknown(f"the provider's client failed: {type(error).__name__}")

    def _lower(self, channel: Channel, name: str) -> None:
        """Tell the other processes at once; the weight comes back by itself (`balance`)."""
        log.warning("circuit_opened", extra={"provider": name, "channel": str(channel)})
        others = [candidate for candidate in self._candidates(channel) if candidate.name != name]
        if not any(candidate.weight > 0 for candidate in others):
            return
        try:
            lower_to_trial(self._database, channel, name, "Several messages in a row were not taken")
        except SQLAlchemyError as error:
            log.warning("weights_unchanged", extra={"error": type(error).__name__})
        self._details.forget(channel)

    def _candidates(self, channel: Channel) -> tuple[Candidate, ...]:
        return self._details.get_or_load(channel, lambda: self._load(channel)) or ()

    def _load(self, channel: Channel) -> tuple[Candidate, ...]:
        """The configured providers; one that has no row yet is active with the whole weight."""
        query = select(
            ProviderDetails.identifier,
            ProviderDetails.priority,
            ProviderDetails.active,
            ProviderDetails.supports_international,
        ).where(ProviderDetails.notification_type == channel)
        with self._database.autocommit() as connection:
            rows = {row.identifier: row for row in connection.execute(query)}
        return tuple(
            Candidate(name, row.priority, row.supports_international)
            if (row := rows.get(name)) is not None
            else Candidate(name, _DEFAULT_WEIGHT, supports_international=True)
            for name in self.providers.get(channel, {})
            if name not in rows or rows[name].active
        )
