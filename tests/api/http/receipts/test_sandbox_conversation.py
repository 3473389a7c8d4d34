"""Sandbox and API talk to each other over real sockets."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import orjson
import pytest
from sqlalchemy import func, select
from werkzeug.serving import make_server

from api.app import create_app
from api.config import DEVELOPMENT_SECRET
from api.contract import Channel, Status
from api.core.delivery.claims import claim, record_accepted
from api.core.inbound.models import InboundNumber, InboundSms
from api.core.notifications.models import Notification
from api.providers.http_client import HttpAnswer, ProviderHttp
from api.providers.protocol import Accepted, SmsMessage
from api.providers.sandbox.behaviour import Behaviour, ReceiptMode
from api.providers.sandbox.client import SandboxSms
from api.providers.sandbox.server import SandboxOptions, running_sandbox
from api.providers.sandbox.signing import signature_headers
from api.runtime import Runtime
from tests.factories import make_notifications, make_service, make_template

IMMEDIATE = Behaviour(receipts=ReceiptMode.IMMEDIATE, receipt_copies=2, pending="after", unknown_ids=True)


@pytest.fixture
def api_url(runtime: Runtime) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(runtime.settings, runtime), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def sandbox_url(api_url: str) -> Iterator[str]:
    with running_sandbox(SandboxOptions(DEVELOPMENT_SECRET, api_url, behaviour=IMMEDIATE)) as url:
        yield url


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_receipts_that_beat_the_provider_s_answer_leave_every_message_delivered(
    runtime: Runtime, sandbox_url: str
) -> None:
    template = make_template(runtime, make_service(runtime))
    client = SandboxSms(sandbox_url, DEVELOPMENT_SECRET, 10)
    identifiers = make_notifications(runtime, template, 40, billable_units=0)
    for identifier in identifiers:
        claim(runtime.database, identifier, "sandbox")
        answer = client.send(SmsMessage(identifier, "33639980001", "Bonjour", "MAIRIE", international=False))
        assert isinstance(answer, Accepted)
        record_accepted(runtime, identifier, "sandbox", answer.reference, 1, Status.SENDING)
    client.close()
    query = (
        select(Notification.status, func.count())
        .where(Notification.template_id == template.id)
        .group_by(Notification.status)
    )
    with runtime.database.autocommit() as connection:
        assert dict(connection.execute(query).all()) == {Status.DELIVERED: 40}


def test_automatic_receipt_follows_a_message(runtime: Runtime, sandbox_url: str) -> None:
    template = make_template(runtime, make_service(runtime), Channel.SMS)
    [identifier] = make_notifications(
        runtime, template, 1, status=Status.SENDING, sent_by="sandbox", claimed_at=datetime.now(UTC)
    )
    body = orjson.dumps({"receipts": "auto", "receipt_delay_ms": 10, "receipt_status": "temporary-failure"})
    http = ProviderHttp(sandbox_url, 5)
    http.request(
        "PUT", "/v1/behaviour", body=body, headers=signature_headers(DEVELOPMENT_SECRET.encode(), body)
    )
    http.close()
    client = SandboxSms(sandbox_url, DEVELOPMENT_SECRET, 10)
    client.send(SmsMessage(identifier, "33639980001", "Bonjour", "MAIRIE", international=False))
    client.close()

    def has_failed() -> bool:
        with runtime.database.autocommit() as connection:
            query = select(Notification.status).where(Notification.id == identifier)
            return connection.scalar(query) == Status.TEMPORARY_FAILURE

    wait_until(has_failed)


def test_answer_written_on_the_page_reaches_the_service(runtime: Runtime, sandbox_url: str) -> None:
    service = make_service(runtime)
    number = f"33700{uuid.uuid4().int % 10**9:09}"
    with runtime.unit_of_work() as work:
        work.session.add(InboundNumber(number=number, provider="sandbox", service_id=service.id))
    client = SandboxSms(sandbox_url, DEVELOPMENT_SECRET, 10)
    answer = client.send(SmsMessage(uuid.uuid4(), "33639980001", "Bonjour", number, international=False))
    client.close()
    assert isinstance(answer, Accepted)

    http = ProviderHttp(sandbox_url, 5)
    page = http.request("GET", f"/messages/{answer.reference}")
    assert isinstance(page, HttpAnswer)
    token = page.body.decode().split('name="csrf_token" value="')[1].split('"')[0]
    cookie = page.headers["Set-Cookie"].split(";")[0]
    form = f"csrf_token={token}&to={number}&content=Oui".encode()
    path = f"/messages/{answer.reference}/reply"
    http.request("POST", path, body=form, headers={"Cookie": cookie})
    http.close()

    with runtime.database.autocommit() as connection:
        query = select(InboundSms.notify_number, InboundSms.user_number).where(
            InboundSms.service_id == service.id
        )
        assert connection.execute(query).all() == [(number, "33639980001")]
