"""People who sign in."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Identified


class User(Identified, Base):
    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_email_address", text("lower(email_address)"), unique=True),
        CheckConstraint("state IN ('pending', 'active', 'inactive')", name="state"),
        CheckConstraint("auth_type <> 'sms_auth' OR mobile_number IS NOT NULL", name="second_factor"),
    )

    name: Mapped[str]
    email_address: Mapped[str]
    mobile_number: Mapped[str | None]
    password_hash: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="pending")
    auth_type: Mapped[str] = mapped_column(default="email_auth")
    platform_admin: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(default="fr")
    failed_login_count: Mapped[int] = mapped_column(default=0)
    current_session_id: Mapped[uuid.UUID | None]
    logged_in_at: Mapped[datetime | None]
    password_changed_at: Mapped[datetime | None]
    email_access_validated_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime | None] = mapped_column(onupdate=func.now())
