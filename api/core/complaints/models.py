"""Complaints about e-mails (contract: service callbacks, complaint)."""

import uuid
from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Identified


class Complaint(Identified, Base):
    """Names no person: the message does, as long as it is kept. `feedback_id` is the provider's own name of it."""

    __tablename__ = "complaints"
    __table_args__ = (
        UniqueConstraint("provider", "feedback_id"),
        Index("ix_complaints_service_id", "service_id", "id"),
        Index("ix_complaints_notification_id", "notification_id"),
    )

    notification_id: Mapped[uuid.UUID]
    service_id: Mapped[uuid.UUID]
    provider: Mapped[str]
    feedback_id: Mapped[str]
    complaint_type: Mapped[str | None]
    complained_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
