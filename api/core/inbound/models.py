"""Received text messages and the numbers that receive them."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Identified


class InboundNumber(Identified, Base):
    __tablename__ = "inbound_numbers"

    number: Mapped[str] = mapped_column(unique=True)
    provider: Mapped[str]
    service_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("services.id"), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime | None] = mapped_column(onupdate=func.now())


class InboundSms(Identified, Base):
    """`content` is sealed (purpose `inbound_sms.content`)."""

    __tablename__ = "inbound_sms"
    __table_args__ = (
        Index("ix_inbound_sms_service_id", "service_id", "id"),
        Index("uq_inbound_sms_provider_reference", "provider", "provider_reference", unique=True),
    )

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"))
    notify_number: Mapped[str]
    user_number: Mapped[str] = mapped_column(index=True)
    provider: Mapped[str]
    provider_reference: Mapped[str | None]
    provider_date: Mapped[datetime | None]
    content: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
