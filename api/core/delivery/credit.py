"""What is left on the prepaid accounts of providers, and who is told when it runs low."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.contract import Channel
from api.core.alerts import send_alert
from api.core.delivery.polling import safely
from api.core.events.commands import SYSTEM, record_event
from api.core.events.models import Event
from api.metrics import PROVIDER_CREDIT
from api.providers.protocol import Credit, HasCredit
from api.runtime import Runtime

log = logging.getLogger(__name__)

LOW: Final = "provider.credit_low"
RESTORED: Final = "provider.credit_restored"
_ALERT: Final = "credit_low"
# Any number: what all checks take while they compare with the latest event, so that one of them alone tells.
_LOCK: Final = 7_110_675


@dataclass(frozen=True, slots=True)
class Balance:
    """`alert_below` in the provider's unit, like `credit`."""

    channel: Channel
    provider: str
    credit: Credit
    alert_below: float

    @property
    def is_low(self) -> bool:
        return self.credit.remaining < self.alert_below


def read_balance(channel: Channel, name: str, provider: object) -> Balance | None:
    """Asks the provider. `None` when it has no credit to watch, or cannot tell now."""
    if not isinstance(provider, HasCredit):
        return None
    credit = safely(name, provider.get_credit)
    return None if credit is None else Balance(channel, name, credit, provider.credit_alert_below)


def check_credit(runtime: Runtime, providers: Mapping[Channel, Mapping[str, object]]) -> list[Balance]:
    """Ask all providers, and tell operators of each account that has just fallen below its threshold.

    Any number of checks may run at once. Returns what was told of.
    """
    told = []
    for channel, of_channel in providers.items():
        for name, provider in of_channel.items():
            balance = read_balance(channel, name, provider)
            if balance is None:
                continue
            PROVIDER_CREDIT.labels(name, channel).set(balance.credit.remaining)
            if _crosses(runtime, balance) and balance.is_low:
                _tell(runtime, balance)
                told.append(balance)
    return told


def _crosses(runtime: Runtime, balance: Balance) -> bool:
    """Whether the account is on the other side of its threshold than the latest event says, which is then written."""
    with runtime.database.session() as session:
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        if balance.is_low == _was_low(session, balance):
            return False
        record_event(
            session,
            SYSTEM,
            LOW if balance.is_low else RESTORED,
            provider=balance.provider,
            channel=balance.channel,
            remaining=balance.credit.remaining,
            unit=balance.credit.unit,
            alert_below=balance.alert_below,
        )
    return True


def _was_low(session: Session, balance: Balance) -> bool:
    latest = (
        select(Event.event_type)
        .where(
            Event.service_id.is_(None),  # the index begins with it
            Event.event_type.in_([LOW, RESTORED]),
            Event.data["provider"].astext == balance.provider,
            Event.data["channel"].astext == balance.channel,
        )
        .order_by(Event.id.desc())
        .limit(1)
    )
    return session.scalar(latest) == LOW


def _tell(runtime: Runtime, balance: Balance) -> None:
    told: dict[str, str | float] = {
        "provider": balance.provider,
        "channel": str(balance.channel),
        "remaining": balance.credit.remaining,
        "unit": balance.credit.unit,
    }
    log.warning("credit_low", extra=told)
    send_alert(runtime.settings, _ALERT, **told)
