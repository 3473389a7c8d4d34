"""Reading the audit trail."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.events.models import Event


def list_events(session: Session, *, service_id: uuid.UUID | None = None, limit: int = 50) -> Sequence[Event]:
    """The latest changes, newest first: of one service, or of all."""
    query = select(Event).order_by(Event.id.desc()).limit(limit)
    if service_id is not None:
        query = query.where(Event.service_id == service_id)
    return session.scalars(query).all()
