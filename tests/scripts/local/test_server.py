"""`./scripts/server` from outside: real starts, real ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local.processes import ROOT, get_identity
from tests.scripts.local.local_server import LocalServer

pytestmark = pytest.mark.slow


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


def _find_running(family: dict[int, str]) -> list[int]:
    return [pid for pid, identity in family.items() if get_identity(pid) == identity]


def _wait_until_ended(family: dict[int, str]) -> None:
    deadline = time.monotonic() + 30
    while _find_running(family):
        assert time.monotonic() < deadline, _find_running(family)
        time.sleep(0.1)
