"""Keeping the texts that people send to our numbers."""

import logging
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import text

from api.contract import ServicePermission
from api.core.callbacks.commands import InboundReport, inbound_sms_rows, insert_callbacks, publish_callbacks
from api.db.ids import uuid7
from api.metrics import INBOUND
from api.providers.protocol import ReceivedText
from api.runtime import Runtime
from notifications_utils.recipients.phone_number import InvalidPhoneNumberError

log = logging.getLogger(__name__)

INBOUND_CONTENT: Final = "inbound_sms.content"
# One statement: the number's service, when it may receive, and the text, once for each of the provider's references.
_STORE: Final = text("""
    WITH receiver AS (
        SELECT numbers.service_id
        FROM inbound_numbers AS numbers JOIN services ON services.id = numbers.service_id
        WHERE numbers.number = :to_number AND numbers.active AND services.active
            AND :permission = ANY (services.permissions)
    ), stored AS (
        INSERT INTO inbound_sms (id, service_id, notify_number, user_number, provider, provider_reference,
            provider_date, content)
        SELECT :id, service_id, :to_number, :from_number, :provider, :reference, :received_at, :content FROM receiver
        ON CONFLICT (provider, provider_reference) DO NOTHING
        RETURNING id
    )
    SELECT service_id, EXISTS (SELECT 1 FROM stored) AS is_new FROM receiver
""")


class InboundOutcome(StrEnum):
    STORED = "stored"
    REPEATED = "repeated"
    DROPPED = "dropped"  # nobody receives at this number


def store_received_text(runtime: Runtime, provider: str, received: ReceivedText) -> InboundOutcome:
    """Contract: what comes for nobody is dropped in silence, so that the provider does not try again."""
    identifier = uuid7()
    to_number = received.to_number.strip().removeprefix("+")
    from_number = normalise_sender(runtime, received.from_number)
    received_at = received.received_at or datetime.now(UTC)
    values = {
        "id": identifier,
        "to_number": to_number,
        "from_number": from_number,
        "provider": provider,
        "reference": received.reference,
        "received_at": received_at,
        "content": runtime.keyring.seal_text(INBOUND_CONTENT, received.content),
        "permission": str(ServicePermission.INBOUND_SMS),
    }
    # One transaction with the callback: a service must not miss a text that it could read.
    with runtime.database.engine.begin() as connection:
        receiver = connection.execute(_STORE, values).one_or_none()
        if receiver is None:
            log.warning("received_text_dropped", extra={"provider": provider})
            return _counted(provider, InboundOutcome.DROPPED)
        if not receiver.is_new:
            return _counted(provider, InboundOutcome.REPEATED)
        report = InboundReport(
            identifier, receiver.service_id, from_number, to_number, received.content, received_at
        )
        callbacks = inbound_sms_rows(runtime, report)
        insert_callbacks(connection, callbacks)
    publish_callbacks(runtime, callbacks)
    return _counted(provider, InboundOutcome.STORED)


def _counted(provider: str, outcome: InboundOutcome) -> InboundOutcome:
    INBOUND.labels(provider, outcome).inc()
    return outcome


def normalise_sender(runtime: Runtime, number: str) -> str:
    """E.164 digits; short codes, names and numbers that we do not know stay as they came, without a leading `+`."""
    try:
        return str(runtime.slots.phone_rules.parse(number).e164_digits)
    except InvalidPhoneNumberError:
        return number.strip().removeprefix("+")
