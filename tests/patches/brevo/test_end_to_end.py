"""From our row to Brevo and back: the real application and PostgreSQL, over real sockets."""

import dataclasses
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from api.app import create_app
from api.config import load_settings
from api.contract import Channel, Status
from api.core.complaints.models import Complaint
from api.core.delivery.claims import claim, record_accepted
from api.core.inbound.models import InboundNumber, InboundSms
from api.core.notifications.models import Notification
from api.core.suppressions.models import Suppression
from api.providers.emulation import Conduct, running
from api.providers.protocol import Accepted, EmailMessage, SmsMessage
from api.runtime import Runtime, make_runtime
from api.slots import neutral_slots
from patches.brevo.email import BrevoEmail
from patches.brevo.emulator import BrevoEmulator
from patches.brevo.sms import BrevoSms
from tests.factories import make_notification, make_service, make_template

AT_ONCE = Conduct(receipt_delay_seconds=0, receipt_copies=2)


@dataclass
class Deployment:
    runtime: Runtime
    emulator: BrevoEmulator
    sms: BrevoSms
    email: BrevoEmail

    def send_sms(self, number: str) -> uuid.UUID:
        template = make_template(self.runtime, make_service(self.runtime))
        row = make_notification(self.runtime, template, to=number, normalised_to=number)
        return self._hand_over(
            self.sms, SmsMessage(row.id, number, "Bonjour Léa", "MAIRIE", international=False)
        )

    def send_email(self, address: str) -> uuid.UUID:
        template = make_template(self.runtime, make_service(self.runtime), Channel.EMAIL)
        row = make_notification(self.runtime, template, to=address, normalised_to=address)
        message = EmailMessage(
            row.id, address, "Mairie", "mairie@exemple.fr", None, "Bonjour", "<p>Léa</p>", "Léa", None
        )
        return self._hand_over(self.email, message)

    def _hand_over(self, client: Any, message: SmsMessage | EmailMessage) -> uuid.UUID:
        assert claim(self.runtime.database, message.id, client.name)
        answer = client.send(message)
        assert isinstance(answer, Accepted)
        record_accepted(self.runtime, message.id, client.name, answer.reference, 1, Status.SENDING)
        return message.id

    def status_of(self, notification_id: uuid.UUID) -> str:
        with self.runtime.database.autocommit() as connection:
            query = select(Notification.status).where(Notification.id == notification_id)
            return connection.execute(query).scalar_one()

    def all(self, query: Any) -> list[Any]:
        with self.runtime.database.autocommit() as connection:
            return list(connection.execute(query).all())

    def settle(self) -> None:
        """Until the emulator has told all that it has to tell."""
        wait_until(lambda: not self.emulator._tasks)
        assert self.emulator.given_up == 0


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def deployment(
    database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployment]:
    apps: list[Any] = []

    def application(environ: Any, start_response: Any) -> Any:
        """The address is known before the application, whose settings name it."""
        return apps[0].wsgi_app(environ, start_response)

    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    settings = load_settings(
        environment="test",
        database_url=database_url,
        redis_url=redis_url,
        api_base_url=url,
        cache_seconds=0,
        object_store_dir=str(tmp_path),
        sms_providers=["brevo"],
        email_providers=["brevo"],
    )
    slots = dataclasses.replace(
        neutral_slots(settings),
        sms_providers={"brevo": BrevoSms.from_settings},
        email_providers={"brevo": BrevoEmail.from_settings},
    )
    emulator = BrevoEmulator(url)
    emulator.conduct = AT_ONCE
    with running(emulator) as address:
        for name, value in BrevoEmulator.environment(address).items():
            monkeypatch.setenv(name, value)
        runtime = make_runtime(settings, slots)
        apps.append(create_app(settings, runtime))
        sms, email = BrevoSms.from_settings(settings), BrevoEmail.from_settings(settings)
        yield Deployment(runtime, emulator, sms, email)
        sms.close()
        email.close()
    server.shutdown()
    server.server_close()
    thread.join(5)
    runtime.close()


def test_every_event_of_a_text_has_its_status(deployment: Deployment) -> None:
    expected = {
        "01": Status.DELIVERED,
        "10": Status.TEMPORARY_FAILURE,
        "11": Status.PERMANENT_FAILURE,
        "12": Status.PERMANENT_FAILURE,
        "13": Status.PERMANENT_FAILURE,
        "14": Status.PERMANENT_FAILURE,
        "15": Status.PERMANENT_FAILURE,
        "16": Status.DELIVERED,
        "17": Status.DELIVERED,
        "18": Status.SENDING,
    }
    sent = {digits: deployment.send_sms(f"336399800{digits}") for digits in expected}
    deployment.settle()
    assert {digits: deployment.status_of(sent[digits]) for digits in sent} == expected


@pytest.mark.parametrize("is_batched", [False, True])
def test_every_event_of_an_email_has_its_status(deployment: Deployment, is_batched: bool) -> None:
    deployment.emulator.is_batched = is_batched
    expected = {
        "lea": Status.DELIVERED,
        "deferred": Status.DELIVERED,
        "soft-bounce": Status.TEMPORARY_FAILURE,
        "hard-bounce": Status.PERMANENT_FAILURE,
        "invalid-email": Status.PERMANENT_FAILURE,
        "blocked": Status.PERMANENT_FAILURE,
        "error": Status.TECHNICAL_FAILURE,
        "spam": Status.DELIVERED,
        "unsubscribed": Status.DELIVERED,
        "opened": Status.DELIVERED,
        "click": Status.DELIVERED,
        "request": Status.SENDING,
    }
    domain = f"{uuid.uuid4().hex[:8]}.exemple.fr"
    sent = {word: deployment.send_email(f"{word}@{domain}") for word in expected}
    deployment.settle()
    assert {word: deployment.status_of(sent[word]) for word in sent} == expected

    suppressed = deployment.all(
        select(Suppression.recipient).where(Suppression.recipient.like(f"%@{domain}")).order_by("recipient")
    )
    assert suppressed == [(f"{word}@{domain}",) for word in ("hard-bounce", "invalid-email", "spam")]
    complaints = select(Complaint.complaint_type).where(Complaint.notification_id == sent["spam"])
    assert deployment.all(complaints) == [("spam",)]


def test_stop_is_remembered(deployment: Deployment) -> None:
    number = f"336{uuid.uuid4().int % 10**6:06}16"
    deployment.send_sms(number)
    deployment.settle()
    query = select(Suppression.channel).where(Suppression.recipient == number)
    assert deployment.all(query) == [(Channel.SMS,)]


def test_answer_reaches_the_service_once(deployment: Deployment) -> None:
    runtime = deployment.runtime
    service = make_service(runtime)
    with runtime.unit_of_work() as work:
        # The number of the emulator may have been left to another service by another test.
        for number in work.session.scalars(
            select(InboundNumber).where(InboundNumber.number == BrevoEmulator.INBOUND_NUMBER)
        ):
            work.session.delete(number)
        work.session.flush()
        work.session.add(
            InboundNumber(number=BrevoEmulator.INBOUND_NUMBER, provider="brevo", service_id=service.id)
        )
    deployment.send_sms("33639980017")
    deployment.settle()
    query = select(InboundSms.notify_number, InboundSms.user_number).where(
        InboundSms.service_id == service.id
    )
    assert deployment.all(query) == [(BrevoEmulator.INBOUND_NUMBER, "33639980017")]


def test_receipts_without_the_right_proof_change_nothing(deployment: Deployment) -> None:
    deployment.emulator.conduct = Conduct(receipt_delay_seconds=0, wrong_signature=True)
    sent = [deployment.send_sms("33639980011"), deployment.send_email("hard-bounce@exemple.fr")]
    wait_until(
        lambda: (
            {
                exchange.target.partition("?")[0].rpartition("/notifications")[2]
                for exchange in tuple(deployment.emulator.exchanges)
                if exchange.status == 403
            }
            == {"/sms/brevo", "/email/brevo"}
        )
    )
    assert [deployment.status_of(message) for message in sent] == [Status.SENDING, Status.SENDING]
