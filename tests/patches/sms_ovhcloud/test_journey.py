"""A text message from `created` to its end: client, emulator, the API's route and PostgreSQL over real sockets."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.serving import make_server

from api.app import create_app
from api.config import load_settings
from api.contract import Channel
from api.core.delivery.choice import ProviderChoice
from api.core.delivery.deliver import Dispatcher, deliver
from api.core.delivery.polling import forget_ended, poll_receipts
from api.core.notifications.models import Notification
from api.providers.emulation import Conduct, running
from api.runtime import Runtime, make_runtime
from api.slots import neutral_slots
from patches.sms_ovhcloud.client import OvhcloudSms
from patches.sms_ovhcloud.emulator import OvhcloudEmulator
from tests.factories import make_notification, make_service, make_template
from tests.patches.sms_ovhcloud.conftest import wait_until


@dataclass
class Journey:
    runtime: Runtime
    emulator: OvhcloudEmulator
    dispatcher: Dispatcher

    def send_to(self, number: str) -> Notification:
        service = make_service(self.runtime)
        message = make_notification(
            self.runtime,
            make_template(self.runtime, service),
            to=f"+{number}",
            normalised_to=number,
            reply_to_text="MAIRIE",
        )
        deliver(self.dispatcher, Channel.SMS, message.id)
        return message

    def status_of(self, message: Notification) -> str:
        with self.runtime.database.session() as session:
            return session.get_one(Notification, message.id).status


@pytest.fixture
def journey(
    database_url: str, redis_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Journey]:
    settings = load_settings(
        environment="test",
        database_url=database_url,
        redis_url=redis_url,
        cache_seconds=0,
        object_store_dir=str(tmp_path),
        sms_providers=["ovhcloud"],
    )
    slots = replace(neutral_slots(settings), sms_providers={"ovhcloud": OvhcloudSms.from_settings})
    runtime = make_runtime(settings, slots)
    for name, value in OvhcloudEmulator.environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    server = make_server("127.0.0.1", 0, create_app(settings, runtime), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    emulator = OvhcloudEmulator(f"http://127.0.0.1:{server.server_port}")
    emulator.conduct = Conduct(receipt_delay_seconds=0, receipt_copies=2)
    with running(emulator) as address:
        monkeypatch.setenv("OVHCLOUD_ENDPOINT", emulator.environment(address)["OVHCLOUD_ENDPOINT"])
        monkeypatch.setenv("OVHCLOUD_POLL_AFTER_SECONDS", "60")
        client = OvhcloudSms.from_settings(settings)
        with runtime.database.autocommit() as connection:
            connection.execute(text("DELETE FROM provider_details_history"))
            connection.execute(text("DELETE FROM provider_details"))
        choice = ProviderChoice(runtime.database, {Channel.SMS: {"ovhcloud": client}})
        yield Journey(runtime, emulator, Dispatcher(runtime, choice))
        client.close()
    server.shutdown()
    server.server_close()
    thread.join(5)
    runtime.close()


def becomes(journey: Journey, message: Notification, status: str) -> Callable[[], bool]:
    return lambda: journey.status_of(message) == status


@pytest.mark.parametrize(
    ("ending", "status"),
    [("0001", "delivered"), ("9023", "permanent-failure"), ("9024", "temporary-failure")],
)
def test_receipt_ends_a_message(journey: Journey, ending: str, status: str) -> None:
    message = journey.send_to(f"3361234{ending}")
    wait_until(becomes(journey, message, status))
    assert forget_ended(journey.dispatcher) == 1
    assert journey.emulator.account.jobs == {}


def test_number_that_is_not_one_ends_at_once(journey: Journey) -> None:
    assert journey.status_of(journey.send_to("33612349999")) == "permanent-failure"


def test_receipt_with_a_wrong_secret_changes_nothing_and_polling_helps(journey: Journey) -> None:
    journey.emulator.conduct = Conduct(receipt_delay_seconds=0, wrong_signature=True)
    message = journey.send_to("33612340001")
    wait_until(lambda: any(exchange.status == 403 for exchange in journey.emulator.exchanges))
    assert journey.status_of(message) == "sending"
    assert poll_receipts(journey.dispatcher) == 0, "it is not late yet"
    with journey.runtime.database.autocommit() as connection:
        connection.execute(
            text("UPDATE notifications SET sent_at = sent_at - interval '2 minutes' WHERE id = :id"),
            {"id": message.id},
        )
    assert poll_receipts(journey.dispatcher) == 1
    assert journey.status_of(message) == "delivered"
    assert forget_ended(journey.dispatcher) == 1
