"""A lean HTTP/1.1 server for stand-ins of providers: one process, keep-alive, no framework between socket and handler.

Python's own `http.server` takes about 1 ms of CPU a request, which would make the stand-in the bottleneck of every
measurement (docs/performance.md).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote

MAX_HEAD_BYTES = 32 * 1024
MAX_BODY_BYTES = 16 * 1024 * 1024
_HEAD_END = b"\r\n\r\n"
_REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    303: "See Other",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str  # decoded, without the query
    query_string: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = field(default=())


# `None` closes the connection without an answer: a fault that clients must bear.
Handler: TypeAlias = Callable[[Request], Awaitable[Response | None]]


class MalformedHttpError(Exception):
    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(_REASONS[status])


class HttpServer:
    """Made by `serve`; listens until it is closed."""

    def __init__(self, server: asyncio.Server, connections: "set[_Connection]") -> None:
        self._server = server
        self._connections = connections
        self.port: int = server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, and drop the connections that clients keep."""
        self._server.close()
        for connection in tuple(self._connections):
            connection.abort()
        await asyncio.sleep(0)  # the loop notices their ends in its next round


async def serve(handler: Handler, host: str, port: int) -> HttpServer:
    """Port 0 takes a free one."""
    connections: set[_Connection] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(handler, connections), host, port
    )
    return HttpServer(server, connections)


class _Connection(asyncio.Protocol):
    """One request at a time; what a client sends ahead waits in the buffer."""

    _transport: asyncio.Transport

    def __init__(self, handler: Handler, connections: set["_Connection"]) -> None:
        self._handler = handler
        self._connections = connections
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._buffer.clear()
        self._connections.discard(self)

    def abort(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._task is None:
            self._take_request()

    def _take_request(self) -> None:
        try:
            request = take_request(self._buffer)
        except MalformedHttpError as error:
            self._transport.write(_encode(Response(error.status), keep_alive=False))
            self._transport.close()
            return
        if request is not None:
            self._task = asyncio.get_running_loop().create_task(self._answer(request))

    async def _answer(self, request: Request) -> None:
        try:
            response = await self._handler(request)
        except Exception:
            log.exception("stand_in_request_failed")
            response = Response(500)
        self._task = None
        if self._transport.is_closing():
            return
        if response is None:
            self._transport.abort()
            return
        keep_alive = request.headers.get("connection", "").lower() != "close"
        self._transport.write(_encode(response, keep_alive=keep_alive, with_body=request.method != "HEAD"))
        if not keep_alive:
            self._transport.close()
        elif self._buffer:
            self._take_request()


def take_request(buffer: bytearray) -> Request | None:
    """Remove the first whole request from the buffer. Raises `MalformedHttpError`."""
    head_length = buffer.find(_HEAD_END)
    if head_length < 0 or head_length > MAX_HEAD_BYTES:
        if len(buffer) > MAX_HEAD_BYTES:
            raise MalformedHttpError(431)
        return None
    start, *lines = buffer[:head_length].decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    length = headers.get("content-length", "0")
    method, target, version = (*start.split(" "), "", "")[:3]
    if not version.startswith("HTTP/1.") or not length.isdecimal() or "transfer-encoding" in headers:
        raise MalformedHttpError(400)
    if int(length) > MAX_BODY_BYTES:
        raise MalformedHttpError(413)
    body_start = head_length + len(_HEAD_END)
    end = body_start + int(length)
    if len(buffer) < end:
        return None
    body = bytes(buffer[body_start:end])
    del buffer[:end]
    path, _, query_string = target.partition("?")
    return Request(method, unquote(path), query_string, headers, body)


def _encode(response: Response, *, keep_alive: bool, with_body: bool = True) -> bytes:
    lines = [
        f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Status')}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {len(response.body)}",
        *(f"{name}: {value}" for name, value in response.headers),
        *(() if keep_alive else ("Connection: close",)),
    ]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head + response.body if with_body else head
