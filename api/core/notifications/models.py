"""Messages. Both tables are partitioned by week on their UUIDv7 (ADR 0003); `db/partitions.py` keeps the weeks."""

import uuid
from datetime import datetime

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from api.contract import Status
from api.db.base import Base, Identified


class Notification(Identified, Base):
    """One message to one recipient, from acceptance to its last receipt.

    No foreign keys: the hottest insert would pay one look-up for each, and rows are only made by `accept` and jobs.
    `due_at` is when the sweep publishes a row that is still `created` (insurance, retry or schedule, ADR 0004); after
    that, when its provider is asked what became of it (`core/delivery/sweeps.py`, `polling.py`).
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_service_id", "service_id", "key_type", "id"),
        # Lists of the API leave jobs out unless asked, and filter by failure: both may be rare in a busy service.
        Index(
            "ix_notifications_without_job",
            "service_id",
            "key_type",
            "id",
            postgresql_where=text("job_id IS NULL"),
        ),
        Index(
            "ix_notifications_failed",
            "service_id",
            "key_type",
            "id",
            postgresql_where=text(
                "status IN ('technical-failure', 'temporary-failure', 'permanent-failure', 'validation-failed',"
                " 'virus-scan-failed', 'returned-letter')"
            ),
        ),
        Index("ix_notifications_due_at", "due_at", postgresql_where=text("status = 'created'")),
        Index(
            "ix_notifications_in_flight",
            "sent_at",
            "claimed_at",
            postgresql_where=text("status IN ('sending', 'pending')"),
        ),
        Index("ix_notifications_normalised_to", "normalised_to", "service_id"),
        Index(
            "ix_notifications_client_reference",
            "service_id",
            "client_reference",
            postgresql_where=text("client_reference IS NOT NULL"),
        ),
        Index("ix_notifications_reference", "reference", postgresql_where=text("reference IS NOT NULL")),
        Index("ix_notifications_job_id", "job_id", "id", postgresql_where=text("job_id IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    service_id: Mapped[uuid.UUID]
    template_id: Mapped[uuid.UUID]
    template_version: Mapped[int]
    notification_type: Mapped[str]
    key_type: Mapped[str]
    api_key_id: Mapped[uuid.UUID | None]
    created_by_id: Mapped[uuid.UUID | None]
    job_id: Mapped[uuid.UUID | None]
    job_row_number: Mapped[int | None]
    to: Mapped[str]
    normalised_to: Mapped[str]
    personalisation: Mapped[bytes | None]  # sealed JSON, purpose `notification.personalisation`
    client_reference: Mapped[str | None]
    reply_to_text: Mapped[str | None]
    unsubscribe_link: Mapped[str | None]
    international: Mapped[bool] = mapped_column(default=False)
    phone_prefix: Mapped[str | None]
    destination: Mapped[str | None]  # the place whose price counts (slot `rates`)
    rate_multiplier: Mapped[int | None]
    billable_units: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default=Status.CREATED)
    attempts: Mapped[int] = mapped_column(default=0)
    scheduled_for: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    outcome_unknown: Mapped[bool] = mapped_column(default=False)
    sent_by: Mapped[str | None]
    reference: Mapped[str | None]  # the provider's own identifier of the message
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    updated_at: Mapped[datetime | None]


class NotificationHistory(Base):
    """What stays of a message after its retention: nothing about the person."""

    __tablename__ = "notification_history"
    __table_args__ = (
        Index("ix_notification_history_service_id", "service_id", "id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    service_id: Mapped[uuid.UUID]
    template_id: Mapped[uuid.UUID]
    template_version: Mapped[int]
    notification_type: Mapped[str]
    key_type: Mapped[str]
    api_key_id: Mapped[uuid.UUID | None]
    job_id: Mapped[uuid.UUID | None]
    job_row_number: Mapped[int | None]
    client_reference: Mapped[str | None]
    international: Mapped[bool]
    phone_prefix: Mapped[str | None]
    destination: Mapped[str | None]
    rate_multiplier: Mapped[int | None]
    billable_units: Mapped[int]
    status: Mapped[str]
    sent_by: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    updated_at: Mapped[datetime | None]


class NotificationEvent(Identified, Base):
    """What happened to a message besides its ordinary way: receipts, refusals, unknown outcomes. Nothing personal."""

    __tablename__ = "notification_events"
    __table_args__ = (
        Index("ix_notification_events_notification_id", "notification_id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    notification_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    provider: Mapped[str | None]
    detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class UnsubscribeRequest(Identified, Base):
    """One-click unsubscribe (RFC 8058): a request is counted once for each message."""

    __tablename__ = "unsubscribe_requests"

    notification_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    service_id: Mapped[uuid.UUID] = mapped_column(index=True)
    template_id: Mapped[uuid.UUID]
    template_version: Mapped[int]
    email_address: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    processed_at: Mapped[datetime | None]
