"""Changes to templates: each change of the text is a version that stays. All run inside the caller's transaction."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from api.contract import Channel
from api.core.events.commands import Actor, record_event
from api.core.services.models import Service
from api.core.templates.catalogue import get_version
from api.core.templates.models import Template, TemplateVersion
from api.core.templates.rules import TemplateText, check_alphabet, clean_template_text
from notifications_utils.sms.alphabets import SmsAlphabets


def create_template(
    session: Session,
    alphabets: SmsAlphabets,
    service_id: uuid.UUID,
    channel: Channel,
    text: TemplateText,
    actor: Actor,
) -> Template:
    """Raises `InvalidValueError` and its kin."""
    check_alphabet(alphabets, text.sms_alphabet)
    cleaned = clean_template_text(channel, text, alphabets, _alphabet_of(session, service_id))
    template = Template(service_id=service_id, template_type=channel, version=1)
    session.add(template)
    session.flush()
    _add_version(session, template, cleaned, actor)
    _record(session, template, actor, "template.created", template_type=channel.value)
    return template


def change_template(
    session: Session, alphabets: SmsAlphabets, template: Template, actor: Actor, **changes: Any
) -> TemplateVersion:
    """A new version with the fields of `TemplateText` that are given; the current one when nothing differs.

    Raises `InvalidValueError` and its kin.
    """
    check_alphabet(alphabets, changes.get("sms_alphabet"))
    current = get_version(session, template)
    before = TemplateText(
        current.name, current.content, current.subject, current.has_unsubscribe_link, current.sms_alphabet
    )
    after = clean_template_text(
        Channel(template.template_type),
        replace(before, **changes),
        alphabets,
        _alphabet_of(session, template.service_id),
    )
    if after == before:
        return current
    template.version += 1
    template.updated_at = datetime.now(UTC)
    version = _add_version(session, template, after, actor)
    _record(session, template, actor, "template.changed", version=template.version)
    return version


def set_urgent(session: Session, template: Template, actor: Actor, *, urgent: bool) -> None:
    """Whether its text messages go out in quiet hours too. Makes no version: the text is the same."""
    if template.is_urgent == urgent:
        return
    template.is_urgent = urgent
    template.updated_at = datetime.now(UTC)
    _record(session, template, actor, "template.urgency_changed", is_urgent=[not urgent, urgent])


def archive_template(session: Session, template: Template, actor: Actor) -> None:
    """No message can be sent with it any more; those that were can still be read."""
    if template.archived:
        return
    template.archived = True
    template.updated_at = datetime.now(UTC)
    _record(session, template, actor, "template.archived")


def _alphabet_of(session: Session, service_id: uuid.UUID) -> str | None:
    return session.get_one(Service, service_id).sms_alphabet


def _add_version(session: Session, template: Template, text: TemplateText, actor: Actor) -> TemplateVersion:
    version = TemplateVersion(
        template_id=template.id,
        version=template.version,
        name=text.name,
        content=text.content,
        subject=text.subject,
        has_unsubscribe_link=text.has_unsubscribe_link,
        sms_alphabet=text.sms_alphabet,
        created_by_id=actor.user_id,
    )
    session.add(version)
    session.flush()
    return version


def _record(session: Session, template: Template, actor: Actor, event_type: str, **data: object) -> None:
    record_event(session, actor, event_type, service_id=template.service_id, subject_id=template.id, **data)
