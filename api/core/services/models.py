"""Services and what belongs to them: members, permissions, keys, senders, guest list, retention."""

import uuid
from datetime import datetime, time

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, Text, false, func, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Identified

TRIAL_DAILY_LIMIT = 50
LIVE_DAILY_LIMIT = 250_000
DEFAULT_INTERNATIONAL_DAILY_LIMIT = 100
DEFAULT_RATE_LIMIT = 3000


class Service(Identified, Base):
    """A team's sending service. `restricted` means trial mode, the contract's word for it."""

    __tablename__ = "services"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN quiet_from IS NULL THEN quiet_until IS NULL AND NOT quiet_sundays AND NOT quiet_holidays"
            " ELSE quiet_until IS NOT NULL AND quiet_until <> quiet_from END",
            name="quiet_hours",
        ),
    )

    name: Mapped[str] = mapped_column(unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    restricted: Mapped[bool] = mapped_column(default=True)
    count_as_live: Mapped[bool] = mapped_column(default=True)
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    prefix_sms: Mapped[bool] = mapped_column(default=True)
    sms_alphabet: Mapped[str | None]  # by default that of the deployment
    email_sender_local_part: Mapped[str]
    custom_email_sender_name: Mapped[str | None]
    contact_link: Mapped[str | None]
    # Text messages wait meanwhile, on the recipient's own clock (notifications_utils/sending_hours.py).
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    quiet_sundays: Mapped[bool] = mapped_column(default=False, server_default=false())
    quiet_holidays: Mapped[bool] = mapped_column(default=False, server_default=false())
    rate_limit: Mapped[int] = mapped_column(default=DEFAULT_RATE_LIMIT)
    email_message_limit: Mapped[int] = mapped_column(BigInteger, default=TRIAL_DAILY_LIMIT)
    sms_message_limit: Mapped[int] = mapped_column(BigInteger, default=TRIAL_DAILY_LIMIT)
    letter_message_limit: Mapped[int] = mapped_column(BigInteger, default=TRIAL_DAILY_LIMIT)
    international_sms_message_limit: Mapped[int] = mapped_column(
        BigInteger, default=DEFAULT_INTERNATIONAL_DAILY_LIMIT
    )
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    go_live_at: Mapped[datetime | None]
    go_live_user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime | None] = mapped_column(onupdate=func.now())


class Member(Base):
    """A person's place in a service, with what they may do there."""

    __tablename__ = "members"

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Identified, Base):
    """`secret` is sealed (purpose `api_key.secret`): tokens are HMACs of it, so a hash would not do."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index(
            "uq_api_keys_service_id_name",
            "service_id",
            "name",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        CheckConstraint("key_type IN ('normal', 'team', 'test')", name="key_type"),
    )

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"), index=True)
    name: Mapped[str]
    key_type: Mapped[str]
    secret: Mapped[bytes]
    revoked_at: Mapped[datetime | None]
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ReplyToAddress(Identified, Base):
    __tablename__ = "reply_to_addresses"
    __table_args__ = (
        Index(
            "uq_reply_to_addresses_default",
            "service_id",
            unique=True,
            postgresql_where=text("is_default AND NOT archived"),
        ),
    )

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"), index=True)
    email_address: Mapped[str]
    is_default: Mapped[bool] = mapped_column(default=False)
    archived: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SmsSender(Identified, Base):
    __tablename__ = "sms_senders"
    __table_args__ = (
        Index(
            "uq_sms_senders_default",
            "service_id",
            unique=True,
            postgresql_where=text("is_default AND NOT archived"),
        ),
    )

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"), index=True)
    sms_sender: Mapped[str]
    is_default: Mapped[bool] = mapped_column(default=False)
    archived: Mapped[bool] = mapped_column(default=False)
    inbound_number_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_numbers.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Guest(Base):
    """A recipient outside the team who may receive in trial mode and from team keys."""

    __tablename__ = "guest_list"
    __table_args__ = (CheckConstraint("recipient_type IN ('email', 'mobile')", name="recipient_type"),)

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"), primary_key=True)
    recipient: Mapped[str] = mapped_column(primary_key=True)  # normalised: E.164 digits, or lower-case e-mail
    recipient_type: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DataRetention(Base):
    """Days a channel's messages are kept, where a service has chosen them."""

    __tablename__ = "data_retention"
    __table_args__ = (CheckConstraint("days BETWEEN 3 AND 90", name="days"),)

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("services.id"), primary_key=True)
    notification_type: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[int]
