"""A message as the public API shows it (contract: reading, one notification)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from api.contract import COMPLETED_STATUSES, Channel, Status
from api.core.billing.prices import Price
from api.core.templates.directory import KnownTemplate
from api.timestamps import format_timestamp

_COMPLETED: Final = frozenset(map(str, COMPLETED_STATUSES))
_TEN_THOUSANDTHS: Final = 10_000
_NO_POSTAL_ADDRESS: Final = {
    **{f"line_{number}": None for number in range(1, 7)},
    "postcode": None,
    "postage": None,
}
_FREE: Final[dict[str, Any]] = {"is_cost_data_ready": True, "cost_in_pounds": 0.0, "cost_details": {}}
_COST_UNKNOWN: Final[dict[str, Any]] = {
    "is_cost_data_ready": False,
    "cost_in_pounds": None,
    "cost_details": {},
}


@dataclass(frozen=True, slots=True)
class NotificationSerialiser:
    """What is the same for all messages of an answer. `sms_price` gives the price of a row, None when there was none.

    `sms_alphabet` is the one that the service chose.
    """

    root_url: str
    sms_alphabet: str | None
    sms_price: Callable[[Row[Any]], Price | None]
    unsubscribe_url: Callable[[Row[Any]], str]

    def serialise(
        self, row: Row[Any], template: KnownTemplate, values: Mapping[str, object]
    ) -> dict[str, Any]:
        is_sms = row.notification_type == Channel.SMS
        body, subject = self._render(template, values)
        return {
            "id": row.id,
            "reference": row.client_reference,
            "email_address": None if is_sms else row.to,
            "phone_number": row.to if is_sms else None,
            **_NO_POSTAL_ADDRESS,
            "type": row.notification_type,
            "status": row.status,
            "template": self._template(template),
            "body": body,
            "subject": subject,
            "created_at": _timestamp(row.created_at),
            "created_by_name": row.created_by_name,
            "sent_at": _timestamp(row.sent_at),
            "completed_at": _timestamp(row.updated_at) if row.status in _COMPLETED else None,
            "scheduled_for": _timestamp(row.scheduled_for),
            "one_click_unsubscribe_url": self._unsubscribe_url(row, template),
            **(self._cost(row) if is_sms else _FREE),
        }

    def _render(self, template: KnownTemplate, values: Mapping[str, object]) -> tuple[str, str | None]:
        """Contract: without the name of the service that starts a text message."""
        if template.type == Channel.SMS:
            return template.sms(None, self.sms_alphabet).render(values).body, None
        message = template.email.render(values)
        return message.body, message.subject

    def _template(self, template: KnownTemplate) -> dict[str, Any]:
        uri = f"{self.root_url}v2/template/{template.id}/version/{template.version}"
        return {"version": template.version, "id": template.id, "uri": uri}

    def _unsubscribe_url(self, row: Row[Any], template: KnownTemplate) -> str | None:
        """The caller's own link wins over ours."""
        link: str | None = row.unsubscribe_link
        if link is None and template.has_unsubscribe_link and template.type == Channel.EMAIL:
            return self.unsubscribe_url(row)
        return link

    def _cost(self, row: Row[Any]) -> dict[str, Any]:
        price = self.sms_price(row)
        if price is None or (row.status == Status.CREATED and not row.billable_units):
            return _COST_UNKNOWN
        return {
            "is_cost_data_ready": True,
            "cost_in_pounds": row.billable_units * price.multiplier * price.rate / _TEN_THOUSANDTHS,
            "cost_details": {
                "billable_sms_fragments": row.billable_units,
                "international_rate_multiplier": price.multiplier,
                "sms_rate": price.rate / _TEN_THOUSANDTHS,
            },
        }


def _timestamp(moment: datetime | None) -> str | None:
    return None if moment is None else format_timestamp(moment)
