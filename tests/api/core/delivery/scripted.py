"""Providers of tests: they answer as told, and keep what they were given."""

import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from sqlalchemy import select, text

from api.contract import Channel
from api.core.delivery.choice import ProviderChoice
from api.core.delivery.deliver import Dispatcher
from api.core.notifications.models import Notification, NotificationEvent
from api.providers.protocol import Accepted, Answer, NotSent, ProviderRequest, Receipt
from api.runtime import Runtime


class Scripted:
    name: ClassVar[str] = "scripted"
    display_name: ClassVar[str] = "Scripted"
    success_status: ClassVar[int] = 200

    def __init__(self, *answers: Answer | Exception, before: Callable[[], None] = lambda: None) -> None:
        self.answers = list(answers)
        self.given: list[Any] = []
        self.before = before

    def send(self, message: Any) -> Answer:
        self.given.append(message)
        self.before()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def parse_receipts(self, request: ProviderRequest) -> list[Receipt]:
        return []


class Silent(Scripted):
    """Tells nothing of a message once it is accepted."""

    parse_receipts = None  # type: ignore[assignment]


class Finding(Scripted):
    """Keeps account: `found` is what it answers when asked about a message."""

    found: Accepted | NotSent | None = None
    asked: int = 0

    def find(self, notification_id: uuid.UUID) -> Accepted | NotSent | None:
        self.asked += 1
        return self.found


def make_dispatcher(runtime: Runtime, channel: Channel = Channel.SMS, **providers: Scripted) -> Dispatcher:
    """With providers under these names, each with the whole weight."""
    with runtime.database.autocommit() as connection:
        for table in ("provider_details_history", "provider_details", "provider_tallies"):
            connection.execute(text(f"DELETE FROM {table}"))
    return Dispatcher(runtime, ProviderChoice(runtime.database, {channel: providers}))


def reload(runtime: Runtime, notification_id: uuid.UUID) -> Notification:
    with runtime.database.session() as session:
        return session.get_one(Notification, notification_id)


def events_of(runtime: Runtime, notification_id: uuid.UUID) -> list[tuple[str, str | None, str | None]]:
    with runtime.database.session() as session:
        query = select(NotificationEvent).where(NotificationEvent.notification_id == notification_id)
        return [(event.kind, event.provider, event.detail) for event in session.scalars(query)]
