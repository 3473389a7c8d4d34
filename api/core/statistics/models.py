"""Daily counts, so that no page ever counts the message table."""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, func
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base

NO_JOB = uuid.UUID(int=0)


class StatusFact(Base):
    __tablename__ = "ft_notification_status"

    day: Mapped[date] = mapped_column(primary_key=True)
    service_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, index=True)
    template_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    job_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=NO_JOB)
    notification_type: Mapped[str] = mapped_column(primary_key=True)
    key_type: Mapped[str] = mapped_column(primary_key=True)
    notification_status: Mapped[str] = mapped_column(primary_key=True)
    notification_count: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ProcessingTimeFact(Base):
    """How many of a day's API messages reached a provider within ten seconds."""

    __tablename__ = "ft_processing_time"

    day: Mapped[date] = mapped_column(primary_key=True)
    messages_total: Mapped[int] = mapped_column(BigInteger)
    messages_within_10_secs: Mapped[int] = mapped_column(BigInteger)
