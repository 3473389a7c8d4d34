"""Texts that people send to our numbers, in a real database."""

import logging
import random
import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from sqlalchemy import Row, select

from api.contract import CallbackType
from api.core.callbacks.commands import CALLBACK_PAYLOAD, set_callback
from api.core.callbacks.models import CallbackDelivery
from api.core.inbound.commands import INBOUND_CONTENT, InboundOutcome, store_received_text
from api.core.inbound.models import InboundNumber, InboundSms
from api.core.services.models import Service
from api.providers.protocol import ReceivedText
from api.runtime import Runtime
from tests.factories import make_service


def make_number(runtime: Runtime, service: Service | None, **values: Any) -> str:
    number = f"3363998{random.randrange(10**4):04}{random.randrange(10**4):04}"[:15]
    with runtime.unit_of_work() as work:
        work.session.add(
            InboundNumber(
                **{"number": number, "provider": "sandbox", "service_id": service and service.id} | values
            )
        )
    return number


def text_to(number: str, **values: Any) -> ReceivedText:
    return ReceivedText(
        **{
            "from_number": "+33639980002",
            "to_number": number,
            "content": "Oui, à 10 h",
            "reference": uuid.uuid4().hex,
        }
        | values
    )


def stored(runtime: Runtime, service: Service) -> list[Row[Any]]:
    with runtime.database.autocommit() as connection:
        query = select(InboundSms.__table__).where(InboundSms.service_id == service.id)
        return list(connection.execute(query.order_by(InboundSms.id)))


def test_text_is_kept_sealed_for_the_service_of_its_number(runtime: Runtime) -> None:
    service = make_service(runtime)
    number = make_number(runtime, service)
    moment = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    received = text_to("+" + number, received_at=moment)
    assert store_received_text(runtime, "sandbox", received) is InboundOutcome.STORED
    [row] = stored(runtime, service)
    assert (row.notify_number, row.user_number, row.provider) == (number, "33639980002", "sandbox")
    assert (row.provider_date, row.provider_reference) == (moment, received.reference)
    assert b"Oui" not in bytes(row.content)
    assert runtime.keyring.open_text(INBOUND_CONTENT, row.content) == "Oui, à 10 h"


def test_sender_that_is_no_number_is_kept_as_it_is(runtime: Runtime) -> None:
    service = make_service(runtime)
    number = make_number(runtime, service)
    store_received_text(runtime, "sandbox", text_to(number, from_number="38000"))
    assert stored(runtime, service)[0].user_number == "38000"


def test_text_without_a_date_came_now(runtime: Runtime) -> None:
    service = make_service(runtime)
    store_received_text(runtime, "sandbox", text_to(make_number(runtime, service)))
    assert abs((datetime.now(UTC) - stored(runtime, service)[0].provider_date).total_seconds()) < 60


def test_text_delivered_twice_is_kept_once(runtime: Runtime) -> None:
    service = make_service(runtime)
    received = text_to(make_number(runtime, service))
    outcomes = [store_received_text(runtime, "sandbox", received) for _ in range(2)]
    assert outcomes == [InboundOutcome.STORED, InboundOutcome.REPEATED]
    assert store_received_text(runtime, "other", received) is InboundOutcome.STORED
    assert len(stored(runtime, service)) == 2


@pytest.mark.parametrize(
    ("service_values", "number_values"),
    [({"permissions": ["sms"]}, {}), ({"active": False}, {}), ({}, {"active": False}), (None, {})],
    ids=["without permission", "archived service", "number out of use", "number of nobody"],
)
def test_text_for_nobody_is_dropped_without_a_trace_of_the_person(
    runtime: Runtime,
    caplog: pytest.LogCaptureFixture,
    service_values: dict[str, Any] | None,
    number_values: dict[str, Any],
) -> None:
    caplog.set_level(logging.DEBUG)
    service = None if service_values is None else make_service(runtime, **service_values)
    number = make_number(runtime, service, **number_values)
    assert store_received_text(runtime, "sandbox", text_to(number)) is InboundOutcome.DROPPED
    assert service is None or stored(runtime, service) == []
    assert "received_text_dropped" in caplog.text
    for personal in ("33639980002", number, "Oui"):
        assert personal not in caplog.text


def test_service_hears_of_a_text_once(runtime: Runtime) -> None:
    service = make_service(runtime)
    set_callback(runtime, service.id, CallbackType.INBOUND_SMS, "https://exemple.fr/texts", "0123456789")
    number = make_number(runtime, service)
    received = text_to(number)
    store_received_text(runtime, "sandbox", received)
    store_received_text(runtime, "sandbox", received)
    [row] = stored(runtime, service)
    with runtime.database.autocommit() as connection:
        query = select(CallbackDelivery.payload).where(CallbackDelivery.subject_id == row.id)
        [payload] = connection.scalars(query)
    told = orjson.loads(runtime.keyring.open(CALLBACK_PAYLOAD, payload))
    assert told["source_number"] == "33639980002"
    assert told["destination_number"] == number
    assert told["message"] == "Oui, à 10 h"
