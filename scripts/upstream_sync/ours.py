"""Our own facts, asked of the running application, with the keys that the readers of upstream's code give.

Nothing is connected to: the application is made with addresses at which nobody answers.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from babel.messages.pofile import read_po
from celery.schedules import crontab
from flask import Flask

from api.app import create_app
from api.config import Settings, load_settings
from api.contract import (
    MAX_EMAIL_BYTES,
    MAX_SMS_CHARACTERS,
    PAGE_SIZE,
    JobStatus,
    KeyType,
    ServicePermission,
    Status,
    UserPermission,
)
from api.core.notifications.limits import bucket_capacity
from api.core.services.commands import LIVE_LIMITS
from api.core.services.rules import MAX_RATE_LIMIT
from api.core.tables import metadata
from api.patch_series.loading import fill_slots
from api.patch_series.reading import find_folder
from api.queue import QueueName
from api.runtime import Runtime, make_runtime
from api.slots import neutral_slots
from api.workers.app import ROUTES, make_celery
from notifications_utils.localisation import CATALOGUES
from scripts.upstream_sync.facts import Fact, FactSet, hash_text
from scripts.upstream_sync.our_contract import contract_facts
from scripts.upstream_sync.register import read_patches
from scripts.upstream_sync.surfaces.template_text import PLACEHOLDER

SURFACE: Final = "ours"
_FILLED_IN: Final = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")
_NOBODY: Final = "127.0.0.1:1"  # port 1 is never listened on


def our_facts() -> FactSet:
    """All of them, of the whole French distribution. Takes a second or two. Raises `InvalidRegisterError`."""
    settings = quiet_settings()
    slots = fill_slots(neutral_slots(settings), read_patches(find_folder()), settings)
    runtime = make_runtime(settings, slots)
    app = create_app(settings, runtime)
    try:
        return FactSet.of(SURFACE, [*_all(app, runtime, settings)])
    finally:
        runtime.close()


def quiet_settings() -> Settings:
    """The same whatever the environment says."""
    return load_settings(
        environment="test",
        database_url=f"postgresql://nobody@{_NOBODY}/nothing",
        redis_url=f"redis://{_NOBODY}/0",
        broker_url=f"redis://{_NOBODY}/0",
        sms_providers=["sandbox"],
        email_providers=["sandbox"],
    )


def _all(app: Flask, runtime: Runtime, settings: Settings) -> Iterator[Fact]:
    yield from contract_facts(app, runtime)
    yield from _closed_sets()
    yield from _limits()
    yield from _tables()
    yield from _tasks(settings)
    yield from _settings()


def _closed_sets() -> Iterator[Fact]:
    for prefix, members in (
        ("status notification", Status),
        ("status job", JobStatus),
        ("key-type", KeyType),
        ("permission service", ServicePermission),
        ("permission user", UserPermission),
    ):
        yield from (Fact(f"{prefix} {member}", {}) for member in members)


def _limits() -> Iterator[Fact]:
    limits = {
        "page-size": PAGE_SIZE,
        "sms-characters": MAX_SMS_CHARACTERS,
        "email-bytes": MAX_EMAIL_BYTES,
        "live-service-daily": {str(name): value for name, value in LIVE_LIMITS.items()},
        "rate-bucket-most": bucket_capacity(MAX_RATE_LIMIT),
        "rate-bucket-least": 0,  # the script in Redis never leaves less
    }
    yield from (Fact(f"limit {name}", value) for name, value in limits.items())


def _tables() -> Iterator[Fact]:
    for table in metadata.tables.values():
        yield Fact(f"table {table.name}", {})
        for column in table.columns:
            value = {"type": type(column.type).__name__.lower(), "nullable": bool(column.nullable)}
            yield Fact(f"column {table.name}.{column.name}", value)


def _tasks(settings: Settings) -> Iterator[Fact]:
    celery = make_celery(settings)
    celery.loader.import_default_modules()
    for name in celery.tasks:
        if not name.startswith("celery."):
            yield Fact(f"task {name}", {"queue": str(ROUTES.get(name, ""))})  # type: ignore[call-overload]
    for name in QueueName:
        yield Fact(f"queue {name}", {})
    for name, entry in celery.conf.beat_schedule.items():
        yield Fact(f"beat {name}", {"task": entry["task"], "schedule": _moment(entry["schedule"])})


def _moment(schedule: Any) -> str:
    """Five fields of cron, or seconds."""
    if isinstance(schedule, crontab):
        parts = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
        return " ".join(str(getattr(schedule, f"_orig_{part}")) for part in parts)
    return f"every {schedule.run_every.total_seconds():g} s"


def _settings() -> Iterator[Fact]:
    for name, field in Settings.model_fields.items():
        yield Fact(f"config {name.upper()}", {"required": field.is_required()})


def our_texts() -> dict[str, str]:
    """What people read here: sentence → catalogue. Translations too, since English is one of them."""
    found: dict[str, str] = {}
    for path in (*sorted(CATALOGUES.glob("*/LC_MESSAGES/messages.po")), CATALOGUES / "messages.pot"):
        with path.open("rb") as file:
            catalogue = read_po(file)
        place = str(path.relative_to(CATALOGUES.parent))
        found |= {
            text: place for message in catalogue for text in (*_forms(message.id), *_forms(message.string))
        }
    return found


def _forms(text: Any) -> tuple[str, ...]:
    """Singular and plurals, with what is filled in later as upstream's texts have it."""
    forms = (text,) if isinstance(text, str) else tuple(text or ())
    return tuple(_FILLED_IN.sub(PLACEHOLDER, form) for form in forms)


def text_hashes(texts: Mapping[str, str], least_words: int) -> dict[str, tuple[str, str]]:
    """Hash → sentence and place, of texts that are long enough to be somebody's sentence."""
    hashes = ((hash_text(text), text, place) for text, place in texts.items())
    return {found["h"]: (text, place) for found, text, place in hashes if found["n"] >= least_words}
