"""Asking providers for what they have not told: receipts that did not come, who answered STOP; what they may forget.

Only for providers that can be asked; for others nothing is looked up. Each of these may run twice at once, anywhere.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import text

from api.contract import Channel
from api.core.delivery.deliver import Dispatcher
from api.core.delivery.receipts import FINAL_STATUSES, apply_events
from api.core.delivery.sweeps import TIME_OUT_AFTER
from api.metrics import SWEPT
from api.providers.protocol import AwaitedReceipt, KeepsHistory, PollsOptOuts, PollsReceipts

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_BATCH: Final = 50
# A run ends in good time before the next one starts.
_MOST_SECONDS: Final = 45.0
_MOST_FORGOTTEN: Final = 500
# A message that ended as `sent` may still get a receipt, as long as any other.
_ENDED_AFTER: Final = TIME_OUT_AFTER + timedelta(hours=1)

# `due_at` of a message with its provider says when to ask about it; none, that nobody has asked yet. Each pause is as
# long as the message has waited so far, and six hours at most: about twenty questions in 72 hours.
_TAKE_AWAITED: Final = text("""
    UPDATE notifications SET due_at = now() + least(now() - sent_at, interval '6 hours')
    WHERE id = ANY(ARRAY(
        SELECT id FROM notifications
        WHERE status IN ('sending', 'pending') AND sent_at < now() - make_interval(secs => :after)
            AND notification_type = :channel AND sent_by = :provider AND reference IS NOT NULL
            AND (due_at IS NULL OR due_at <= now())
        ORDER BY sent_at LIMIT :batch FOR UPDATE SKIP LOCKED
    )) AND status IN ('sending', 'pending')
    RETURNING id, reference, sent_at
""")
_ENDED: Final = text(f"""
    SELECT reference FROM notifications
    WHERE reference = ANY(:references) AND notification_type = :channel AND sent_by = :provider
        AND (status IN ({", ".join(f"'{status}'" for status in sorted(FINAL_STATUSES))})
            OR (status = 'sent' AND sent_at < now() - make_interval(secs => :ended_after)))
    LIMIT :most
""")  # noqa: S608 - constants


def poll_receipts(dispatcher: Dispatcher) -> int:
    """Returns how many events there were."""
    total = 0
    for channel, name, provider in _providers(dispatcher):
        if isinstance(provider, PollsReceipts):
            total += _poll(dispatcher, channel, name, provider)
    if total:
        SWEPT.labels("polled").inc(total)
        log.info("receipts_polled", extra={"events": total})
    return total


def _poll(dispatcher: Dispatcher, channel: Channel, name: str, provider: PollsReceipts) -> int:
    """Batch after batch until one brings nothing: then the provider is away, or knows nothing new."""
    total = 0
    ends_at = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < ends_at:
        awaited = _take_awaited(dispatcher, channel, name, provider.poll_after_seconds)
        events = (safely(name, partial(provider.poll_receipts, awaited)) or []) if awaited else []
        apply_events(dispatcher.runtime, channel, name, events)
        total += len(events)
        if not events or len(awaited) < _BATCH:
            break
    return total


def _take_awaited(
    dispatcher: Dispatcher, channel: Channel, name: str, after_seconds: float
) -> list[AwaitedReceipt]:
    values = {"after": after_seconds, "channel": str(channel), "provider": name, "batch": _BATCH}
    with dispatcher.runtime.database.autocommit() as connection:
        return [AwaitedReceipt(*row) for row in connection.execute(_TAKE_AWAITED, values)]


def forget_ended(dispatcher: Dispatcher) -> int:
    """Have providers forget messages whose status is final here; what is not ours they keep. Returns how many."""
    forgotten = 0
    for channel, name, provider in _providers(dispatcher):
        if not isinstance(provider, KeepsHistory):
            continue
        ended = _find_ended(dispatcher, channel, name, safely(name, provider.list_kept) or [])
        safely(name, partial(provider.forget, ended))
        forgotten += len(ended)
    return forgotten


def poll_opt_outs(dispatcher: Dispatcher) -> int:
    """Returns how many people it was told of."""
    total = 0
    for channel, name, provider in _providers(dispatcher):
        if isinstance(provider, PollsOptOuts):
            opt_outs = safely(name, provider.poll_opt_outs) or []
            apply_events(dispatcher.runtime, channel, name, opt_outs)
            total += len(opt_outs)
    return total


def _find_ended(dispatcher: Dispatcher, channel: Channel, name: str, references: Sequence[str]) -> list[str]:
    if not references:
        return []
    values = {
        "references": list(references),
        "channel": str(channel),
        "provider": name,
        "ended_after": _ENDED_AFTER.total_seconds(),
        "most": _MOST_FORGOTTEN,
    }
    with dispatcher.runtime.database.autocommit() as connection:
        return list(connection.scalars(_ENDED, values))


def _providers(dispatcher: Dispatcher) -> Iterator[tuple[Channel, str, object]]:
    for channel, of_channel in dispatcher.choice.providers.items():
        for name, provider in of_channel.items():
            yield channel, name, provider


def safely(name: str, ask: Callable[[], Result]) -> Result | None:
    """Providers must not raise here; one that does keeps nobody from asking the others."""
    try:
        return ask()
    except Exception:
        log.exception("provider_raised", extra={"provider": name})
        return None
