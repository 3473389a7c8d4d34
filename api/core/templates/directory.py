"""Templates as sending needs them: compiled once, kept for seconds (latest) or for good (a version never changes)."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from sqlalchemy import ColumnElement, select, tuple_

from api.cache import TimedCache
from api.contract import Channel
from api.core.templates.models import Template, TemplateVersion
from api.db.engine import Database
from api.slots import Slots
from notifications_utils.templating.email import EmailTemplate
from notifications_utils.templating.sms import SmsTemplate

Version: TypeAlias = tuple[uuid.UUID, int]
_VERSIONS_KEPT_FOR_SECONDS = 3600.0


@dataclass(frozen=True)
class KnownTemplate:
    """One version of a template. Not slotted: compiled forms are made when first needed."""

    id: uuid.UUID
    service_id: uuid.UUID
    type: Channel
    version: int
    name: str
    content: str
    subject: str | None
    archived: bool
    hidden: bool
    has_unsubscribe_link: bool
    sms_alphabet: str | None
    created_at: datetime
    slots: Slots
    is_urgent: bool = False

    def sms(self, prefix: str | None, service_alphabet: str | None) -> SmsTemplate:
        """The compiled text for a service with this prefix, in the template's alphabet or else the service's.

        Few prefixes and alphabets ever occur with one template.
        """
        key = (prefix, service_alphabet)
        if key not in self._compiled_sms:
            self._compiled_sms[key] = SmsTemplate(
                self.content,
                prefix=prefix,
                language=self.slots.language,
                alphabet=self.slots.sms_alphabets.choose(self.sms_alphabet, service_alphabet),
            )
        return self._compiled_sms[key]

    @cached_property
    def _compiled_sms(self) -> dict[tuple[str | None, str | None], SmsTemplate]:
        return {}

    @cached_property
    def email(self) -> EmailTemplate:
        return EmailTemplate(
            self.subject or "",
            self.content,
            language=self.slots.language,
            typography=self.slots.typography,
            brandings=self.slots.email_branding,
            link_addresses=True,
        )


class TemplateDirectory:
    def __init__(self, database: Database, slots: Slots, cache_seconds: float) -> None:
        self._database = database
        self._slots = slots
        self._latest: TimedCache[tuple[uuid.UUID, uuid.UUID], KnownTemplate] = TimedCache(cache_seconds)
        self._versions: TimedCache[Version, KnownTemplate] = TimedCache(_VERSIONS_KEPT_FOR_SECONDS)

    def find_latest(self, service_id: uuid.UUID, template_id: uuid.UUID) -> KnownTemplate | None:
        """The current version of a template of this service, archived ones included."""
        return self._latest.get_or_load(
            (service_id, template_id), lambda: self._load_latest(service_id, template_id)
        )

    def find_version(self, template_id: uuid.UUID, version: int) -> KnownTemplate | None:
        return self.find_versions([(template_id, version)]).get((template_id, version))

    def find_versions(self, versions: Collection[Version]) -> dict[Version, KnownTemplate]:
        """Those that exist, with at most one statement. `archived`, `hidden` and `is_urgent` may be an hour old."""
        found = {version: known for version in versions if (known := self._versions.get(version))}
        missing = set(versions) - found.keys()
        if missing:
            wanted = tuple_(TemplateVersion.template_id, TemplateVersion.version).in_(sorted(missing))
            for known in self._load(wanted):
                self._versions.put((known.id, known.version), known)
                found[known.id, known.version] = known
        return found

    def forget(self, service_id: uuid.UUID, template_id: uuid.UUID) -> None:
        self._latest.forget((service_id, template_id))

    def _load_latest(self, service_id: uuid.UUID, template_id: uuid.UUID) -> KnownTemplate | None:
        is_current = TemplateVersion.version == Template.version
        found = self._load((Template.id == template_id) & (Template.service_id == service_id) & is_current)
        return found[0] if found else None

    def _load(self, wanted: ColumnElement[bool]) -> list[KnownTemplate]:
        query = (
            select(
                Template.id,
                Template.service_id,
                Template.template_type.label("type"),
                Template.archived,
                Template.hidden,
                Template.is_urgent,
                TemplateVersion.version,
                TemplateVersion.name,
                TemplateVersion.content,
                TemplateVersion.subject,
                TemplateVersion.has_unsubscribe_link,
                TemplateVersion.sms_alphabet,
                TemplateVersion.created_at,
            )
            .join(TemplateVersion, TemplateVersion.template_id == Template.id)
            .where(wanted)
        )
        with self._database.autocommit() as connection:
            rows = connection.execute(query).mappings().all()
        return [KnownTemplate(**{**row, "type": Channel(row["type"])}, slots=self._slots) for row in rows]
