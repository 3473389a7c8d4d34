"""Jobs: many messages of one template, from a file or a bulk request."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from api.contract import JobStatus
from api.db.base import Base, Identified


class Job(Identified, Base):
    """Its rows lie in the object store, sealed, under `jobs/<id>`.

    `rows_done` is how far the file has been turned into notifications; `due_at` is when the sweep puts an unfinished
    job on the queue again.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_service_id", "service_id", "id"),
        Index(
            "ix_jobs_due_at",
            "due_at",
            postgresql_where=text("job_status IN ('pending', 'in progress', 'scheduled')"),
        ),
    )

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"))
    template_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("templates.id"))
    template_version: Mapped[int]
    original_file_name: Mapped[str]
    notification_count: Mapped[int]
    rows_done: Mapped[int] = mapped_column(default=0)
    job_status: Mapped[str] = mapped_column(default=JobStatus.PENDING)
    key_type: Mapped[str]
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    reply_to_text: Mapped[str | None]
    sender_id: Mapped[uuid.UUID | None]
    scheduled_for: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    processing_started: Mapped[datetime | None]
    processing_finished: Mapped[datetime | None]
    archived: Mapped[bool] = mapped_column(default=False)
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime | None] = mapped_column(onupdate=func.now())

    @property
    def sends_at(self) -> datetime:
        """The moment that its rows' identifiers carry: fixed once the job exists."""
        return self.scheduled_for or self.created_at
