"""`./scripts/server` from outside: real starts, real ends."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scripts.local.ports import is_free
from scripts.local.processes import ROOT, get_identity

pytestmark = pytest.mark.slow

START_SECONDS = 120
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "NOTIFICATIONS_DATA_DIR")


class LocalServer:
    """One copy with a data folder and ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.base = _find_port_base()
        self._output = folder / "output"
        self._process: subprocess.Popen[str] | None = None

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        command = [
            ROOT / "scripts/server",
            "--data-dir",
            self.data,
            "--port-base",
            str(self.base),
            *arguments,
        ]
        environment = {name: value for name, value in os.environ.items() if name not in ADDRESSES}
        with self._output.open("w") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, text=True, env=environment, cwd="/"
            )
        return self._process

    def start(self, *arguments: str) -> None:
        process = self.begin(*arguments)
        deadline = time.monotonic() + START_SECONDS
        while "Ctrl-C stops everything" not in self.output:
            assert process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)

    def stop(self, number: int) -> int:
        assert self._process
        self._process.send_signal(number)
        return self._process.wait(60)

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def demo(self) -> dict:
        return json.loads((self.data / "demo.json").read_text())

    def answers(self) -> bool:
        with urllib.request.urlopen(f"{self.demo['api_url']}/health/ready", timeout=10) as answer:
            return answer.status == 200

    def get_family(self) -> dict[int, str]:
        """Identity of every process that it started, and theirs."""
        members = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
        return {member.pid: identity for member in members if (identity := get_identity(member.pid))}

    def end(self) -> None:
        if self._process and self._process.poll() is None:
            self.stop(signal.SIGTERM)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServer]:
    (tmp_path / "first").mkdir()
    copy = LocalServer(tmp_path / "first")
    yield copy
    copy.end()


@pytest.fixture
def second_server(tmp_path: Path) -> Iterator[LocalServer]:
    (tmp_path / "second").mkdir()
    copy = LocalServer(tmp_path / "second")
    yield copy
    copy.end()


def test_from_nothing_to_a_demo_and_again(server: LocalServer) -> None:
    server.start()
    demo = server.demo
    assert server.answers()
    assert demo["api_url"] == f"http://127.0.0.1:{server.base}"
    assert {"live", "team", "test"} <= demo["keys"].keys()
    assert demo["keys"]["live"] in server.output
    assert [path.name for path in server.data.iterdir() if path.stat().st_mode & 0o077] == []

    _check_refused(server, f"already runs on {re.escape(str(server.data))}: process {server.pid}")

    family = server.get_family()
    assert len(family) >= 9  # supervisor, PostgreSQL, Redis, sandbox, API and its two, worker, scheduler
    assert server.stop(signal.SIGTERM) == 0
    assert _find_running(family) == []
    assert list((server.data / "run").iterdir()) == []

    server.start()
    assert server.demo == demo
    family = server.get_family()
    assert server.stop(signal.SIGINT) == 0
    assert _find_running(family) == []


def test_two_copies_of_which_one_is_killed_and_reset(server: LocalServer, second_server: LocalServer) -> None:
    server.begin()
    second_server.start()
    server_family = second_server.get_family()
    service = second_server.demo["service_id"]
    assert second_server.stop(signal.SIGKILL) == -signal.SIGKILL
    if sys.platform == "linux":
        _wait_until_ended(server_family)

    second_server.start("--reset")  # elsewhere this ends what was left
    assert _find_running(server_family) == []
    assert second_server.demo["service_id"] != service
    assert second_server.answers()
    assert server.answers()
    assert second_server.stop(signal.SIGHUP) == 0
    assert server.answers()


def test_a_taken_port_is_named_with_its_holder(server: LocalServer) -> None:
    with socket.create_server(("127.0.0.1", server.base + 3)):
        _check_refused(
            server, f"Port {server.base + 3}, meant for PostgreSQL, is taken by process {os.getpid()}"
        )
    assert "--port-base" in server.output
    assert not (server.data / "postgres").exists()


def test_reset_does_not_touch_a_database_of_somebody_else(server: LocalServer) -> None:
    environment = os.environ | {"DATABASE_URL": "postgresql://somewhere/else"}
    command = [ROOT / "scripts/server", "--reset", "--data-dir", server.data]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "--reset cannot empty the database that DATABASE_URL names" in done.stdout


def test_lost_secrets_are_not_replaced_beside_data_that_need_them(server: LocalServer) -> None:
    (server.data / "postgres").mkdir(parents=True)
    _check_refused(server, r"secrets\.json is missing")
    assert not (server.data / "secrets.json").exists()


def _check_refused(server: LocalServer, pattern: str) -> None:
    """A further start ends with status 1 and says why; the one that may run is not disturbed."""
    again = LocalServer(server.data.parent)
    again.base = server.base
    again._output = server.data.parent / "refused"
    assert again.begin().wait(60) == 1
    assert re.search(pattern, again.output)
    assert "Traceback" not in again.output
    if server._process is None:
        server._output = again._output


def _find_port_base() -> int:
    bases = random.SystemRandom().sample(range(20_000, 32_000, 10), 100)
    return next(base for base in bases if all(is_free(base + offset) for offset in range(5)))


def _find_running(family: dict[int, str]) -> list[int]:
    return [pid for pid, identity in family.items() if get_identity(pid) == identity]


def _wait_until_ended(family: dict[int, str]) -> None:
    deadline = time.monotonic() + 30
    while _find_running(family):
        assert time.monotonic() < deadline, _find_running(family)
        time.sleep(0.1)
