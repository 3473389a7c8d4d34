"""A real sandbox, and an API that only writes down what it is told."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from api.providers.http_client import HttpAnswer, ProviderHttp
from api.providers.http_server import Request, Response, serve
from api.providers.sandbox.behaviour import Behaviour, ReceiptMode
from api.providers.sandbox.client import SandboxEmail, SandboxSms
from api.providers.sandbox.server import SandboxOptions, running_sandbox
from api.providers.sandbox.signing import signature_headers

SECRET = "a secret of the tests, long enough 01234"


@dataclass
class ListeningApi:
    """Stands where the API stands; `answers` are its next HTTP statuses, 200 after them."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    heard: threading.Condition = field(default_factory=threading.Condition)

    async def handle(self, request: Request) -> Response:
        with self.heard:
            self.requests.append(request)
            self.heard.notify_all()
            return Response(self.answers.pop(0) if self.answers else 200)

    def wait_for(self, count: int) -> list[Request]:
        with self.heard:
            assert self.heard.wait_for(lambda: len(self.requests) >= count, 10), self.requests
            return list(self.requests)

    @property
    def bodies(self) -> list[Any]:
        return [orjson.loads(request.body) for request in self.requests]


@dataclass
class Sandbox:
    url: str

    def __post_init__(self) -> None:
        self.sms = SandboxSms(self.url, SECRET, 5)
        self.email = SandboxEmail(self.url, SECRET, 5)
        self._http = ProviderHttp(self.url, 5)

    def call(self, method: str, path: str, body: Any = None) -> HttpAnswer:
        content = b"" if body is None else orjson.dumps(body)
        answer = self._http.request(
            method, path, body=content, headers=signature_headers(SECRET.encode(), content)
        )
        assert isinstance(answer, HttpAnswer), answer
        return answer

    def behave(self, **behaviour: Any) -> None:
        answer = self.call("PUT", "/v1/behaviour", {"receipts": "off", "receipt_delay_ms": 0} | behaviour)
        assert answer.status == 200, answer.body

    @property
    def statistics(self) -> dict[str, Any]:
        return orjson.loads(self.call("GET", "/v1/statistics").body)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return orjson.loads(self.call("GET", "/v1/messages").body)["messages"]

    def close(self) -> None:
        self.sms.close()
        self.email.close()
        self._http.close()


@pytest.fixture
def listening_api() -> Iterator[ListeningApi]:
    api = ListeningApi()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(serve(api.handle, "127.0.0.1", 0), loop).result(5)
    api.url = f"http://127.0.0.1:{server.port}"
    yield api
    asyncio.run_coroutine_threadsafe(server.close(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


@pytest.fixture
def sandbox(listening_api: ListeningApi) -> Iterator[Sandbox]:
    """Sends no receipts until told otherwise."""
    options = SandboxOptions(
        secret=SECRET, receipts_url=listening_api.url, behaviour=Behaviour(receipts=ReceiptMode.OFF)
    )
    with running_sandbox(options) as url:
        sandbox = Sandbox(url)
        yield sandbox
        sandbox.close()
