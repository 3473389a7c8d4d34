"""What listens to topics: an API that only hands what they post to one provider, and the real one."""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from werkzeug.serving import make_server

from api.app import create_app
from api.config import load_settings
from api.contract import Channel
from api.core.delivery.deliver import deliver
from api.core.notifications.models import Notification
from api.providers.emulation import Emulator
from api.providers.http_server import Request, Response, serve
from api.providers.protocol import (
    ForbiddenRequestError,
    GivesReceipts,
    MalformedRequestError,
    ProviderEvent,
    ProviderRequest,
    TryAgainLaterError,
    UnauthenticatedRequestError,
)
from api.runtime import Runtime, make_runtime
from api.slots import Slots
from tests.api.core.delivery.scripted import make_dispatcher
from tests.factories import make_notification, make_service, make_template

_STATUSES = {
    ForbiddenRequestError: 403,
    UnauthenticatedRequestError: 401,
    MalformedRequestError: 400,
    TryAgainLaterError: 503,
}


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def settle(emulator: Emulator) -> None:
    """Until it has posted everything: what is under way at the end of a test would be cut off."""
    wait_until(lambda: not emulator._tasks)


def make_certificate(
    key: Any, *, issuer: Any = None, days: tuple[int, int] = (-1, 1), name: str = "sns"
) -> bytes:
    """For `key`, issued by (key, name) or by itself, valid between these days from now."""
    issuer_key, issuer_name = issuer or (key, name)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(Encoding.PEM)


@dataclass
class ReceivingApi:
    url: str = ""
    provider: GivesReceipts | None = None  # 503 until there is one
    events: list[ProviderEvent] = field(default_factory=list)
    requests: list[ProviderRequest] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    heard: threading.Condition = field(default_factory=threading.Condition)

    async def handle(self, request: Request) -> Response:
        asked = ProviderRequest(request.method, request.path, request.headers, request.query, request.body)
        return Response(await asyncio.to_thread(self.take, asked))

    def take(self, request: ProviderRequest) -> int:
        status, events = 503, []
        try:
            if self.provider is not None:
                events = list(self.provider.parse_receipts(request))
                status = 200
        except tuple(_STATUSES) as error:
            status = _STATUSES[type(error)]
        with self.heard:
            self.events += events
            self.requests.append(request)
            self.statuses.append(status)
            self.heard.notify_all()
        return status

    def events_of(self, notification_id: uuid.UUID) -> list[Any]:
        return [event for event in self.events if event.notification_id == notification_id]

    def wait_for_events(self, count: int, notification_id: uuid.UUID) -> list[Any]:
        with self.heard:
            assert self.heard.wait_for(lambda: len(self.events_of(notification_id)) >= count, 10), (
                self.statuses
            )
            return self.events_of(notification_id)

    def wait_for_status(self, status: int, count: int = 1) -> ProviderRequest:
        """The latest request that got this status."""
        with self.heard:
            assert self.heard.wait_for(lambda: self.statuses.count(status) >= count, 10), self.statuses
            return self.requests[len(self.statuses) - 1 - self.statuses[::-1].index(status)]


@contextmanager
def receiving_api() -> Iterator[ReceivingApi]:
    api = ReceivingApi()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(serve(api.handle, "127.0.0.1", 0), loop).result(5)
    api.url = f"http://127.0.0.1:{server.port}"
    try:
        yield api
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(5)
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@contextmanager
def api_with(runtime: Runtime, slots: Slots | None = None, **values: Any) -> Iterator[tuple[Runtime, str]]:
    """The application over a real socket, with other settings: its runtime and its address."""
    own = make_runtime(load_settings(**runtime.settings.model_dump() | values), slots or runtime.slots)
    server = make_server("127.0.0.1", 0, create_app(own.settings, own), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield own, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
        own.close()


def deliver_emails(
    runtime: Runtime, name: str, provider: Any, local_parts: Sequence[str]
) -> dict[str, uuid.UUID]:
    """One e-mail to each of these at exemple.fr, handed over as a worker does."""
    template = make_template(runtime, make_service(runtime), Channel.EMAIL)
    dispatcher = make_dispatcher(runtime, Channel.EMAIL, **{name: provider})
    sent = {}
    for local_part in local_parts:
        address = f"{local_part}@exemple.fr"
        row = make_notification(runtime, template, to=address, normalised_to=address)
        deliver(dispatcher, Channel.EMAIL, row.id)
        sent[local_part] = row.id
    provider.close()
    return sent


def status_of(runtime: Runtime, notification_id: uuid.UUID) -> str:
    query = select(Notification.status).where(Notification.id == notification_id)
    with runtime.database.autocommit() as connection:
        return connection.execute(query).scalar_one()
