"""Finding templates to look at and to change."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from api.contract import Channel
from api.core.templates.errors import TemplateArchivedError, TemplateNotFoundError
from api.core.templates.models import Template, TemplateVersion


def get_template(session: Session, reference: str) -> Template:
    """By id, archived ones included. Raises `TemplateNotFoundError`."""
    try:
        template = session.get(Template, uuid.UUID(reference))
    except ValueError:
        template = None
    if template is None:
        raise TemplateNotFoundError(reference)
    return template


def get_template_to_change(session: Session, reference: str) -> Template:
    """Locked until the transaction ends. Raises `TemplateNotFoundError`, `TemplateArchivedError`."""
    template = get_template(session, reference)
    session.refresh(template, with_for_update={"key_share": True})
    if template.archived:
        raise TemplateArchivedError
    return template


def get_version(session: Session, template: Template, version: int | None = None) -> TemplateVersion:
    """The text of a version, by default the current one. Raises `TemplateNotFoundError`."""
    found = session.get(TemplateVersion, (template.id, template.version if version is None else version))
    if found is None:
        raise TemplateNotFoundError(f"{template.id}, version {version}")
    return found


def find_template_by_name(
    session: Session, service_id: uuid.UUID, channel: Channel, name: str
) -> Template | None:
    """The oldest in use with that name; names are not unique."""
    return session.scalar(
        _current(service_id)
        .with_only_columns(Template)
        .where(Template.template_type == channel, Template.archived.is_(False), TemplateVersion.name == name)
        .order_by(Template.id)
        .limit(1)
    )


def list_templates(
    session: Session, service_id: uuid.UUID, *, with_archived: bool = False
) -> Sequence[Row[Template, TemplateVersion]]:
    """With their current texts, by name."""
    query = _current(service_id).order_by(func.lower(TemplateVersion.name), Template.id)
    return session.execute(query if with_archived else query.where(Template.archived.is_(False))).all()


def list_versions(session: Session, template: Template) -> Sequence[TemplateVersion]:
    """Newest first."""
    return session.scalars(
        select(TemplateVersion)
        .where(TemplateVersion.template_id == template.id)
        .order_by(TemplateVersion.version.desc())
    ).all()


def _current(service_id: uuid.UUID) -> Select[Template, TemplateVersion]:
    return (
        select(Template, TemplateVersion)
        .join(
            TemplateVersion,
            (TemplateVersion.template_id == Template.id) & (TemplateVersion.version == Template.version),
        )
        .where(Template.service_id == service_id, Template.hidden.is_(False))
    )
