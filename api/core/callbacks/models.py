"""Where services want to be told, and what they were told."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Identified


class ServiceCallback(Identified, Base):
    """`bearer_token` is sealed (purpose `service_callback.bearer_token`) and never given back."""

    __tablename__ = "service_callbacks"
    __table_args__ = (
        Index("uq_service_callbacks_service_id_callback_type", "service_id", "callback_type", unique=True),
    )

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"))
    callback_type: Mapped[str]
    url: Mapped[str]
    bearer_token: Mapped[bytes]
    updated_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime | None] = mapped_column(onupdate=func.now())


class CallbackDelivery(Identified, Base):
    """One message to a service, with its tries: queue insurance (`due_at`) and delivery log in one.

    `payload` is sealed (purpose `callback_delivery.payload`): it names the recipient.
    `status` is `pending`, `delivered` or `failed`.
    """

    __tablename__ = "callback_deliveries"
    __table_args__ = (
        Index("ix_callback_deliveries_service_id", "service_id", "id"),
        Index("ix_callback_deliveries_due_at", "due_at", postgresql_where=text("status = 'pending'")),
        Index("ix_callback_deliveries_subject_id", "subject_id"),
    )

    service_id: Mapped[uuid.UUID]
    callback_type: Mapped[str]
    subject_id: Mapped[uuid.UUID]  # the notification or received text it is about
    payload: Mapped[bytes]
    status: Mapped[str] = mapped_column(default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    last_http_status: Mapped[int | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime | None]
