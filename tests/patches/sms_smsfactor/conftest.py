"""The emulator of SMSFactor on a socket, our client in front of it, and an API that writes down what it is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from api.config import load_settings
from api.providers.emulation import Emulator, running
from api.providers.http_server import Request, Response
from patches.sms_smsfactor.client import SmsfactorSms
from patches.sms_smsfactor.emulator import SmsfactorEmulator


class Canned(Emulator):
    """Answers each request with the next of `responses`; the last one stays."""

    display_name = "Canned"

    def __init__(self, *responses: Response) -> None:
        super().__init__("")
        self.responses = list(responses)

    @classmethod
    def environment(cls, address: str) -> dict[str, str]:
        return {}

    def is_handing_over(self, request: Request) -> bool:
        return False

    async def answer(self, request: Request) -> Response:
        return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]


@dataclass
class Listening(Canned):
    """Stands where the API stands."""

    requests: list[Request] = field(default_factory=list)
    heard: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        Canned.__init__(self, Response(200))

    async def answer(self, request: Request) -> Response:
        with self.heard:
            self.requests.append(request)
            self.heard.notify_all()
        return await super().answer(request)

    def wait_for(self, count: int) -> list[Request]:
        with self.heard:
            assert self.heard.wait_for(lambda: len(self.requests) >= count, 10)
            return list(self.requests)


@pytest.fixture
def start() -> Iterator[Callable[[Emulator], str]]:
    """Starts an emulator for as long as the test runs; gives its address."""
    with ExitStack() as stack:
        yield lambda emulator: stack.enter_context(running(emulator))


@pytest.fixture
def api(start: Callable[[Emulator], str]) -> Listening:
    listening = Listening()
    start(listening)
    return listening


@pytest.fixture
def emulator(start: Callable[[Emulator], str], api: Listening) -> SmsfactorEmulator:
    """Posts at once."""
    emulator = SmsfactorEmulator(api.address)
    emulator.conduct = emulator.conduct.model_copy(update={"receipt_delay_seconds": 0})
    start(emulator)
    return emulator


@pytest.fixture
def make_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SmsfactorSms]]:
    """A client with the settings that talk to an address; others as keywords, in their environment names."""
    with ExitStack() as stack:

        def make(address: str, *, timeout_seconds: float = 5, **variables: Any) -> SmsfactorSms:
            for name, value in (SmsfactorEmulator.environment(address) | variables).items():
                monkeypatch.setenv(name, str(value))
            settings = load_settings(environment="test", provider_timeout_seconds=timeout_seconds)
            client = SmsfactorSms.from_settings(settings)
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def client(make_client: Callable[..., SmsfactorSms], emulator: SmsfactorEmulator) -> SmsfactorSms:
    return make_client(emulator.address)
