"""The sandbox provider's server: `python -m api.providers.sandbox.server --port 6012 --receipts-url http://…:6010`.

It takes messages like a provider, shows them on a web page and posts receipts. The secret comes from SANDBOX_SECRET.
"""

import argparse
import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.config import load_settings
from api.providers.http_server import Request, Response, serve
from api.providers.sandbox.api import API_PREFIX, SandboxApi
from api.providers.sandbox.behaviour import Behaviour, ReceiptMode
from api.providers.sandbox.pages import Pages
from api.providers.sandbox.receipts import ReceiptOutbox
from api.providers.sandbox.store import MessageStore

_RECEIPTS_OWED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    secret: str
    receipts_url: str
    host: str = "127.0.0.1"
    port: int = 0
    data_dir: Path | None = None
    timezone: str = "UTC"  # of the times on the pages
    behaviour: Behaviour = field(default_factory=Behaviour)


class SandboxServer:
    """Made and used inside one event loop."""

    def __init__(self, options: SandboxOptions) -> None:
        secret = options.secret.encode()
        self._options = options
        self._store = MessageStore(options.data_dir)
        self._outbox = ReceiptOutbox(options.receipts_url, secret)
        self._api = SandboxApi(secret, self._store, self._outbox, options.behaviour)
        self._pages = Pages(secret, options.timezone, self._store, self._outbox, self._api)

    async def start(self) -> str:
        """Returns the address."""
        self._server = await serve(self._handle, self._options.host, self._options.port)
        self._outbox.start()
        self._send_owed_receipts()
        return f"http://{self._options.host}:{self._server.port}"

    async def _handle(self, request: Request) -> Response | None:
        if request.path.startswith(API_PREFIX):
            return await self._api.handle(request)
        return await self._pages.handle(request)

    def _send_owed_receipts(self) -> None:
        """Those that the last run did not get to."""
        behaviour = self._api.behaviour
        if behaviour.receipts is ReceiptMode.OFF:
            return
        since = (datetime.now(UTC) - _RECEIPTS_OWED_FOR).isoformat(timespec="milliseconds")
        for reference in self._store.without_receipt(since):
            self._api.send_receipt_later(reference, behaviour)

    async def stop(self) -> None:
        await self._server.close()
        await self._outbox.stop()
        self._store.close()


async def run_until_stopped(options: SandboxOptions) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = SandboxServer(options)
    address = await server.start()
    print(f"Sandbox: {address}", flush=True)  # noqa: T201 - read by whoever started it with port 0
    await stopped.wait()
    await server.stop()


@contextmanager
def running_sandbox(options: SandboxOptions) -> Iterator[str]:
    """A sandbox in a thread of this process, for tests; gives its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()

    async def start() -> tuple[SandboxServer, str]:
        server = SandboxServer(options)
        return server, await server.start()

    server, address = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield address
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def parse_options(arguments: list[str] | None = None) -> SandboxOptions:
    parser = argparse.ArgumentParser(
        prog="python -m api.providers.sandbox.server", description="A provider that sends nothing to anyone."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=6012, help="port; 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--data-dir", type=Path, help="folder for the messages; by default they stay in memory"
    )
    parser.add_argument(
        "--receipts-url", required=True, help="address of the API, which is told what became of them"
    )
    parser.add_argument(
        "--receipts",
        type=ReceiptMode,
        choices=list(ReceiptMode),
        default=ReceiptMode.AUTO,
        help="when (default: auto)",
    )
    parser.add_argument(
        "--receipt-delay",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="before automatic receipts (default: 1)",
    )
    parser.add_argument("--latency-ms", type=float, default=0, help="time to answer a message (default: 0)")
    given = parser.parse_args(arguments)
    settings = load_settings()
    return SandboxOptions(
        secret=settings.sandbox_secret.get_secret_value(),
        timezone=settings.timezone or "UTC",
        receipts_url=given.receipts_url,
        host=given.host,
        port=given.port,
        data_dir=given.data_dir,
        behaviour=Behaviour(
            receipts=given.receipts, receipt_delay_ms=given.receipt_delay * 1000, latency_ms=given.latency_ms
        ),
    )


if __name__ == "__main__":
    asyncio.run(run_until_stopped(parse_options()))
