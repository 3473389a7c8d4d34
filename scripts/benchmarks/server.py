"""The server that is measured: a real one, started for the benchmark, with its own data in a temporary folder."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import redis

from api.providers.sandbox.signing import signature_headers
from scripts.benchmarks.load import Order
from scripts.benchmarks.processes import Group, group
from scripts.local.environment import read_environment

ROOT = Path(__file__).parents[2]
START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Server:
    data: Path
    demo: Mapping[str, Any]
    environment: Mapping[str, str]

    @property
    def api_url(self) -> str:
        return str(self.demo["api_url"])

    @property
    def live_key(self) -> str:
        return str(self.demo["keys"]["live"])

    @property
    def database_url(self) -> str:
        return self.environment["DATABASE_URL"].replace("+psycopg2", "")

    def pid(self, name: str) -> int:
        return int(json.loads((self.data / "run" / f"{name}.json").read_text())["pid"])

    def group(self, name: str) -> Group:
        return group(name, [self.pid(name)])

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.database_url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def redis(self) -> "redis.Redis":
        return redis.Redis.from_url(self.environment["REDIS_URL"])

    def behave(self, **behaviour: Any) -> None:
        """Change what the sandbox does: latency, receipts, faults."""
        body = json.dumps(behaviour).encode()
        headers = signature_headers(self.environment["SANDBOX_SECRET"].encode(), body)
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.demo['sandbox_url']}/v1/behaviour",
            body,
            headers | {"Content-Type": "application/json"},
            method="PUT",
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """Stop a group of processes for the block, so that it takes no part in what is measured."""
        pids = self.group(name).pids
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def load(
        self, method: str, paths: list[str], *, requests: int, concurrency: int, body: Any = None
    ) -> dict[str, Any]:
        """Run a load in a process of its own."""
        order = Order(self.api_url, method, paths, self.live_key, body, requests, concurrency)
        fields = {name: getattr(order, name) for name in Order.__slots__}
        done = subprocess.run(
            [sys.executable, "-m", "scripts.benchmarks.load"],
            input=json.dumps(fields),
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        result: dict[str, Any] = json.loads(done.stdout)
        return result


@contextmanager
def running_server(port_base: int, **environment: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="notifications-bench-") as folder:
        data = Path(folder) / "data"
        process = subprocess.Popen(
            [str(ROOT / "scripts" / "server"), "--data-dir", str(data), "--port-base", str(port_base)],
            env=os.environ | {"LOG_LEVEL": "WARNING"} | environment,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
        )
        try:
            _wait(process, data)
            yield Server(data, json.loads((data / "demo.json").read_text()), read_environment(data))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait(process: "subprocess.Popen[bytes]", data: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit("The server did not start; ./scripts/server says why.")
        if (data / "demo.json").exists() and _is_ready(data):
            return
        time.sleep(0.2)
    raise SystemExit(f"The server was not ready after {START_SECONDS} seconds.")


def _is_ready(data: Path) -> bool:
    if not (data / "run" / "worker.json").exists():
        return False
    url = json.loads((data / "demo.json").read_text())["api_url"]
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False
