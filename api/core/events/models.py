"""The audit trail: who changed what, when."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Identified


class Event(Identified, Base):
    """`data` holds what changed, never a secret, a recipient or a message."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_service_id", "service_id", "id"),)

    event_type: Mapped[str]
    actor_id: Mapped[uuid.UUID | None]
    service_id: Mapped[uuid.UUID | None]
    subject_id: Mapped[uuid.UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
