"""Providers as operators see them: shares of the traffic, their changes, and how the providers have done lately."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Identified


class ProviderDetails(Identified, Base):
    """`priority` is a weight from 0 to 100: the share of the channel's messages that the provider is given now.

    `resting_priority` is the weight that the operator wants: automatic moves leave it and come back to it.
    """

    __tablename__ = "provider_details"
    __table_args__ = (
        UniqueConstraint("identifier", "notification_type"),
        CheckConstraint("priority BETWEEN 0 AND 100", name="priority"),
        CheckConstraint("resting_priority BETWEEN 0 AND 100", name="resting_priority"),
    )

    identifier: Mapped[str]
    notification_type: Mapped[str]
    display_name: Mapped[str]
    priority: Mapped[int] = mapped_column(default=100)
    resting_priority: Mapped[int] = mapped_column(default=100, server_default="100")
    active: Mapped[bool] = mapped_column(default=True)
    supports_international: Mapped[bool] = mapped_column(default=True)
    slow_share: Mapped[float | None]  # of its latest texts, those that took five minutes or more; from 0 to 1
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str | None]


class ProviderDetailsHistory(Base):
    __tablename__ = "provider_details_history"

    id: Mapped[uuid.UUID] = mapped_column(ForeignKey("provider_details.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    priority: Mapped[int]
    active: Mapped[bool]
    updated_at: Mapped[datetime]
    updated_by_id: Mapped[uuid.UUID | None]
    reason: Mapped[str | None]


class ProviderTally(Base):
    """What all processes together got from a provider in the ten seconds from `at` on; kept for minutes."""

    __tablename__ = "provider_tallies"

    identifier: Mapped[str] = mapped_column(primary_key=True)
    notification_type: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    handed_over: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
