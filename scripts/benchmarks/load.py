"""A bounded load on one HTTP server of this machine, from one process, with little CPU of its own.

Requests are made beforehand and sent over fresh connections, as the server's `sync` workers want; `concurrency` of
them are under way at any time. Run as `python -m scripts.benchmarks.load` with a JSON order on standard input, so that
the load does not share an interpreter with what is measured; prints the durations.
"""

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(slots=True)
class Exchange:
    connection: socket.socket
    started: float
    received: bytearray


@dataclass(frozen=True, slots=True)
class Order:
    """`key` is an API key; `body` a JSON object or None for GET; `paths` are used in turn."""

    url: str
    method: str
    paths: list[str]
    key: str
    body: dict[str, Any] | None
    requests: int
    concurrency: int

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        if parts.hostname not in LOOPBACK or parts.port is None:
            raise SystemExit("The load only goes to a port of this machine.")
        return parts.hostname, parts.port


def make_token(key: str) -> str:
    return jwt.encode({"iss": key[-73:-37], "iat": int(time.time())}, key[-36:], algorithm="HS256")


def requests_of(order: Order) -> Iterator[bytes]:
    """One request after the other; the token is as old as the second."""
    body = json.dumps(order.body).encode() if order.body is not None else b""
    token, second = "", 0
    for number in range(order.requests):
        if int(time.time()) != second:
            token, second = make_token(order.key), int(time.time())
        path = order.paths[number % len(order.paths)]
        head = (
            f"{order.method} {path} HTTP/1.1\r\nHost: {urlsplit(order.url).netloc}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        yield head.encode() + body


def run(order: Order) -> dict[str, Any]:
    """Statuses by count, durations in seconds, and the time that all took."""
    pending = requests_of(order)
    selector = selectors.DefaultSelector()
    durations: list[float] = []
    statuses: dict[str, int] = {}
    begin = time.perf_counter()
    under_way = sum(_start(order, pending, selector) for _ in range(order.concurrency))
    while under_way:
        for key, _ in selector.select(timeout=30):
            exchange: Exchange = key.data
            if _read(exchange):
                continue
            selector.unregister(exchange.connection)
            exchange.connection.close()
            durations.append(time.perf_counter() - exchange.started)
            status = exchange.received[9:12].decode() or "none"
            statuses[status] = statuses.get(status, 0) + 1
            under_way += _start(order, pending, selector) - 1
    return {"seconds": time.perf_counter() - begin, "durations": durations, "statuses": statuses}


def _start(order: Order, pending: Iterator[bytes], selector: selectors.BaseSelector) -> int:
    """Send the next request; 0 when there is none left."""
    request = next(pending, None)
    if request is None:
        return 0
    started = time.perf_counter()
    connection = socket.create_connection(order.address, timeout=30)
    connection.sendall(request)
    connection.setblocking(False)
    selector.register(connection, selectors.EVENT_READ, Exchange(connection, started, bytearray()))
    return 1


def _read(exchange: Exchange) -> bool:
    """Whether more is to come."""
    try:
        chunk = exchange.connection.recv(1 << 20)
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False
    exchange.received += chunk
    return bool(chunk)


if __name__ == "__main__":
    json.dump(run(Order(**json.load(sys.stdin))), sys.stdout)
