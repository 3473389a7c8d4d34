"""What every request asks about a service, read in two statements and kept for seconds (ADR 0005)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from api.cache import TimedCache
from api.config import Settings
from api.contract import REVOKED_KEYS_SHOWN_FOR_DAYS, CallbackType, KeyType
from api.core.callbacks.models import ServiceCallback
from api.core.services.models import ApiKey, ReplyToAddress, Service, SmsSender
from api.db.engine import Database
from api.keyring import KeyRing
from notifications_utils.sending_hours import QuietHours

API_KEY_SECRET = "api_key.secret"  # noqa: S105 - a purpose of the key ring
CALLBACK_TOKEN = "service_callback.bearer_token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class KnownKey:
    id: uuid.UUID
    name: str
    key_type: KeyType
    secret: str
    revoked: bool


@dataclass(frozen=True, slots=True)
class KnownSender:
    """A reply-to address or an SMS sender that is not archived."""

    id: uuid.UUID
    value: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class KnownCallback:
    url: str
    bearer_token: str


@dataclass(frozen=True, slots=True)
class KnownService:
    id: uuid.UUID
    name: str
    active: bool
    restricted: bool
    permissions: frozenset[str]
    prefix_sms: bool
    sms_alphabet: str | None
    rate_limit: int
    daily_limits: Mapping[str, int]  # by channel, and `international_sms`
    contact_link: str | None
    from_name: str
    from_address: str
    default_sms_sender: str
    keys: tuple[KnownKey, ...]
    reply_to_addresses: tuple[KnownSender, ...]
    sms_senders: tuple[KnownSender, ...]
    callbacks: Mapping[str, KnownCallback]
    quiet_hours: QuietHours | None = None

    @property
    def default_reply_to(self) -> str | None:
        return next((sender.value for sender in self.reply_to_addresses if sender.is_default), None)

    @property
    def sms_sender(self) -> str:
        default = next((sender.value for sender in self.sms_senders if sender.is_default), None)
        return default or self.default_sms_sender

    @property
    def sms_prefix(self) -> str | None:
        return self.name if self.prefix_sms else None


class ServiceDirectory:
    def __init__(self, database: Database, keyring: KeyRing, settings: Settings) -> None:
        self._database = database
        self._keyring = keyring
        self._settings = settings
        self._cache: TimedCache[uuid.UUID, KnownService] = TimedCache(settings.cache_seconds)

    def find(self, service_id: uuid.UUID) -> KnownService | None:
        return self._cache.get_or_load(service_id, lambda: self._load(service_id))

    def forget(self, service_id: uuid.UUID) -> None:
        """After a change in this process; other processes see it when their copy is too old."""
        self._cache.forget(service_id)

    def _load(self, service_id: uuid.UUID) -> KnownService | None:
        with self._database.autocommit() as connection:
            row = connection.execute(select(Service.__table__).where(Service.id == service_id)).one_or_none()
            if row is None:
                return None
            return KnownService(
                id=row.id,
                name=row.name,
                active=row.active,
                restricted=row.restricted,
                permissions=frozenset(row.permissions),
                prefix_sms=row.prefix_sms,
                sms_alphabet=row.sms_alphabet,
                rate_limit=row.rate_limit,
                daily_limits={
                    "email": row.email_message_limit,
                    "sms": row.sms_message_limit,
                    "letter": row.letter_message_limit,
                    "international_sms": row.international_sms_message_limit,
                },
                contact_link=row.contact_link,
                from_name=row.custom_email_sender_name or row.name,
                from_address=f"{row.email_sender_local_part}@{self._settings.email_domain}",
                default_sms_sender=self._settings.default_sms_sender,
                keys=self._load_keys(connection, service_id),
                reply_to_addresses=_load_senders(connection, ReplyToAddress, "email_address", service_id),
                sms_senders=_load_senders(connection, SmsSender, "sms_sender", service_id),
                callbacks=self._load_callbacks(connection, service_id),
                quiet_hours=quiet_hours_of(row),
            )

    def _load_keys(self, connection: Connection, service_id: uuid.UUID) -> tuple[KnownKey, ...]:
        """Keys in use, and those revoked lately: their owners are told so."""
        since = datetime.now(UTC) - timedelta(days=REVOKED_KEYS_SHOWN_FOR_DAYS)
        rows = connection.execute(
            select(ApiKey.id, ApiKey.name, ApiKey.key_type, ApiKey.secret, ApiKey.revoked_at)
            .where(ApiKey.service_id == service_id, ApiKey.revoked_at.is_(None) | (ApiKey.revoked_at > since))
            .order_by(ApiKey.id.desc())
        )
        return tuple(
            KnownKey(
                row.id,
                row.name,
                KeyType(row.key_type),
                self._keyring.open_text(API_KEY_SECRET, row.secret),
                row.revoked_at is not None,
            )
            for row in rows
        )

    def _load_callbacks(self, connection: Connection, service_id: uuid.UUID) -> dict[str, KnownCallback]:
        rows = connection.execute(
            select(ServiceCallback.callback_type, ServiceCallback.url, ServiceCallback.bearer_token).where(
                ServiceCallback.service_id == service_id
            )
        )
        return {
            CallbackType(row.callback_type): KnownCallback(
                row.url, self._keyring.open_text(CALLBACK_TOKEN, row.bearer_token)
            )
            for row in rows
        }


def quiet_hours_of(service: Row[Any] | Service) -> QuietHours | None:
    """What the service has chosen; `service` is its row."""
    if service.quiet_from is None or service.quiet_until is None:
        return None
    return QuietHours(service.quiet_from, service.quiet_until, service.quiet_sundays, service.quiet_holidays)


def _load_senders(
    connection: Connection, table: type[ReplyToAddress] | type[SmsSender], column: str, service_id: uuid.UUID
) -> tuple[KnownSender, ...]:
    rows = connection.execute(
        select(table.id, getattr(table, column).label("value"), table.is_default)
        .where(table.service_id == service_id, table.archived.is_(False))
        .order_by(table.id)
    )
    return tuple(KnownSender(row.id, row.value, row.is_default) for row in rows)
