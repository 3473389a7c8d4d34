"""Templates; each change of the text is a version that stays."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, false, func
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Identified


class Template(Identified, Base):
    __tablename__ = "templates"
    __table_args__ = (
        CheckConstraint("template_type IN ('email', 'sms', 'letter')", name="template_type"),
        Index("ix_templates_service_id", "service_id", "template_type"),
    )

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"))
    template_type: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    archived: Mapped[bool] = mapped_column(default=False)
    hidden: Mapped[bool] = mapped_column(default=False)
    redact_personalisation: Mapped[bool] = mapped_column(default=False)
    is_urgent: Mapped[bool] = mapped_column(default=False, server_default=false())  # waits for no quiet hours
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime | None]


class TemplateVersion(Base):
    __tablename__ = "template_versions"
    __table_args__ = (CheckConstraint("(subject IS NULL) OR length(subject) > 0", name="subject"),)

    template_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("templates.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    content: Mapped[str]
    subject: Mapped[str | None]
    has_unsubscribe_link: Mapped[bool] = mapped_column(default=False)
    sms_alphabet: Mapped[str | None]  # by default that of the service
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
