"""Suppressing recipients: on the word of a provider, and by operators."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, text
from sqlalchemy.orm import Session

from api.contract import Channel
from api.core.command_errors import ConflictError
from api.core.events.commands import Actor, record_event
from api.core.suppressions.models import Suppression
from api.core.suppressions.queries import channel_of, find_suppression, get_suppression
from api.core.suppressions.rules import SuppressionReason
from api.db.ids import first_uuid7_of, uuid7
from api.providers.protocol import OptOut
from api.runtime import Runtime

_MAX_DETAIL_LENGTH: Final = 100
_INSERT: Final = (
    "INSERT INTO suppressions (id, channel, recipient, reason, provider, notification_id, detail)"
)
# What a person asked for outweighs that their address did not work; otherwise the first reason stays.
_UNLESS_KNOWN: Final = """
    ON CONFLICT (channel, recipient) DO UPDATE SET reason = excluded.reason, provider = excluded.provider,
        notification_id = excluded.notification_id, detail = excluded.detail
    WHERE suppressions.reason = 'hard-bounce' AND excluded.reason <> 'hard-bounce'
"""
_SUPPRESS: Final = text(
    f"{_INSERT} VALUES (:new_id, :channel, :recipient, :reason, :provider, :notification_id, :detail) {_UNLESS_KNOWN}"
)
_RECIPIENT_OF: Final = """
    SELECT :new_id, notification_type, normalised_to, :reason, :provider, id, :detail FROM notifications
    WHERE {which} = :which AND notification_type = :channel AND sent_by = :provider AND key_type <> 'test' LIMIT 1
"""
_SUPPRESS_BY_ID: Final = text(f"{_INSERT} {_RECIPIENT_OF.format(which='id')} {_UNLESS_KNOWN}")
_SUPPRESS_BY_REFERENCE: Final = text(f"{_INSERT} {_RECIPIENT_OF.format(which='reference')} {_UNLESS_KNOWN}")


def suppress_recipient_of(
    connection: Connection,
    channel: Channel,
    provider: str,
    reason: SuppressionReason,
    which: uuid.UUID | str,
    *,
    detail: str | None = None,
) -> None:
    """Whoever got a message of that provider, given by its identifier or the provider's reference; test keys' apart."""
    statement = _SUPPRESS_BY_ID if isinstance(which, uuid.UUID) else _SUPPRESS_BY_REFERENCE
    connection.execute(statement, _values(channel, reason, provider, detail) | {"which": which})


def suppress(
    connection: Connection,
    channel: Channel,
    recipient: str,
    reason: SuppressionReason,
    *,
    provider: str | None = None,
    notification_id: uuid.UUID | None = None,
    detail: str | None = None,
) -> None:
    """`recipient` in normalised form. Nothing changes for one that is suppressed for as good a reason."""
    values = _values(channel, reason, provider, detail)
    connection.execute(_SUPPRESS, values | {"recipient": recipient, "notification_id": notification_id})


def suppress_opt_outs(runtime: Runtime, channel: Channel, provider: str, opt_outs: Sequence[OptOut]) -> None:
    """People who answered STOP. Elsewhere than in text messages, unsubscribing is between them and the service."""
    if channel != Channel.SMS:
        return
    with runtime.database.engine.begin() as connection:
        # In order: two processes that are told the same list must not wait for each other.
        for recipient in sorted({opt_out.recipient.strip().removeprefix("+") for opt_out in opt_outs}):
            suppress(connection, channel, recipient, SuppressionReason.OPT_OUT, provider=provider)


def _values(
    channel: Channel, reason: SuppressionReason, provider: str | None, detail: str | None
) -> dict[str, Any]:
    return {
        "new_id": uuid7(),
        "channel": str(channel),
        "reason": str(reason),
        "provider": provider,
        "detail": detail[:_MAX_DETAIL_LENGTH] if detail else None,
    }


def add_suppression(session: Session, recipient: str, actor: Actor) -> Suppression:
    """By an operator; `recipient` normalised. Raises `ConflictError` when it is suppressed already."""
    channel = channel_of(recipient)
    if find_suppression(session, channel, recipient) is not None:
        raise ConflictError("This recipient is suppressed already: `suppressions show` says why")
    row = Suppression(channel=channel, recipient=recipient, reason=SuppressionReason.OPERATOR)
    session.add(row)
    session.flush()
    record_event(session, actor, "suppression.added", subject_id=row.id, channel=row.channel)
    return row


def remove_suppression(session: Session, recipient: str, actor: Actor) -> Suppression:
    """Messages go to this recipient again. The trail does not say who it is. Raises `SuppressionNotFoundError`."""
    row = get_suppression(session, recipient)
    session.delete(row)
    record_event(
        session, actor, "suppression.removed", subject_id=row.id, channel=row.channel, reason=row.reason
    )
    return row


def delete_expired_suppressions(runtime: Runtime, now: datetime) -> int:
    """Addresses that bounced long ago are tried again (`rules.expiry`). Returns how many."""
    days = runtime.settings.suppression_days
    if not days:
        return 0
    expired = delete(Suppression).where(
        Suppression.reason == SuppressionReason.HARD_BOUNCE,
        Suppression.id < first_uuid7_of(now.astimezone(UTC) - timedelta(days=days)),
    )
    with runtime.database.autocommit() as connection:
        return connection.execute(expired).rowcount
