"""What services are told: received on a socket of ours, sent by the real server (contract: service callbacks)."""

import json
import queue
import re
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from notifications_python_client.notifications import NotificationsAPIClient

from api.contract import CallbackType, Channel, KeyType
from api.core.callbacks.commands import set_callback
from api.core.inbound.models import InboundNumber
from api.providers.sandbox.signing import signature_headers
from api.runtime import Runtime
from tests import factories
from tests.conformance.live_server import LiveServer

TOKEN = "conformance-bearer-token"
SECONDS = 20
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@dataclass(slots=True)
class Receiver:
    """Keeps what services would get; answers with `statuses` in turn, then with 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    received: queue.Queue[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=queue.Queue)

    def next(self) -> tuple[dict[str, str], dict[str, Any]]:
        return self.received.get(timeout=SECONDS)

    def has_silence(self, seconds: float) -> bool:
        time.sleep(seconds)
        return self.received.empty()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.received.put((dict(self.headers), json.loads(body)))
            self.send_response(kept.statuses.pop(0) if kept.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        kept.url = f"http://127.0.0.1:{listening.server_port}/callbacks"
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield kept
        listening.shutdown()
        thread.join()


def make_client(
    runtime: Runtime, server: LiveServer, receiver: Receiver
) -> tuple[NotificationsAPIClient, Any]:
    service = factories.make_service(runtime, permissions=["sms", "email"], prefix_sms=False)
    set_callback(runtime, service.id, CallbackType.DELIVERY_STATUS, receiver.url, TOKEN)
    key = factories.make_key(runtime, service, KeyType.TEST)
    return NotificationsAPIClient(key.text, base_url=server.api_url), service


@pytest.mark.parametrize(
    ("channel", "recipient", "status"),
    [
        (Channel.SMS, "+447700900001", "delivered"),
        (Channel.SMS, "+447700900002", "permanent-failure"),
        (Channel.SMS, "+447700900003", "temporary-failure"),
        (Channel.EMAIL, "delivered@simulator.notify", "delivered"),
        (Channel.EMAIL, "perm-fail@simulator.notify", "permanent-failure"),
        (Channel.EMAIL, "temp-fail@simulator.notify", "temporary-failure"),
    ],
)
def test_delivery_receipt(
    runtime: Runtime, server: LiveServer, receiver: Receiver, channel: Channel, recipient: str, status: str
) -> None:
    client, service = make_client(runtime, server, receiver)
    template = factories.make_template(runtime, service, channel, "Hello")
    send = client.send_sms_notification if channel == Channel.SMS else client.send_email_notification
    sent = send(recipient, str(template.id), reference="call-1")
    headers, body = receiver.next()
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Content-Type"] == "application/json"
    assert all(TIMESTAMP.fullmatch(body.pop(key)) for key in ("created_at", "sent_at", "completed_at"))
    assert body == {
        "id": sent["id"],
        "reference": "call-1",
        "to": recipient,
        "status": status,
        "notification_type": channel,
        "template_id": str(template.id),
        "template_version": 1,
    }
    client.request_session.close()


def test_received_text(runtime: Runtime, server: LiveServer, receiver: Receiver) -> None:
    service = factories.make_service(runtime, permissions=["sms", "inbound_sms"])
    set_callback(runtime, service.id, CallbackType.INBOUND_SMS, receiver.url, TOKEN)
    number = f"4477009{uuid.uuid4().int % 100_000:05d}"
    with runtime.unit_of_work() as work:
        work.session.add(InboundNumber(number=number, provider="sandbox", service_id=service.id))
    text = {
        "reference": uuid.uuid4().hex,
        "from": "+447700900456",
        "to": number,
        "content": "STOP s’il vous plaît",
        "occurred_at": "2026-11-02T10:00:00+00:00",
    }
    raw = json.dumps(text).encode()
    signed = signature_headers(server.environment["SANDBOX_SECRET"].encode(), raw)
    answer = requests.post(
        f"{server.api_url}/notifications/sms/receive/sandbox", data=raw, headers=signed, timeout=10
    )
    assert answer.status_code == 200, answer.text
    headers, body = receiver.next()
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert uuid.UUID(body.pop("id"))
    assert body == {
        "source_number": "447700900456",
        "destination_number": number,
        "message": "STOP s’il vous plaît",
        "date_received": "2026-11-02T10:00:00.000000Z",
    }


@pytest.mark.parametrize("first_status", [429, 500, 503])
def test_refused_for_now_is_tried_again(
    runtime: Runtime, server: LiveServer, receiver: Receiver, first_status: int
) -> None:
    receiver.statuses.append(first_status)
    client, service = make_client(runtime, server, receiver)
    template = factories.make_template(runtime, service, Channel.SMS, "Hello")
    client.send_sms_notification("+447700900001", str(template.id))
    assert receiver.next()[1] == receiver.next()[1]
    client.request_session.close()


@pytest.mark.parametrize("status", [400, 404])
def test_refused_for_good_is_not_tried_again(
    runtime: Runtime, server: LiveServer, receiver: Receiver, status: int
) -> None:
    receiver.statuses.append(status)
    client, service = make_client(runtime, server, receiver)
    template = factories.make_template(runtime, service, Channel.SMS, "Hello")
    client.send_sms_notification("+447700900001", str(template.id))
    receiver.next()
    assert receiver.has_silence(4)
    client.request_session.close()


def test_simulated_recipients_are_not_reported(
    runtime: Runtime, server: LiveServer, receiver: Receiver
) -> None:
    client, service = make_client(runtime, server, receiver)
    template = factories.make_template(runtime, service, Channel.SMS, "Hello")
    client.send_sms_notification("+447700900000", str(template.id))
    assert receiver.has_silence(3)
    client.request_session.close()
