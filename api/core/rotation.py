"""Moving everything that is sealed from older keys of the ring to the newest (design D6).

Each batch is a transaction of its own and is found by the key that sealed it: rotation can be stopped anywhere, run
again, and run twice at once.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from api.core.callbacks.commands import CALLBACK_PAYLOAD
from api.core.callbacks.models import CallbackDelivery, ServiceCallback
from api.core.inbound.commands import INBOUND_CONTENT
from api.core.inbound.models import InboundSms
from api.core.jobs.models import Job
from api.core.jobs.rows import object_key
from api.core.notifications.accept import PERSONALISATION
from api.core.notifications.models import Notification
from api.core.services.directory import API_KEY_SECRET, CALLBACK_TOKEN
from api.core.services.models import ApiKey
from api.keyring import KeyRing, UnreadableSecretError
from api.object_store import ObjectNotFoundError
from api.runtime import Runtime

BATCH: Final = 500
JOB_FILES: Final = "files of jobs"
_FIRST_ID: Final = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values; a test finds those that are not listed here."""

    column: InstrumentedAttribute[Any]
    purpose: str

    @property
    def name(self) -> str:
        return f"{self.column.class_.__tablename__}.{self.column.key}"


SEALED_COLUMNS: Final = (
    SealedColumn(ApiKey.secret, API_KEY_SECRET),
    SealedColumn(ServiceCallback.bearer_token, CALLBACK_TOKEN),
    SealedColumn(CallbackDelivery.payload, CALLBACK_PAYLOAD),
    SealedColumn(InboundSms.content, INBOUND_CONTENT),
    SealedColumn(Notification.personalisation, PERSONALISATION),
)


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """How many values the newest key seals, and how many an older one."""

    name: str
    current: int
    older: int


@dataclass(frozen=True, slots=True)
class Progress:
    """So far: values sealed again, and values that no key of the ring opens, which stay as they are."""

    name: str
    resealed: int
    unreadable: int


def key_usage(runtime: Runtime) -> list[KeyUsage]:
    """For each sealed column. Files cannot be told apart without reading them: rotation seals all of them again."""
    return [_count(runtime, sealed) for sealed in SEALED_COLUMNS]


def rotate(
    runtime: Runtime, on_progress: Callable[[Progress], None], *, batch: int = BATCH
) -> list[Progress]:
    """Seal everything with the newest key; tells after each batch, and returns the last word on each column."""
    results = [
        _last(_rotate_column(runtime, sealed, batch), sealed.name, on_progress) for sealed in SEALED_COLUMNS
    ]
    return [*results, _last(_rotate_files(runtime), JOB_FILES, on_progress)]


def _last(steps: Iterator[Progress], name: str, on_progress: Callable[[Progress], None]) -> Progress:
    progress = Progress(name, 0, 0)
    for progress in steps:
        on_progress(progress)
    return progress


def _rotate_column(runtime: Runtime, sealed: SealedColumn, batch: int) -> Iterator[Progress]:
    table, column = sealed.column.class_, sealed.column
    write = (
        update(table.__table__)
        .where(table.__table__.c.id == bindparam("row"))
        .values({column.key: bindparam("value")})
    )
    query = (
        select(table.id, column)
        .where(table.id > bindparam("after"), _is_older(runtime.keyring, column))
        .order_by(table.id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    after, resealed, unreadable = _FIRST_ID, 0, 0
    while True:
        with runtime.database.session() as session:
            rows = session.execute(query, {"after": after}).all()
            renewed = [(row.id, _reseal(runtime.keyring, sealed.purpose, row[1])) for row in rows]
            values = [
                {"row": identifier, "value": value} for identifier, value in renewed if value is not None
            ]
            if values:
                session.connection().execute(write, values)
        if not rows:
            return
        after = rows[-1].id
        resealed += len(values)
        unreadable += len(rows) - len(values)
        yield Progress(sealed.name, resealed, unreadable)


def _rotate_files(runtime: Runtime) -> Iterator[Progress]:
    """One job at a time, so that its file is not removed for good between reading and writing it."""
    after, resealed, unreadable = _FIRST_ID, 0, 0
    query = (
        select(Job.id)
        .where(Job.id > bindparam("after"), Job.archived.is_(False))
        .order_by(Job.id)
        .limit(1)
        .with_for_update()
    )
    while True:
        with runtime.database.session() as session:
            job_id = session.scalar(query, {"after": after})
            if job_id is None:
                return
            key = object_key(job_id)
            try:
                runtime.objects.put(key, runtime.objects.get(key))
                resealed += 1
            except ObjectNotFoundError:
                pass
            except UnreadableSecretError:
                unreadable += 1
        after = job_id
        yield Progress(JOB_FILES, resealed, unreadable)


def _reseal(keyring: KeyRing, purpose: str, value: bytes) -> bytes | None:
    try:
        return keyring.seal(purpose, keyring.open(purpose, value))
    except UnreadableSecretError:
        return None


def _count(runtime: Runtime, sealed: SealedColumn) -> KeyUsage:
    older = func.count().filter(_is_older(runtime.keyring, sealed.column))
    with runtime.database.autocommit() as connection:
        total, count = connection.execute(select(func.count(sealed.column), older)).one()
    return KeyUsage(sealed.name, total - count, count)


def _is_older(keyring: KeyRing, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    prefix = keyring.current_prefix
    return func.substring(column, 1, len(prefix)) != prefix
