"""What the public API shows of messages, with what rarely changes kept at hand (ADR 0005)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import orjson
from sqlalchemy import Row

from api.cache import TimedCache
from api.contract import Channel, KeyType
from api.core.billing.prices import Price, PriceList
from api.core.billing.queries import all_rates
from api.core.errors import NotFoundError
from api.core.notifications.accept import PERSONALISATION
from api.core.notifications.filters import NotificationFilter
from api.core.notifications.queries import find_notification, list_notifications
from api.core.notifications.retention import expiry_bound
from api.core.notifications.serialise import NotificationSerialiser
from api.core.notifications.unsubscribe import make_unsubscribe_url
from api.core.services.retention import get_retention_days
from api.runtime import Runtime

# Prices and retention change a few times a year.
_PATIENCE: Final = 30


@dataclass(frozen=True, slots=True)
class NotificationPage:
    notifications: list[dict[str, Any]]
    last_id: uuid.UUID | None
    """From where the next page goes on; None when this one is empty."""


class NotificationReader:
    """One for a process: it holds the caches."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        seconds = runtime.settings.cache_seconds * _PATIENCE
        self._oldest: TimedCache[uuid.UUID, Mapping[str, uuid.UUID]] = TimedCache(seconds)
        self._prices: TimedCache[Channel, PriceList] = TimedCache(seconds)

    def get(self, service_id: uuid.UUID, notification_id: uuid.UUID, root_url: str) -> dict[str, Any]:
        """Raises `NotFoundError`."""
        return self._serialise(service_id, [self._find(service_id, notification_id)], root_url)[0]

    def get_channel(self, service_id: uuid.UUID, notification_id: uuid.UUID) -> Channel:
        """Raises `NotFoundError`."""
        return Channel(self._find(service_id, notification_id).notification_type)

    def get_page(
        self, service_id: uuid.UUID, key_type: KeyType, chosen: NotificationFilter, root_url: str
    ) -> NotificationPage:
        rows = list_notifications(
            self._runtime.database, service_id, key_type, chosen, self._oldest_shown(service_id)
        )
        return NotificationPage(self._serialise(service_id, rows, root_url), rows[-1].id if rows else None)

    def _find(self, service_id: uuid.UUID, notification_id: uuid.UUID) -> Row[Any]:
        row = find_notification(self._runtime.database, service_id, notification_id)
        if row is None or row.id < self._oldest_shown(service_id)[row.notification_type]:
            raise NotFoundError
        return row

    def _serialise(
        self, service_id: uuid.UUID, rows: Sequence[Row[Any]], root_url: str
    ) -> list[dict[str, Any]]:
        service = self._runtime.services.find(service_id)
        templates = self._runtime.templates.find_versions(
            {(row.template_id, row.template_version) for row in rows}
        )
        serialiser = NotificationSerialiser(
            root_url,
            service.sms_alphabet if service else None,
            self._sms_price,
            partial(_unsubscribe_url, self._runtime),
        )
        return [
            serialiser.serialise(
                row, templates[row.template_id, row.template_version], self._values(row.personalisation)
            )
            for row in rows
        ]

    def _values(self, sealed: bytes | None) -> dict[str, object]:
        if sealed is None:
            return {}
        values: dict[str, object] = orjson.loads(self._runtime.keyring.open(PERSONALISATION, sealed))
        return values

    def _oldest_shown(self, service_id: uuid.UUID) -> Mapping[str, uuid.UUID]:
        """By channel, the identifier from which messages of the service are shown."""
        oldest = self._oldest.get_or_load(service_id, lambda: self._load_oldest(service_id))
        return oldest or {}

    def _load_oldest(self, service_id: uuid.UUID) -> Mapping[str, uuid.UUID]:
        runtime, now = self._runtime, datetime.now(UTC)
        days = get_retention_days(runtime.database, service_id, runtime.settings.default_retention_days)
        return {channel: expiry_bound(runtime, count, now) for channel, count in days.items()}

    def _sms_price(self, row: Row[Any]) -> Price | None:
        prices = self._prices.get_or_load(Channel.SMS, self._load_sms_prices)
        return prices.find(row.destination, row.rate_multiplier, row.created_at) if prices else None

    def _load_sms_prices(self) -> PriceList:
        with self._runtime.database.autocommit() as connection:
            return PriceList(self._runtime.slots.rates, all_rates(connection, Channel.SMS))


def _unsubscribe_url(runtime: Runtime, row: Row[Any]) -> str:
    return make_unsubscribe_url(runtime, row.id, row.to)
