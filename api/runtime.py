"""What a process needs to work: made once at start, handed to core functions explicitly."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from api.config import Settings
from api.core.notifications.limits import SendingLimits
from api.core.services.directory import ServiceDirectory
from api.core.templates.directory import TemplateDirectory
from api.db.engine import Database
from api.keyring import KeyRing
from api.object_store import ObjectStore, open_object_store
from api.patch_series.loading import load_slots
from api.queue import TaskQueue
from api.slots import Slots


@dataclass(slots=True)
class Work:
    """One transaction, and what to do once it is committed."""

    session: Session
    _after_commit: list[Callable[[], None]] = field(default_factory=list)

    def after_commit(self, action: Callable[[], None]) -> None:
        self._after_commit.append(action)


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    slots: Slots
    database: Database
    keyring: KeyRing
    queue: TaskQueue
    limits: SendingLimits
    services: ServiceDirectory
    templates: TemplateDirectory
    objects: ObjectStore

    @property
    def timezone(self) -> str:
        """Whose days count for statistics, billing and retention (IANA name)."""
        return self.settings.timezone or self.slots.calendar.time_zone

    @contextmanager
    def unit_of_work(self) -> Iterator[Work]:
        """Commit when the block ends, then run what was put off until then: workers must find the rows."""
        with self.database.session() as session:
            work = Work(session)
            yield work
        for action in work._after_commit:  # noqa: SLF001 - Work belongs to this function
            action()

    def close(self) -> None:
        self.queue.close()
        self.database.dispose()


def make_runtime(settings: Settings, slots: Slots | None = None, *, pool_size: int | None = None) -> Runtime:
    """Opens no connection: sockets are made on first use, after any fork."""
    slots = slots or load_slots(settings)
    keyring = KeyRing(settings.key_ring_secrets)
    database = Database(
        settings.database_url,
        pool_size=pool_size or settings.database_pool_size,
        statement_timeout_ms=settings.database_statement_timeout_ms,
    )
    return Runtime(
        settings=settings,
        slots=slots,
        database=database,
        keyring=keyring,
        queue=TaskQueue(settings.broker),
        limits=SendingLimits(settings.redis_url.get_secret_value(), settings.redis_timeout_seconds),
        services=ServiceDirectory(database, keyring, settings),
        templates=TemplateDirectory(database, slots, settings.cache_seconds),
        objects=open_object_store(settings, keyring),
    )
