"""Services are started together, kept running, and stopped in order."""

import os
import signal
import threading
from pathlib import Path

import pytest

from scripts.local.errors import CannotStartError
from scripts.local.processes import Program, get_identity
from scripts.local.supervisor import Service, StopRequestedError, Supervisor


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, lines: list[str]) -> Supervisor:
    (tmp_path / "run").mkdir()
    return Supervisor(tmp_path / "run", lines.append, stop_seconds=0.3)


def _service(folder: Path, name: str, script: str, stage: int = 0) -> Service:
    log = folder / f"{name}.log"
    program = Program(name, ("sh", "-c", f"echo $$; {script}", str(log)), log=log)
    return Service(program, lambda: log.exists() and log.read_text() != "", stage, start_seconds=10)


def _serve(supervisor: Supervisor, *services: Service) -> None:
    with supervisor.stopping_everything():
        supervisor.start(*services)
        supervisor.watch()


def _logged_pid(folder: Path, name: str) -> int:
    return int((folder / f"{name}.log").read_text().split()[0])


def _signal_soon(number: int, after: float = 0.5) -> None:
    threading.Timer(after, os.kill, (os.getpid(), number)).start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(supervisor: Supervisor, tmp_path: Path, number: int) -> None:
    services = [_service(tmp_path, name, "sleep 300") for name in "ab"]
    _signal_soon(number)
    with pytest.raises(StopRequestedError):
        _serve(supervisor, *services)
    assert [get_identity(_logged_pid(tmp_path, name)) for name in "ab"] == [None, None]
    assert list((tmp_path / "run").iterdir()) == []


def test_applications_end_before_the_servers_that_they_use(supervisor: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = "trap 'echo {} >> {}; exit' TERM; while :; do sleep 0.02; done"
    server = _service(tmp_path, "server", script.format("server", order), stage=0)
    application = _service(tmp_path, "application", script.format("application", order), stage=1)
    with supervisor.stopping_everything():
        supervisor.start(server)
        supervisor.start(application)
    assert order.read_text().split() == ["application", "server"]


def test_what_does_not_want_to_stop_is_killed(supervisor: Supervisor, tmp_path: Path) -> None:
    with supervisor.stopping_everything():
        supervisor.start(_service(tmp_path, "stubborn", "trap '' TERM; while :; do sleep 0.1; done"))
    assert get_identity(_logged_pid(tmp_path, "stubborn")) is None


def test_what_dies_is_started_again(supervisor: Supervisor, tmp_path: Path, lines: list[str]) -> None:
    service = _service(tmp_path, "a", 'if [ "$(wc -l <$0)" -eq 1 ]; then kill -9 $$; fi; sleep 300')
    _signal_soon(signal.SIGTERM, after=0.8)
    with pytest.raises(StopRequestedError):
        _serve(supervisor, service)
    assert lines == ["a ended (exit code -9); starting it again."]
    assert len((tmp_path / "a.log").read_text().splitlines()) == 2


@pytest.mark.slow
def test_what_dies_again_and_again_ends_the_server(supervisor: Supervisor, tmp_path: Path) -> None:
    service = _service(tmp_path, "a", "sleep 0.05; echo the reason")
    with pytest.raises(CannotStartError, match=r"a ended 6 times(.|\n)*the reason"):
        _serve(supervisor, service)


def test_a_failed_start_stops_what_had_started(supervisor: Supervisor, tmp_path: Path) -> None:
    broken = Service(Program("broken", ("sh", "-c", "sleep 0.2; exit 1")), lambda: False, 1)
    with pytest.raises(CannotStartError, match="broken ended at once"):
        _serve(supervisor, _service(tmp_path, "good", "sleep 300"), broken)
    assert get_identity(_logged_pid(tmp_path, "good")) is None


def test_a_signal_during_the_start_stops_it(supervisor: Supervisor) -> None:
    slow = Service(Program("slow", ("sleep", "300")), lambda: False, 0, start_seconds=30)
    _signal_soon(signal.SIGINT)
    with pytest.raises(StopRequestedError):
        _serve(supervisor, slow)
