"""What operators change of the delivery: shares of the providers, messages to publish at once."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from api.contract import Channel, Status
from api.core.command_errors import InvalidValueError, UnknownSubjectError
from api.core.delivery.models import ProviderDetails, ProviderDetailsHistory
from api.core.delivery.rules import delivery_route
from api.core.events.commands import Actor, changes_of, record_event
from api.core.notifications.models import Notification
from api.core.text_rules import clean_line
from api.runtime import Runtime

MAX_WEIGHT = 100
_BATCH = 1000


class ProviderNotFoundError(UnknownSubjectError):
    def __init__(self, identifier: str, channel: Channel) -> None:
        super().__init__(
            f"No provider of {channel} is called {identifier!r}: `providers list` shows them; new ones come from "
            "SMS_PROVIDERS and EMAIL_PROVIDERS with `db upgrade`",
            field="provider",
        )


def list_providers(session: Session) -> Sequence[ProviderDetails]:
    return session.scalars(
        select(ProviderDetails).order_by(ProviderDetails.notification_type, ProviderDetails.identifier)
    ).all()


def get_provider(session: Session, identifier: str, channel: Channel) -> ProviderDetails:
    """Locked until the transaction ends. Raises `ProviderNotFoundError`."""
    provider = session.scalar(
        select(ProviderDetails)
        .where(ProviderDetails.identifier == identifier, ProviderDetails.notification_type == channel)
        .with_for_update()
    )
    if provider is None:
        raise ProviderNotFoundError(identifier, channel)
    return provider


def change_provider(
    session: Session,
    identifier: str,
    channel: Channel,
    reason: str,
    actor: Actor,
    *,
    weight: int | None = None,
    active: bool | None = None,
) -> ProviderDetails:
    """`weight` is the share that it gets while all is well. Raises `ProviderNotFoundError`, `InvalidValueError`."""
    provider = get_provider(session, identifier, channel)
    if weight is not None and not 0 <= weight <= MAX_WEIGHT:
        raise InvalidValueError(f"The weight is {weight}: give 0 to {MAX_WEIGHT}", field="weight")
    before = {"weight": provider.resting_priority, "active": provider.active}
    if weight is not None:
        provider.priority = provider.resting_priority = weight
    if active is not None:
        provider.active = active
    changed = changes_of(before, {"weight": provider.resting_priority, "active": provider.active})
    if not changed:
        return provider
    provider.version += 1
    provider.updated_at = datetime.now(UTC)
    provider.updated_by_id = actor.user_id
    provider.reason = clean_line(reason, field="reason")
    session.add(
        ProviderDetailsHistory(
            id=provider.id,
            version=provider.version,
            priority=provider.priority,
            active=provider.active,
            updated_at=provider.updated_at,
            updated_by_id=provider.updated_by_id,
            reason=provider.reason,
        )
    )
    record_event(session, actor, "provider.changed", subject_id=provider.id, provider=identifier, **changed)
    return provider


def list_provider_changes(session: Session, provider: ProviderDetails) -> Sequence[ProviderDetailsHistory]:
    """Newest first, the automatic ones included."""
    return session.scalars(
        select(ProviderDetailsHistory)
        .where(ProviderDetailsHistory.id == provider.id)
        .order_by(ProviderDetailsHistory.version.desc())
    ).all()


def republish_stuck(runtime: Runtime, older_than: timedelta) -> int:
    """Publish messages that were accepted longer ago and are still `created`, without waiting until they are due.

    Returns how many. Raises `QueueUnavailableError`.
    """
    now = datetime.now(UTC)
    query = (
        select(Notification.id, Notification.notification_type, Notification.key_type)
        .where(
            Notification.status == Status.CREATED,
            Notification.id > bindparam("after"),
            Notification.created_at <= now - older_than,
            or_(Notification.scheduled_for.is_(None), Notification.scheduled_for <= now),
        )
        .order_by(Notification.id)
        .limit(_BATCH)
    )
    published, after = 0, uuid.UUID(int=0)
    while True:
        with runtime.database.autocommit() as connection:
            rows = connection.execute(query, {"after": after}).all()
        if not rows:
            return published
        for row in rows:
            task, queue = delivery_route(row.notification_type, row.key_type)
            runtime.queue.publish(task, queue, str(row.id))
        published += len(rows)
        after = rows[-1].id
