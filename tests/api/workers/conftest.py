"""Real worker services, a provider's stand-in over HTTP, and both brokers."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import text

from api.config import Settings, load_settings
from api.runtime import Runtime, make_runtime

PATIENCE_SECONDS = 30


def wait_until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain: {what}")


@dataclass
class Provider:
    """Speaks the sandbox's protocol; `delay` seconds before each answer."""

    port: int = 0
    delay: float = 0.0
    given: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


@pytest.fixture
def provider() -> Iterator[Provider]:
    known = Provider()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with known.lock:
                known.given[data["id"]] += 1
            time.sleep(known.delay)
            self._answer(200, {"reference": f"ref-{data['id']}"})

        def do_GET(self) -> None:
            identifier = self.path.rsplit("/", 1)[-1]
            self._answer(200 if identifier in known.given else 404, {"reference": f"ref-{identifier}"})

        def _answer(self, status: int, data: Any) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: Any) -> None:
            """Workers are killed in these tests."""

    server = Server(("127.0.0.1", 0), Handler)
    known.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield known
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> str:
    """Address of each broker in turn; RabbitMQ is skipped where it is not installed."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def settings(
    separate_database_url: str,
    redis_url: str,
    request: pytest.FixtureRequest,
    provider: Provider,
    tmp_path: Path,
) -> Settings:
    broker = request.getfixturevalue("broker") if "broker" in request.fixturenames else redis_url
    return load_settings(
        environment="test",
        database_url=separate_database_url,
        redis_url=redis_url,
        broker_url=broker,
        sandbox_url=f"http://127.0.0.1:{provider.port}",
        object_store_dir=str(tmp_path),
        republish_after_seconds=2,
        unknown_after_seconds=3,
        provider_timeout_seconds=1.5,
    )


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Runtime]:
    runtime = make_runtime(settings)
    yield runtime
    runtime.close()


class Program:
    """One of our programs as a process of its own, with its log."""

    def __init__(self, name: str, settings: Settings, log: Path, *arguments: str) -> None:
        self.log = log
        secrets = {
            "REDIS_URL": settings.redis_url.get_secret_value(),
            "BROKER_URL": settings.broker,
            "DATABASE_URL": settings.database_url,
            "SANDBOX_URL": settings.sandbox_url,
            "OBJECT_STORE_DIR": settings.object_store_dir or "",
            "REPUBLISH_AFTER_SECONDS": str(settings.republish_after_seconds),
            "UNKNOWN_AFTER_SECONDS": str(settings.unknown_after_seconds),
            "PROVIDER_TIMEOUT_SECONDS": str(settings.provider_timeout_seconds),
            "ENVIRONMENT": "test",
        }
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "error::DeprecationWarning", "-m", name, *arguments],
                env=os.environ | secrets,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def children(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Of the log, those of that event."""
        lines = self.log.read_text().splitlines()
        return [
            data for line in lines if line.startswith("{") and (data := json.loads(line))["event"] == event
        ]

    def wait_until_ready(self, processes: int) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            return self.log.read_text().count(" ready.") >= processes

        wait_until(ready, "the worker is ready")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def clean_up(self) -> None:
        children = self.children
        self.process.kill()
        self.process.wait()
        for child in children:
            if child.is_running():
                child.kill()


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts programs; none of them outlives the test."""
    programs: list[Program] = []

    def run(name: str, *arguments: str) -> Program:
        log = tmp_path / f"{name}-{len(programs)}.log"
        programs.append(Program(name, settings, log, *arguments))
        return programs[-1]

    yield run
    for program in programs:
        program.clean_up()


@pytest.fixture
def start_worker(start: Callable[..., Program]) -> Callable[..., Program]:
    def run(processes: int = 1, threads: int = 8, *arguments: str) -> Program:
        worker = start(
            "api.workers.run", "--processes", str(processes), "--threads", str(threads), *arguments
        )
        worker.wait_until_ready(processes)
        return worker

    return run


@pytest.fixture
def count(runtime: Runtime) -> Callable[[str], int]:
    """Of the messages, those of which a condition in SQL is true."""

    def run(condition: str) -> int:
        with runtime.database.autocommit() as connection:
            found = connection.scalar(text(f"SELECT count(*) FROM notifications WHERE {condition}"))
        return int(found or 0)

    return run
