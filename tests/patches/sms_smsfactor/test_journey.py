"""Through the real API, worker code and database: a message comes back as delivered, a reply reaches its service."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from api.app import create_app
from api.config import load_settings
from api.contract import Channel, Status
from api.core.delivery.deliver import deliver
from api.core.inbound.models import InboundNumber, InboundSms
from api.core.notifications.models import Notification
from api.core.suppressions.queries import find_suppression
from api.providers.emulation import Emulator
from api.runtime import Runtime, make_runtime
from api.slots import neutral_slots
from patches.sms_smsfactor.client import SmsfactorSms
from patches.sms_smsfactor.emulator import SmsfactorEmulator
from tests.api.core.delivery.scripted import make_dispatcher, reload
from tests.factories import make_notification, make_service, make_template


@dataclass
class System:
    runtime: Runtime
    client: SmsfactorSms
    inbound_number: str

    def send(self, to: str) -> Notification:
        template = make_template(self.runtime, make_service(self.runtime), content="Bonjour ((nom))")
        message = make_notification(self.runtime, template, to=f"+{to}", normalised_to=to, billable_units=0)
        deliver(make_dispatcher(self.runtime, smsfactor=self.client), Channel.SMS, message.id)
        return reload(self.runtime, message.id)

    def wait_for(self, message: Notification, status: Status) -> Notification:
        self.wait_until(lambda: reload(self.runtime, message.id).status == status)
        return reload(self.runtime, message.id)

    def wait_until(self, is_true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not is_true():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture
def system(
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    start: Callable[[Emulator], str],
    make_client: Callable[..., SmsfactorSms],
) -> Iterator[System]:
    """The emulator knows the API's address only once the API knows the emulator's."""
    emulator = SmsfactorEmulator("")
    inbound_number = f"33700{uuid.uuid4().int % 10**9:09}"
    client = make_client(start(emulator), SMSFACTOR_INBOUND_NUMBER=inbound_number)
    settings = load_settings(
        environment="test",
        database_url=database_url,
        redis_url=redis_url,
        object_store_dir=str(tmp_path),
        cache_seconds=0,
        sms_providers=["smsfactor"],
    )
    slots = replace(neutral_slots(settings), sms_providers={"smsfactor": SmsfactorSms.from_settings})
    runtime = make_runtime(settings, slots)
    server = make_server("127.0.0.1", 0, create_app(settings, runtime), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    emulator.api_url = f"http://127.0.0.1:{server.server_port}"
    yield System(runtime, client, inbound_number)
    server.shutdown()
    thread.join(5)
    server.server_close()
    runtime.close()


@pytest.mark.parametrize(
    ("to", "status"),
    [
        ("33639980001", Status.DELIVERED),
        ("33639980058", Status.DELIVERED),  # after moderation
        ("33639980060", Status.DELIVERED),  # at the second try
        ("33639980025", Status.PERMANENT_FAILURE),
        ("33639980026", Status.TECHNICAL_FAILURE),
        ("33639980032", Status.TEMPORARY_FAILURE),
    ],
)
def test_message_is_handed_over_and_its_receipt_is_applied(system, to, status):
    sent = system.send(to)
    assert sent.sent_by == "smsfactor"
    assert sent.reference.isdecimal()
    assert sent.sent_at is not None
    assert system.wait_for(sent, status).status == status


def test_number_that_smsfactor_filters_fails_at_once(system):
    assert system.send("33639980040").status == Status.PERMANENT_FAILURE


def test_message_waits_for_another_try_when_no_credit_is_left(system):
    assert system.send("33639980053").status == Status.CREATED


def test_number_that_answers_stop_is_suppressed(system):
    number = f"3363998{uuid.uuid4().int % 100:02}71"
    system.send(number)

    def is_suppressed() -> bool:
        with system.runtime.database.session() as session:
            row = find_suppression(session, Channel.SMS, number)
            if row is not None:
                session.delete(row)  # tests share the database
            return row is not None

    system.wait_until(is_suppressed)


def test_reply_reaches_the_service_of_the_number(system):
    service = make_service(system.runtime)
    with system.runtime.unit_of_work() as work:
        work.session.add(
            InboundNumber(number=system.inbound_number, provider="smsfactor", service_id=service.id)
        )
    system.send("33639980070")
    query = select(InboundSms.notify_number, InboundSms.user_number).where(
        InboundSms.service_id == service.id
    )

    def stored() -> list[tuple[str, str]]:
        with system.runtime.database.autocommit() as connection:
            return [tuple(row) for row in connection.execute(query)]

    system.wait_until(lambda: bool(stored()))
    assert stored() == [(system.inbound_number, "33639980070")]
