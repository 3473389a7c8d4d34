"""Real servers for tests: one PostgreSQL and one RabbitMQ for a whole run, a Redis for each worker process."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql

from scripts.local import postgres, rabbitmq, redis_server
from scripts.local.guard import start_guarded
from scripts.local.ports import find_free_port
from scripts.local.processes import Program, get_identity, log_excerpt, spawn, stop, wait_until

START_SECONDS = 120
MOST_WORKERS = 16
FOLDER_PREFIX = "notifications-tests-"


@dataclass(frozen=True, slots=True)
class Run:
    """One call of pytest. `folder` is shared by its worker processes; `owner` is the process that ends last."""

    folder: Path
    owner: int

    @classmethod
    def begin(cls) -> "Run":
        _remove_abandoned_folders()
        return cls(Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-")), os.getpid())

    def end(self) -> None:
        """Stop what workers started, whether they asked for it or not, and remove every trace."""
        guards = [int(path.read_text()) for path in self.folder.glob("*.guard")]
        running = {pid: identity for pid in guards if (identity := get_identity(pid))}
        for pid in running:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and any(get_identity(pid) == seen for pid, seen in running.items()):
            time.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_once(self, name: str, start: Callable[[], dict[str, str]]) -> dict[str, str]:
        """What `start` returned to the first worker that asked; the others wait for it."""
        with self._lock(name):
            state = self.folder / f"{name}.json"
            if not state.exists():
                state.write_text(json.dumps(start()))
            found: dict[str, str] = json.loads(state.read_text())
            return found

    def start_guarded(self, program: Program, is_ready: Callable[[], bool]) -> None:
        pid = start_guarded(program, self.owner)
        identity = get_identity(pid)
        self.folder.joinpath(f"{program.name}.guard").write_text(str(pid))
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if get_identity(pid) != identity or time.monotonic() > deadline:
                raise RuntimeError(f"{program.name} did not start.{log_excerpt(program)}")
            time.sleep(0.02)

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        with self.folder.joinpath(f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _remove_abandoned_folders() -> None:
    """Those of runs that were killed: their servers ended with them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*-*"):
        owner = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if owner.isdecimal() and get_identity(int(owner)) is None:
            shutil.rmtree(folder, ignore_errors=True)


class PostgresServer:
    """The run's server. `migrate` is called once for the template from which migrated databases are cloned."""

    def __init__(self, run: Run, migrate: Callable[[str], None]) -> None:
        folder = run.folder / "postgres"
        binaries = postgres.find_binaries(folder)

        def start() -> dict[str, str]:
            cluster = postgres.Cluster(
                binaries, folder, find_free_port(), secrets.token_hex(16), durable=False
            )
            postgres.create(cluster)
            run.start_guarded(cluster.program(run.folder / "postgres.log"), cluster.is_ready)
            return {"port": str(cluster.port), "password": cluster.password}

        self._run = run
        self._migrate = migrate
        state = run.start_once("postgres", start)
        self._cluster = postgres.Cluster(
            binaries, folder, int(state["port"]), state["password"], durable=False
        )

    def url(self, database: str) -> str:
        return self._cluster.url(database)

    def create_database(self, name: str, *, migrated: bool = True) -> str:
        """Its address; an older one of the same name is gone."""
        self.drop_database(name)
        template = self._make_template() if migrated else "template1"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _make_template(self) -> str:
        def make() -> dict[str, str]:
            url = self.create_database("migrated", migrated=False)
            self._migrate(url)
            return {"name": "migrated"}

        return self._run.start_once("template", make)["name"]

    def _execute(self, statement: str, *names: str) -> None:
        connection = psycopg2.connect(self.url(postgres.DATABASE))
        connection.autocommit = True  # databases are not made inside a transaction
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
        finally:
            connection.close()


class RedisServer:
    """One for each worker process: the logical databases of one server have fixed meanings to the application."""

    def __init__(self, run: Run, worker: str) -> None:
        folder = run.folder / f"redis-{worker}"
        self._server = redis_server.RedisServer(
            redis_server.find_binary(), folder, find_free_port(), secrets.token_hex(16), durable=False
        )
        self._server.create()
        self._program = self._server.program(run.folder / f"redis-{worker}.log")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return self._server.url()

    def start(self) -> None:
        if self._process is None:
            self._process = spawn(self._program)
            wait_until(self._server.is_ready, self._process, self._program, START_SECONDS)

    def stop(self) -> None:
        """Stop it at once: what it held is lost, and its port answers nobody until `start()`."""
        if self._process is not None:
            stop(self._process, self._program.stop_signal)
            self._process = None


def start_rabbitmq(run: Run, worker: str) -> str:
    """Address of the worker's own virtual host; `LookupError` where RabbitMQ is not installed."""
    binaries = rabbitmq.find_binaries()
    if binaries is None:
        raise LookupError("RabbitMQ is not installed (Debian: apt-get install rabbitmq-server)")
    hosts = ["master", *(f"gw{number}" for number in range(MOST_WORKERS))]

    def start() -> dict[str, str]:
        ports = [find_free_port() for _ in range(3)]
        node = rabbitmq.Node(binaries, run.folder / "rabbitmq", *ports, secrets.token_hex(16), hosts)
        node.create()
        run.start_guarded(node.name_service(run.folder / "epmd.log"), node.has_name_service)
        run.start_guarded(node.program(run.folder / "rabbitmq.log"), node.is_ready)
        return {host: node.url(host) for host in hosts}

    return run.start_once("rabbitmq", start)[worker]
