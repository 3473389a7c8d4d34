"""Reading templates as the public API shows them (contract: reading, templates)."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Integer, Row, Select, bindparam, case, cast, select

from api.contract import Channel
from api.core.errors import NotFoundError
from api.core.templates.models import Template, TemplateVersion
from api.core.users.models import User
from api.db.engine import Database

_IS_CURRENT: Final = Template.version == TemplateVersion.version


def _select() -> Select[Any]:
    return (
        select(
            Template.id,
            Template.template_type,
            Template.created_at,
            TemplateVersion.version,
            TemplateVersion.name,
            TemplateVersion.content,
            TemplateVersion.subject,
            User.email_address.label("created_by"),
            case(
                (_IS_CURRENT, Template.updated_at),
                (TemplateVersion.version > 1, TemplateVersion.created_at),
            ).label("updated_at"),
        )
        .join(TemplateVersion, TemplateVersion.template_id == Template.id)
        .outerjoin(User, User.id == TemplateVersion.created_by_id)
        .where(Template.hidden.is_(False))
    )


def get_template(
    database: Database, service_id: uuid.UUID, template_id: uuid.UUID, version: int | None = None
) -> Row[Any]:
    """One version, the current one by default; archived templates too. Raises `NotFoundError`.

    Contract: a version that the database cannot hold is the database's own `DataError`.
    """
    wanted = cast(bindparam("version", version), Integer) if version else Template.version
    query = _select().where(
        Template.id == template_id, Template.service_id == service_id, TemplateVersion.version == wanted
    )
    with database.autocommit() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFoundError
    return row


def list_templates(database: Database, service_id: uuid.UUID, channel: Channel | None) -> Sequence[Row[Any]]:
    """The current versions of those in use, by name, then by type."""
    query = (
        _select()
        .where(Template.service_id == service_id, Template.archived.is_(False), _IS_CURRENT)
        .order_by(TemplateVersion.name, Template.template_type, Template.id)
    )
    if channel is not None:
        query = query.where(Template.template_type == channel)
    with database.autocommit() as connection:
        return connection.execute(query).all()
