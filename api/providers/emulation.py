"""What emulators of providers share: faults on demand, a log of what they were asked, and what they post back.

An emulator is a small HTTP server that follows a provider's documentation, authentication included (design D11), so
that our client is tried over real sockets. A patch brings its own as a subclass of `Emulator`; it is started by
`./scripts/server --emulators`, by `python -m api.providers.emulate MODULE:CLASS --port N --api-url URL`, and by tests
with `running`.
"""

import asyncio
import random
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any, ClassVar, Final

import orjson
from markupsafe import escape
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from api.providers.http_client import is_success
from api.providers.http_server import HttpServer, Request, Response, serve

CONTROL_PREFIX: Final = "/_emulator"
_REQUESTS_KEPT: Final = 2000
_SHOWN_BODY_BYTES: Final = 4000
_POSTS_AT_ONCE: Final = 16
_RETRY_DELAYS_SECONDS: Final = (0.2, 0.5, 1, 2, 5, 10, 20)


class Fault(StrEnum):
    SLOW = "slow"  # the answer comes after `slow_seconds`
    SERVER_ERROR = "server_error"  # 500, nothing is taken
    UNAVAILABLE = "unavailable"  # 503, nothing is taken
    TOO_MANY_REQUESTS = "too_many_requests"  # 429, nothing is taken
    NO_CREDIT = "no_credit"  # nothing is taken
    LOST_ANSWER = "lost_answer"  # the message is taken, and the connection closed without an answer


class Conduct(BaseModel):
    """How an emulator behaves. `faults`: shares of the requests that hand over messages, from 0 to 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    faults: dict[Fault, float] = Field(default_factory=dict)
    slow_seconds: float = Field(default=30, ge=0, le=600)
    receipts: bool = True
    receipt_delay_seconds: float = Field(default=0.2, ge=0, le=3600)
    receipt_copies: int = Field(default=1, ge=1, le=10)
    wrong_signature: bool = False  # what it posts to us carries a proof that is wrong
    outcome: str | None = (
        None  # the provider's own word or code, for every message; None: as the number or address says
    )

    def draw_fault(self) -> Fault | None:
        point = random.random()  # noqa: S311 - not a secret
        for fault, share in self.faults.items():
            point -= share
            if point < 0:
                return fault
        return None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that an emulator got, or posted (`is_ours` false or true), as its log shows it."""

    at: datetime
    is_ours: bool
    method: str
    target: str
    body: str
    status: int | None  # None: no answer
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class CallBack:
    """What is sent to the API, again and again until it answers 2xx."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Emulator(ABC):
    """Subclasses answer as the provider documents. All methods run in one event loop; `conduct` may change any time."""

    display_name: ClassVar[str]

    def __init__(self, api_url: str) -> None:
        """`api_url`: where receipts go, without a slash at the end."""
        self.api_url = api_url.rstrip("/")
        self.address = ""
        self.conduct = Conduct()
        self.exchanges: deque[Exchange] = deque(maxlen=_REQUESTS_KEPT)
        self.posted = 0
        self.given_up = 0
        self._pool = PoolManager(maxsize=_POSTS_AT_ONCE, retries=False, timeout=Timeout(10))
        self._posters = ThreadPoolExecutor(_POSTS_AT_ONCE, thread_name_prefix=self.display_name)
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @abstractmethod
    def environment(cls, address: str) -> dict[str, str]:
        """Settings with which our client talks to an emulator at this address: its URL and made-up credentials."""

    @abstractmethod
    async def answer(self, request: Request) -> Response:
        """The documented API. Credentials are checked here."""

    @abstractmethod
    def is_handing_over(self, request: Request) -> bool:
        """Whether faults concern this request: those that send a message."""

    def answer_fault(self, fault: Fault) -> Response:
        """What the provider answers then; subclasses write its body and headers as documented."""
        return Response(_FAULT_STATUSES[fault], b"{}")

    def call_back(self, make: Callable[[], CallBack], delay_seconds: float | None = None) -> None:
        """Post to the API after a delay; `make` is called when it goes out, so that it sees the conduct of then.

        `delay_seconds` None: that of the conduct, and only if that sends receipts.
        """
        if delay_seconds is None and not self.conduct.receipts:
            return
        delay = self.conduct.receipt_delay_seconds if delay_seconds is None else delay_seconds
        copies = 1 if delay_seconds is not None else self.conduct.receipt_copies
        for _ in range(copies):
            task = asyncio.get_running_loop().create_task(self._post(make, delay))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def handle(self, request: Request) -> Response | None:
        if request.path.startswith(CONTROL_PREFIX) or request.path == "/":
            return self._control(request)
        fault = self.conduct.draw_fault() if self.is_handing_over(request) else None
        if fault is Fault.SLOW:
            await asyncio.sleep(self.conduct.slow_seconds)
        refuses = fault in _FAULT_STATUSES
        response = self.answer_fault(fault) if fault and refuses else await self.answer(request)
        is_lost = fault is Fault.LOST_ANSWER
        self._note(request, None if is_lost else response.status, fault)
        return None if is_lost else response

    async def start(self, host: str, port: int) -> HttpServer:
        server = await serve(self.handle, host, port)
        self.address = f"http://{host}:{server.port}"
        return server

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(
            self._posters.shutdown
        )  # posts under way end before their connections are closed
        self._pool.clear()

    async def _post(self, make: Callable[[], CallBack], delay_seconds: float) -> None:
        await asyncio.sleep(delay_seconds)
        for pause in (*_RETRY_DELAYS_SECONDS, None):
            call = make()
            status = await asyncio.get_running_loop().run_in_executor(self._posters, self._send, call)
            self.exchanges.append(
                Exchange(datetime.now(UTC), True, call.method, call.url, _shown(call.body), status)
            )
            if status is not None and is_success(status):
                self.posted += 1
                return
            if pause is not None:
                await asyncio.sleep(pause)
        self.given_up += 1

    def _send(self, call: CallBack) -> int | None:
        try:
            return self._pool.request(
                call.method, call.url, body=call.body or None, headers=dict(call.headers), redirect=False
            ).status
        except HTTPError:
            return None

    def _note(self, request: Request, status: int | None, fault: Fault | None) -> None:
        target = request.path + (f"?{request.query_string}" if request.query_string else "")
        self.exchanges.append(
            Exchange(datetime.now(UTC), False, request.method, target, _shown(request.body), status, fault)
        )

    def _control(self, request: Request) -> Response:
        match (request.method, request.path.removeprefix(CONTROL_PREFIX)):
            case ("GET", "" | "/"):
                return Response(200, _page(self).encode(), "text/html; charset=utf-8")
            case ("GET", "/exchanges"):
                return Response(200, orjson.dumps(list(self.exchanges)))
            case ("GET", "/conduct"):
                return Response(200, self.conduct.model_dump_json().encode())
            case ("PUT", "/conduct"):
                return self._change_conduct(request.body)
        return Response(404, b'{"error":"there is nothing here"}')

    def _change_conduct(self, body: bytes) -> Response:
        """What the body does not name goes back to its default."""
        try:
            self.conduct = Conduct.model_validate_json(body)
        except ValidationError as error:
            problems = "; ".join(str(problem["msg"]) for problem in error.errors())
            return Response(400, orjson.dumps({"error": problems}))
        return Response(200, self.conduct.model_dump_json().encode())


_FAULT_STATUSES: Final = {
    Fault.SERVER_ERROR: HTTPStatus.INTERNAL_SERVER_ERROR,
    Fault.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Fault.TOO_MANY_REQUESTS: HTTPStatus.TOO_MANY_REQUESTS,
    Fault.NO_CREDIT: HTTPStatus.PAYMENT_REQUIRED,
}


def json_response(status: int, body: Any) -> Response:
    return Response(status, orjson.dumps(body))


@contextmanager
def running(emulator: Emulator, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """The emulator in a thread of this process, for tests; gives its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=emulator.display_name, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(emulator.start(host, port), loop).result(10)
    try:
        yield emulator.address
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server, emulator), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _stop(server: HttpServer, emulator: Emulator) -> None:
    await server.close()
    await emulator.stop()
    await asyncio.sleep(0)


def _shown(body: bytes) -> str:
    return body[:_SHOWN_BODY_BYTES].decode(errors="replace")


def _page(emulator: Emulator) -> str:
    """The log for people: newest first. For developers, in English like the providers' own consoles."""
    rows = "".join(
        f"<tr><td><time>{exchange.at:%H:%M:%S.%f}</time><td>{'→ API' if exchange.is_ours else 'asked'}"
        f"<td>{escape(exchange.method)} {escape(exchange.target)}<td>{exchange.status or 'no answer'}"
        f"<td>{escape(exchange.fault or '')}<td><code>{escape(exchange.body)}</code>"
        for exchange in reversed(emulator.exchanges)
    )
    title = f"{escape(emulator.display_name)} emulator"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>'
        "body{font:16px/1.5 system-ui;margin:2rem}table{border-collapse:collapse;width:100%}"
        "td,th{border-bottom:1px solid #ccc;padding:.4rem;text-align:left;vertical-align:top}"
        "code{white-space:pre-wrap;word-break:break-all}</style>"
        f"<h1>{title}</h1><p>Sends nothing to anyone. Conduct: <code>{escape(emulator.conduct.model_dump_json())}"
        f"</code>, change it with PUT {CONTROL_PREFIX}/conduct.<table><thead><tr><th>Time (UTC)<th>Direction"
        f"<th>Request<th>Status<th>Fault<th>Body</thead><tbody>{rows}</tbody></table>"
    )
