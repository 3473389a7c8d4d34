"""Start services, keep them running, stop every one of them."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from scripts.local.errors import CannotStartError
from scripts.local.processes import (
    STOP_SECONDS,
    Program,
    log_excerpt,
    record,
    signal_group,
    spawn,
    wait_until,
)

_LOOK_SECONDS = 0.2
_RESTARTS = 5
_RESTARTS_WITHIN_SECONDS = 60.0


class StopRequestedError(Exception):
    """Somebody pressed Ctrl-C or sent a signal."""


@dataclass(slots=True)
class Service:
    """`stage` orders the stop: higher stages end first."""

    program: Program
    is_ready: Callable[[], bool]
    stage: int
    start_seconds: float = 60.0
    restarts: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.program.name


class Supervisor:
    def __init__(self, records: Path, say: Callable[[str], None], stop_seconds: float = STOP_SECONDS) -> None:
        self._records = records
        self._stop_seconds = stop_seconds
        self._say = say
        self._running: list[tuple[Service, subprocess.Popen[bytes]]] = []
        self._stop_requests = 0
        self._may_interrupt = False

    @contextlib.contextmanager
    def stopping_everything(self) -> Iterator[None]:
        """Within the block signals stop it; however it ends, so do all services."""
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in signals}
        self._may_interrupt = True
        try:
            self._check_stop()
            yield
        finally:
            self._may_interrupt = False
            self._stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self, *services: Service) -> None:
        """Start them together and return when each is ready."""
        self.begin(*services)
        self.wait_for(*services)

    def begin(self, *services: Service) -> None:
        for service in services:
            self._spawn(service)

    def wait_for(self, *services: Service) -> None:
        for service, process in self._running:
            if service in services:
                wait_until(service.is_ready, process, service.program, service.start_seconds)

    def watch(self) -> None:
        """Start again what ends, until a signal comes; `CannotStartError` when something ends again and again."""
        while True:
            for service, process in list(self._running):
                if process.poll() is not None:
                    self._restart(service, process)
            time.sleep(_LOOK_SECONDS)

    def _restart(self, service: Service, process: subprocess.Popen[bytes]) -> None:
        now = time.monotonic()
        service.restarts = [at for at in service.restarts if now - at < _RESTARTS_WITHIN_SECONDS] + [now]
        if len(service.restarts) > _RESTARTS:
            raise CannotStartError(
                f"{service.name} ended {len(service.restarts)} times within a minute.{log_excerpt(service.program)}",
                "Mend what its log names and start again.",
            )
        self._say(f"{service.name} ended (exit code {process.returncode}); starting it again.")
        signal_group(process.pid, signal.SIGKILL)
        self._running.remove((service, process))
        self._spawn(service)
        time.sleep(_LOOK_SECONDS * (len(service.restarts) - 1))

    def _spawn(self, service: Service) -> None:
        # Interrupted between the start and the note of it, a process would be left behind.
        self._may_interrupt = False
        process = spawn(service.program)
        self._running.append((service, process))
        record(service.program, process, self._records)
        self._may_interrupt = True
        self._check_stop()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_requests += 1
        if self._may_interrupt:
            self._check_stop()

    def _check_stop(self) -> None:
        if self._stop_requests:
            self._may_interrupt = False
            raise StopRequestedError

    def _stop_all(self) -> None:
        for stage in sorted({service.stage for service, _ in self._running}, reverse=True):
            self._stop_together([entry for entry in self._running if entry[0].stage == stage])
        self._running.clear()

    def _stop_together(self, entries: list[tuple[Service, subprocess.Popen[bytes]]]) -> None:
        for service, process in entries:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, service.program.stop_signal)
        deadline = time.monotonic() + self._stop_seconds
        requests = self._stop_requests
        while any(process.poll() is None for _, process in entries):
            if time.monotonic() > deadline or self._stop_requests > max(requests, 1):
                break  # too long, or asked once more: no more patience
            time.sleep(0.02)
        for service, process in entries:
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
            self._records.joinpath(f"{service.name}.json").unlink(missing_ok=True)
