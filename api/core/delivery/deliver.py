"""Handing one message to a provider: claim, choose, render, send, write the answer down (design D5, ADR 0004)."""

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from api.contract import Channel, KeyType, Status
from api.core.delivery.choice import ProviderChoice
from api.core.delivery.claims import (
    Claimed,
    claim,
    finish,
    give_back,
    hold,
    patiently,
    record_accepted,
    record_asking,
    record_unknown,
)
from api.core.delivery.preparation import Prepared, UndeliverableError, prepare
from api.core.delivery.rules import Candidate, next_attempt, simulated_outcome
from api.core.notifications.holding import describe, find_hold, is_urgent, was_released
from api.core.suppressions.rules import is_enforced
from api.metrics import HANDED_OVER, HELD, SUPPRESSED
from api.providers.protocol import Accepted, EmailProvider, NotSent, ReachesNobody, Refused, Unknown
from api.providers.registry import is_delivered_when_accepted
from api.runtime import Runtime

log = logging.getLogger(__name__)

SIMULATED_PROVIDER: Final = "simulated"


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """What a process needs to deliver: made once, shared by its threads."""

    runtime: Runtime
    choice: ProviderChoice


def deliver(dispatcher: Dispatcher, channel: Channel, notification_id: uuid.UUID) -> None:
    """Does nothing when another worker has the message, or had it. In the steady state: two statements."""
    choice, database = dispatcher.choice, dispatcher.runtime.database
    first = patiently(lambda: choice.choose(channel))
    claimed = patiently(lambda: claim(database, notification_id, first.name if first else None))
    if claimed is None:
        log.info("delivery_skipped", extra={"notification_id": str(notification_id)})
        return
    if _is_withheld(dispatcher.runtime, claimed):
        return
    started = time.monotonic()
    prepared = _prepare(dispatcher.runtime, claimed)
    if prepared is None:
        return
    if claimed.key_type == KeyType.TEST:
        _simulate(dispatcher.runtime, claimed, prepared.billable_units)
        return
    if _is_for_nobody(dispatcher, claimed):
        _simulate(dispatcher.runtime, claimed, billable_units=0)
        return
    _Delivery(dispatcher, channel, claimed, prepared, started).hand_over(first)


def _is_withheld(runtime: Runtime, claimed: Claimed) -> bool:
    """A message to somebody who gets nothing more ends here, as if it had bounced (ADR 0006)."""
    reason = claimed.suppression
    if reason is None or not is_enforced(runtime.settings, claimed.notification_type, reason):
        return False
    finish(runtime, claimed, Status.PERMANENT_FAILURE, kind="suppressed", detail=reason)
    SUPPRESSED.labels(claimed.notification_type, reason).inc()
    return True


def _prepare(runtime: Runtime, claimed: Claimed) -> Prepared | None:
    """None when the message cannot be made, or not go out yet, and this is written down."""
    try:
        return None if _is_held(runtime, claimed) else prepare(runtime, claimed)
    except UndeliverableError as error:
        finish(runtime, claimed, Status.TECHNICAL_FAILURE, kind="undeliverable", detail=str(error))
    except Exception:
        # A fault of ours, which a deployment may mend: the message waits.
        log.exception("delivery_not_prepared", extra={"notification_id": str(claimed.id)})
        _postpone(runtime, claimed, "it could not be rendered")
    return None


def _is_held(runtime: Runtime, claimed: Claimed) -> bool:
    """A text that comes to its turn in quiet hours goes back until they end: after a retry, or a long queue."""
    if claimed.notification_type != Channel.SMS:
        return False
    service = runtime.services.find(claimed.service_id)
    if service is None or not service.active:
        return False
    now = datetime.now(UTC)
    ready_at = max(now, claimed.scheduled_for or now)  # the sweep goes by the database's clock
    found = find_hold(runtime, service, claimed.key_type, claimed.normalised_to, ready_at)
    if (
        found is None
        or is_urgent(runtime, claimed.service_id, claimed.template_id)
        or was_released(runtime.database, claimed.id)
    ):
        return False
    hold(runtime.database, claimed, found.until, describe(found))
    HELD.inc()
    log.info("delivery_held", extra={"notification_id": str(claimed.id)})
    return True


def _postpone(
    runtime: Runtime, claimed: Claimed, reason: str, retry_after_seconds: float | None = None
) -> None:
    """Try again later, or give up after the last time."""
    now = datetime.now(UTC)
    due_at = next_attempt(now, claimed.attempts)
    if due_at is None:
        finish(runtime, claimed, Status.TECHNICAL_FAILURE, kind="given-up", detail=reason)
        return
    if retry_after_seconds is not None:
        due_at = max(due_at, now + timedelta(seconds=min(retry_after_seconds, 3600)))
    give_back(runtime.database, claimed, due_at)
    log.warning(
        "delivery_postponed",
        extra={"notification_id": str(claimed.id), "reason": reason, "attempts": claimed.attempts},
    )


def _is_for_nobody(dispatcher: Dispatcher, claimed: Claimed) -> bool:
    """A text to a number of fiction, where a provider would send and bill it. The sandbox shows it like any other."""
    if claimed.notification_type != Channel.SMS:
        return False
    providers = dispatcher.choice.providers.get(Channel.SMS, {}).values()
    return dispatcher.runtime.slots.phone_rules.is_fictional(claimed.normalised_to) and not all(
        isinstance(provider, ReachesNobody) for provider in providers
    )


def _simulate(runtime: Runtime, claimed: Claimed, billable_units: int) -> None:
    """The statuses of a real message, and nothing leaves (contract: test key behaviour)."""
    status = status_of_text(runtime, claimed.international, claimed.phone_prefix)
    record_accepted(runtime, claimed.id, SIMULATED_PROVIDER, None, billable_units, status)
    if status == Status.SENDING:
        outcome = simulated_outcome(claimed.notification_type, claimed.to, claimed.normalised_to)
        finish(runtime, claimed, outcome, kind="receipt", detail=str(outcome), provider=SIMULATED_PROVIDER)


def status_of_text(runtime: Runtime, international: bool, phone_prefix: str | None) -> Status:  # noqa: FBT001
    """Once handed over (contract): to a country that gives no receipts it ends as `sent`."""
    if international and not runtime.slots.rates.gives_receipts(phone_prefix or ""):
        return Status.SENT
    return Status.SENDING


@dataclass(slots=True)
class _Delivery:
    """One claimed message on its way through the providers."""

    dispatcher: Dispatcher
    channel: Channel
    claimed: Claimed
    prepared: Prepared
    started: float

    def hand_over(self, first: Candidate | None) -> None:
        """Ask `first`, then the others in turn as long as none took it."""
        claimed, choice = self.claimed, self.dispatcher.choice
        provider = first
        if first is None or (claimed.international and not first.supports_international):
            provider = choice.choose(self.channel, international=claimed.international)
        tried: set[str] = set()
        waits: list[float] = []
        reason = "no provider is available"
        while provider is not None and not self._is_late():
            if first is None or provider.name != first.name:
                record_asking(self.dispatcher.runtime.database, claimed, provider.name)
            answer = choice.ask(self.channel, provider.name, self.prepared.message)
            if not isinstance(answer, NotSent):
                self._write_down(provider.name, answer)
                return
            reason = f"{provider.name}: {answer.reason}"
            waits.append(answer.retry_after_seconds or 0)
            tried.add(provider.name)
            provider = choice.choose(self.channel, international=claimed.international, excluding=tried)
        _postpone(self.dispatcher.runtime, claimed, reason, min(waits, default=None))

    def _is_late(self) -> bool:
        """Whether the sweep could soon take the message for lost, and another worker send it too."""
        return time.monotonic() - self.started > self.dispatcher.runtime.settings.unknown_after_seconds / 2

    def _status(self, provider: str) -> Status:
        if self.channel == Channel.SMS:
            claimed = self.claimed
            return status_of_text(self.dispatcher.runtime, claimed.international, claimed.phone_prefix)
        client = self.dispatcher.choice.providers[self.channel][provider]
        return (
            Status.DELIVERED if is_delivered_when_accepted(cast("EmailProvider", client)) else Status.SENDING
        )

    def _write_down(self, provider: str, answer: Accepted | Refused | Unknown) -> None:
        runtime, claimed, units = self.dispatcher.runtime, self.claimed, self.prepared.billable_units
        match answer:
            case Accepted(reference):
                record_accepted(runtime, claimed.id, provider, reference, units, self._status(provider))
                waited = datetime.now(UTC) - (claimed.scheduled_for or claimed.created_at)
                HANDED_OVER.labels(self.channel, provider).observe(waited.total_seconds())
            case Refused(reason, status):
                finish(runtime, claimed, status, kind="refused", detail=reason, provider=provider)
            case Unknown(reason):
                ask_after = runtime.settings.unknown_after_seconds
                record_unknown(runtime.database, claimed, provider, reason, units, ask_after)
                log.warning(
                    "delivery_unknown", extra={"notification_id": str(claimed.id), "provider": provider}
                )
