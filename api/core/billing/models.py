"""Prices and what was billed. Amounts are integers: ten-thousandths of the deployment's currency (design D13)."""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Identified


class Rate(Identified, Base):
    """Price of one SMS fragment to a destination, or to all that have no price, from `valid_from` on."""

    __tablename__ = "rates"
    __table_args__ = (
        Index(
            "uq_rates_notification_type_destination_valid_from",
            "notification_type",
            "destination",
            "valid_from",
            unique=True,
        ),
    )

    notification_type: Mapped[str]
    destination: Mapped[str] = mapped_column(default="", server_default="")
    valid_from: Mapped[datetime]
    rate: Mapped[int]  # ten-thousandths
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BillingFact(Base):
    """A day's billable messages; days are those of the deployment's time zone."""

    __tablename__ = "ft_billing"

    day: Mapped[date] = mapped_column(primary_key=True)
    service_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    template_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    notification_type: Mapped[str] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    rate_multiplier: Mapped[int] = mapped_column(primary_key=True)
    international: Mapped[bool] = mapped_column(primary_key=True)
    rate: Mapped[int] = mapped_column(primary_key=True)  # ten-thousandths a fragment
    destination: Mapped[str] = mapped_column(primary_key=True, default="", server_default="")
    billable_units: Mapped[int] = mapped_column(BigInteger)
    notifications_sent: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
