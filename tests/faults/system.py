"""The whole application as real processes, each of which can be killed, stopped for a while and started again.

Every part is what `./scripts/server` runs, and watches over its own processes as in production: gunicorn and the worker
service replace what dies. The test takes the place of whoever starts a part again that died as a whole.
"""

import fcntl
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import redis

from api.providers.sandbox.signing import signature_headers
from scripts.local import postgres, redis_server
from scripts.local.data_folder import DataFolder, get_secrets
from scripts.local.demo import load_demo
from scripts.local.emulators import environment_of, find_emulators, make_services
from scripts.local.environment import make_environment
from scripts.local.options import Ports
from scripts.local.ports import is_free
from scripts.local.processes import signal_group, spawn, stop, wait_until
from scripts.local.programs import SERVERS, make_applications
from scripts.local.server import migrate
from scripts.local.supervisor import Service

# Waits short enough for tests. A provider's answer is never awaited longer than half of UNKNOWN_AFTER_SECONDS.
SETTINGS = {
    "DEFAULT_PHONE_REGION": "GB",
    "CACHE_SECONDS": "0.5",
    "REPUBLISH_AFTER_SECONDS": "2",
    "UNKNOWN_AFTER_SECONDS": "4",
    "PROVIDER_TIMEOUT_SECONDS": "2",
    "CALLBACK_RETRY_SECONDS": "1",
    "LOG_LEVEL": "WARNING",
}
START_SECONDS = 120
_SCHEDULER = (sys.executable, "-m", "celery", "-A", "tests.faults.hasty_scheduler", "beat", "--pidfile=")
_PORTS = 16
_BASES = range(20_000, 31_990)
_NO_LIMIT = 1_000_000_000


class System:
    """Parts: `postgres`, `redis`, `sandbox`, `api`, `worker`, `scheduler`; with PATCHES, `emulator-<patch>` for each."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = DataFolder(folder)
        self.folder.create()
        self.ports = Ports(_find_base())
        secrets = get_secrets(self.folder)
        binaries = postgres.find_binaries(self.folder.postgres)
        # Durable: what is committed must survive the kill of the server.
        self.cluster = postgres.Cluster(
            binaries, self.folder.postgres, self.ports.postgres, secrets.postgres_password
        )
        # Not durable: what it held is gone when it is started again.
        self._redis = redis_server.RedisServer(
            redis_server.find_binary(),
            self.folder.redis,
            self.ports.redis,
            secrets.redis_password,
            durable=False,
        )
        addresses = {
            "DATABASE_URL": self.cluster.url(),
            "REDIS_URL": self._redis.url(0),
            "BROKER_URL": self._redis.url(1),
        }
        names = settings["PATCHES"].split(",") if "PATCHES" in settings else ["none"]
        self.emulators = {found.name: found for found in find_emulators(self.ports, names)}
        emulated = environment_of(self.emulators.values())
        chosen = make_environment(self.folder, self.ports, secrets, addresses)
        self.environment = chosen | addresses | emulated | SETTINGS | settings
        self.demo: dict[str, Any] = {}
        self._services = {service.name: service for service in self._make_services()}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._connection: Any = None

    def _make_services(self) -> list[Service]:
        logs = self.folder.logs
        servers = [
            Service(self.cluster.program(logs / "postgres.log"), self.cluster.is_ready, SERVERS),
            Service(self._redis.program(logs / "redis.log"), self._redis.is_ready, SERVERS),
        ]
        applications = make_applications(self.folder, self.ports, self.environment)
        for service in applications:
            if service.name == "scheduler":
                service.program = replace(service.program, command=_SCHEDULER)
        emulators = make_services(self.emulators.values(), self.folder)
        return [*servers, *emulators, *applications]

    # Parts

    def start_everything(self) -> None:
        postgres.create(self.cluster)
        self._redis.create()
        self.start("postgres", "redis")
        migrate(self.folder, self.environment)
        self.demo = load_demo(self.folder, self.environment)
        limits = ("rate_limit", "sms_message_limit", "email_message_limit")
        self.query(f"UPDATE services SET {', '.join(f'{limit} = {_NO_LIMIT}' for limit in limits)}")
        emulators = [name for name in self._services if name.startswith("emulator-")]
        self.start("sandbox", *emulators, "api", "worker", "scheduler")

    def start(self, *names: str) -> None:
        """Together; returns when each is ready."""
        for name in names:
            self._processes[name] = spawn(self._services[name].program)
        for name in names:
            service = self._services[name]
            wait_until(service.is_ready, self._processes[name], service.program, START_SECONDS)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """The part with all its processes, without a word of warning."""
        process = self._processes.pop(name)
        signal_group(process.pid, number)
        process.wait(START_SECONDS)
        _wait_until_gone(process.pid)

    def restart(self, name: str, number: int = signal.SIGKILL, away_seconds: float = 0.0) -> None:
        self.kill(name, number)
        time.sleep(away_seconds)
        self.start(name)

    def children(self, name: str) -> set[int]:
        """The processes that a part watches over."""
        return {child.pid for child in psutil.Process(self._processes[name].pid).children()}

    def command_lines(self) -> list[str]:
        """Of every process, as everybody on the machine sees them."""
        roots = [psutil.Process(process.pid) for process in self._processes.values()]
        family = [member for root in roots for member in (root, *root.children(recursive=True))]
        return [" ".join(member.cmdline()) for member in family]

    def kill_processes(self, *pids: int) -> None:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def is_running(self, name: str) -> bool:
        """Whether the very process that the test started still runs."""
        return self._processes[name].poll() is None

    def stop_everything(self) -> None:
        if self._connection is not None:
            self._connection.close()
        for name in reversed(list(self._processes)):
            stop(self._processes.pop(name), self._services[name].program.stop_signal)

    # What it holds

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return self._query(statement, values)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):  # of a PostgreSQL that was killed
            self._connection = None
            return self._query(statement, values)

    def _query(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = psycopg2.connect(self.cluster.url(), connect_timeout=5)
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def broker(self) -> "redis.Redis":
        return redis.Redis.from_url(self.environment["BROKER_URL"])

    def times_taken(self, ids: Sequence[str]) -> dict[str, int]:
        """How often the provider was handed each message; those it never had are missing."""
        wanted = set(ids)
        rows = self._query_sandbox("SELECT notification_id, times_taken FROM messages")
        return {identifier: times for identifier, times in rows if identifier in wanted}

    def count_texts(self, ids: Sequence[str]) -> int:
        """How many different texts the provider was handed in these messages."""
        wanted = set(ids)
        rows = self._query_sandbox("SELECT notification_id, content FROM messages")
        return len({content for identifier, content in rows if identifier in wanted})

    def _query_sandbox(self, statement: str) -> list[tuple[Any, ...]]:
        file = self.folder.sandbox / "sandbox.sqlite3"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            return connection.execute(statement).fetchall()

    # What the sandbox does

    def exchanges(self, emulator: str) -> list[dict[str, Any]]:
        """The log of an emulator: the last 2,000 requests that it got or made."""
        url = f"{self.emulators[emulator].address}/_emulator/exchanges"
        with urllib.request.urlopen(url, timeout=10) as answer:
            found: list[dict[str, Any]] = json.loads(answer.read())
            return found

    def behave(self, **behaviour: Any) -> None:
        """What is not named goes back to its default."""
        self.ask_sandbox("PUT", "/v1/behaviour", behaviour)

    def sandbox_statistics(self) -> dict[str, Any]:
        return self.ask_sandbox("GET", "/v1/statistics")

    def ask_sandbox(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        raw = b"" if body is None else json.dumps(body).encode()
        return self.signed_request(method, f"{self.demo['sandbox_url']}{path}", raw)

    def post_receipt(self, **receipt: Any) -> dict[str, Any]:
        """As the sandbox posts it; `HTTPError` unless the answer is 2xx."""
        return self.signed_request(
            "POST", f"{self.demo['api_url']}/notifications/sms/sandbox", json.dumps(receipt).encode()
        )

    def get(self, path: str) -> str:
        """A page of the API that everybody may read."""
        with urllib.request.urlopen(f"{self.demo['api_url']}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def signed_request(self, method: str, url: str, raw: bytes) -> dict[str, Any]:
        headers = signature_headers(self.environment["SANDBOX_SECRET"].encode(), raw)
        request = urllib.request.Request(
            url, raw or None, headers | {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found


@contextmanager
def running_system(folder: Path, **settings: str) -> Iterator[System]:
    system = System(folder, **settings)
    try:
        system.start_everything()
        yield system
    finally:
        system.stop_everything()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One test of the run at a time: two systems at work would starve each other on a small machine."""
    with folder.joinpath("faults.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def wait_for(condition: Callable[[], bool], seconds: float, what: str, pause: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)


def _wait_until_gone(group: int) -> None:
    """Every process of a group: a PostgreSQL whose back ends live on cannot be started again."""
    wait_for(lambda: not _has_members(group), START_SECONDS, f"the end of process group {group}")


def _has_members(group: int) -> bool:
    for pid in psutil.pids():
        try:
            if os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return True
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return False


def _find_base() -> int:
    for base in random.SystemRandom().sample(_BASES, 200):
        if all(is_free(base + offset) for offset in range(_PORTS)):
            return base
    raise RuntimeError(f"no {_PORTS} free ports in a row")
