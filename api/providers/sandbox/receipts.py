"""Receipts and replies on their way from the sandbox to the API: signed, over HTTP, tried again until taken."""

import asyncio
import contextlib
import ssl
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from api.contract import Status
from api.providers.http_client import is_success
from api.providers.sandbox.behaviour import Behaviour
from api.providers.sandbox.signing import signature_headers
from api.providers.sandbox.store import StoredMessage

RETRY_DELAYS_SECONDS = (0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 60, 60)
SENDERS = 4
_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Delivery:
    """A body to post; `attempt` counts the tries that failed."""

    path: str
    body: bytes
    attempt: int = 0


class ReceiptOutbox:
    """What waits to be posted to the API. `posted` and `given_up` are for tests and statistics."""

    def __init__(self, api_url: str, secret: bytes) -> None:
        self._secret = secret
        self._connections = ApiConnections(api_url)
        self._queue: asyncio.Queue[list[Delivery]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self.posted = 0
        self.given_up = 0

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._work()) for _ in range(SENDERS)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # what they had open closes in the loop's next round
        await self._connections.close()

    def post_later(self, deliveries: list[Delivery], delay_seconds: float) -> None:
        """They go out one after the other."""
        asyncio.get_running_loop().call_later(delay_seconds, self._queue.put_nowait, deliveries)

    async def post_now(self, delivery: Delivery) -> int:
        """Returns the API's HTTP status, or 0 without an answer; what failed is tried again later."""
        headers = signature_headers(self._secret, delivery.body)
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                status = await self._connections.post(delivery.path, delivery.body, headers)
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError):
            status = 0
        if is_success(status):
            self.posted += 1
        elif delivery.attempt >= len(RETRY_DELAYS_SECONDS):
            self.given_up += 1
        else:
            again = Delivery(delivery.path, delivery.body, delivery.attempt + 1)
            self.post_later([again], RETRY_DELAYS_SECONDS[delivery.attempt])
        return status

    async def _work(self) -> None:
        while True:
            for delivery in await self._queue.get():
                await self.post_now(delivery)


def receipts_of(message: StoredMessage, behaviour: Behaviour, status: Status) -> list[Delivery]:
    """All that is posted about one message, in the order in which it goes out."""
    final = _receipt(message, behaviour, status)
    pending = _receipt(message, behaviour, Status.PENDING)
    receipts = [final] * behaviour.receipt_copies
    if behaviour.pending == "before":
        receipts.insert(0, pending)
    elif behaviour.pending == "after":
        receipts.append(pending)
    if behaviour.unknown_ids:
        receipts.append(_receipt_body(status, notification_id=str(uuid.uuid4())))
    return [Delivery(f"/notifications/{message.channel}/sandbox", orjson.dumps(body)) for body in receipts]


def reply_to(message: StoredMessage, to_number: str, content: str) -> Delivery:
    body = {
        "reference": uuid.uuid4().hex,
        "from": message.recipient,
        "to": to_number,
        "content": content,
        "occurred_at": datetime.now(UTC).isoformat(),
    }
    return Delivery("/notifications/sms/receive/sandbox", orjson.dumps(body))


def _receipt(message: StoredMessage, behaviour: Behaviour, status: Status) -> dict[str, Any]:
    if behaviour.by_reference:
        return _receipt_body(status, reference=message.reference)
    return _receipt_body(status, notification_id=message.notification_id, reference=message.reference)


def _receipt_body(status: Status, **which: str) -> dict[str, Any]:
    return {"status": status, "occurred_at": datetime.now(UTC).isoformat(), **which}


class ApiConnections:
    """Kept-alive connections to the API, as many as posts at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._prefix = parts.path.rstrip("/")
        self._authority = parts.netloc
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """Returns the status. Raises `OSError`, `EOFError` or `ValueError` when there is no proper answer."""
        reader, writer = await self._connect()
        kept = False
        try:
            lines = [
                f"POST {self._prefix}{path} HTTP/1.1",
                f"Host: {self._authority}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                *(f"{name}: {value}" for name, value in headers.items()),
            ]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            status, kept = await _read_answer(reader)
        finally:
            if kept:
                self._idle.append((reader, writer))
            else:
                writer.close()
        return status

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port, ssl=self._tls)

    async def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        self._idle.clear()


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status, and whether the connection may be used again."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    start, *lines = head.split("\r\n")
    status = int(start.split(" ")[1])
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    length = headers.get("content-length")
    if length is None or headers.get("connection") == "close":
        return status, False
    await reader.readexactly(int(length))
    return status, True
