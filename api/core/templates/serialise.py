"""A template as the public API shows it (contract: reading, templates)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from api.contract import Channel
from api.timestamps import format_timestamp
from notifications_utils.templating.placeholders import parse, placeholder_names


def serialise_template(row: Row[Any]) -> dict[str, Any]:
    """`body` and `subject` with their placeholders as they are."""
    subject = None if row.template_type == Channel.SMS else row.subject
    names = placeholder_names((*parse(subject or ""), *parse(row.content)))
    return {
        "id": row.id,
        "name": row.name,
        "type": row.template_type,
        "version": row.version,
        "body": row.content,
        "subject": subject,
        "created_at": format_timestamp(row.created_at),
        "updated_at": _timestamp(row.updated_at),
        "created_by": row.created_by,
        "personalisation": {name: {"required": True} for name in names},
        "postage": None,
        "letter_contact_block": None,
    }


def _timestamp(moment: datetime | None) -> str | None:
    return None if moment is None else format_timestamp(moment)
