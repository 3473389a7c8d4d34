"""The worker service: `python -m api.workers.run [--queues a,b] [--processes N] [--threads N]`.

Loads the code once, then forks: the processes share that memory. Each is a Celery worker with a pool of threads,
because a delivery mostly waits for its provider. A process that dies is replaced.
"""

import argparse
import gc
import importlib
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from api.config import InvalidConfigurationError, Settings, load_settings
from api.queue import QueueName
from notifications_utils.observability.logs import configure_logging

log = logging.getLogger(__name__)

# What tasks and Celery import late, for the memory to be shared.
_PRELOADED: Final = (
    "api.core.callbacks.send",
    "api.core.delivery.deliver",
    "api.core.delivery.sweeps",
    "api.core.delivery.weights",
    "api.core.tables",
    "api.providers.registry",
    "api.workers.app",
    "api.workers.tasks",
    "celery.apps.worker",
    "celery.concurrency.thread",
    "celery.worker.components",
    "celery.worker.consumer",
    "kombu.transport.pyamqp",
    "kombu.transport.redis",
    "psycopg2.extras",
    "sqlalchemy.dialects.postgresql.psycopg2",
)
_STABLE_AFTER_SECONDS: Final = 10.0
_LONGEST_PAUSE_SECONDS: Final = 30.0
_UNUSABLE: Final = 2


@dataclass(frozen=True, slots=True)
class Options:
    queues: tuple[str, ...]
    processes: int
    threads: int


@dataclass(slots=True)
class Supervisor:
    """Keeps the processes running until it is told to stop; they end by themselves when it is killed."""

    options: Options
    settings: Settings
    _children: dict[int, tuple[int, float]] = field(default_factory=dict)  # pid → place, start
    _waiting: dict[int, float] = field(default_factory=dict)  # place → when to start it
    _failures: int = 0
    _is_stopping: bool = False
    _lifeline: tuple[int, int] = field(default_factory=os.pipe)  # closed by the system when the parent dies
    _wakeup: tuple[int, int] = field(default_factory=os.pipe)

    def run(self) -> int:
        self._listen_to_signals()
        for place in range(self.options.processes):
            self._start(place)
        while self._children or self._waiting:
            self._wait()
            self._reap()
            for place in [place for place, moment in self._waiting.items() if moment <= time.monotonic()]:
                del self._waiting[place]
                self._start(place)
        return 0

    def _listen_to_signals(self) -> None:
        for end in self._wakeup:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wakeup[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())

    def _stop(self) -> None:
        """Let running tasks end; asked a second time, do not wait for them."""
        how = signal.SIGQUIT if self._is_stopping else signal.SIGTERM
        self._is_stopping = True
        self._waiting.clear()
        for pid in self._children:
            os.kill(pid, how)

    def _wait(self) -> None:
        """For a signal, or for the time to start a process again."""
        delay = min(self._waiting.values(), default=None)
        timeout = None if delay is None else max(0.0, delay - time.monotonic())
        if select.select([self._wakeup[0]], [], [], timeout)[0]:
            os.read(self._wakeup[0], 4096)

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            place, started = self._children.pop(pid)
            if self._is_stopping:
                continue
            lived = time.monotonic() - started
            self._failures = 0 if lived > _STABLE_AFTER_SECONDS else self._failures + 1
            pause = min(2.0**self._failures / 2, _LONGEST_PAUSE_SECONDS) if self._failures else 0.0
            code = os.waitstatus_to_exitcode(status)
            log.error("worker_process_died", extra={"worker_pid": pid, "exit_code": code, "pause": pause})
            self._waiting[place] = time.monotonic() + pause

    def _start(self, place: int) -> None:
        pid = os.fork()
        if pid:
            self._children[pid] = (place, time.monotonic())
            return
        code = 1
        try:
            self._become_worker()
            code = _work(self.options, self.settings, place)
        except BaseException:
            log.exception("worker_process_failed")
        finally:
            sys.stdout.flush()
            os._exit(code)

    def _become_worker(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        # The terminal sends Ctrl-C to the whole group; the supervisor decides what becomes of it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for end in (*self._wakeup, self._lifeline[1]):
            os.close(end)
        threading.Thread(target=_end_with_parent, args=(self._lifeline[0],), daemon=True).start()
        gc.enable()


def _end_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _work(options: Options, settings: Settings, place: int) -> int:
    """Be a Celery worker until told to stop; returns the exit code."""
    from celery.exceptions import SecurityWarning

    from api.workers.app import celery
    from api.workers.base import prepare_process

    # Whoever starts the service decides as whom it runs; messages are JSON, which cannot carry code.
    warnings.simplefilter("ignore", SecurityWarning)
    prepare_process(settings, connections=max(4, options.threads // 2))
    worker = celery.Worker(
        pool="threads",
        concurrency=options.threads,
        queues=list(options.queues),
        hostname=f"worker-{place}@{socket.gethostname()}",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker.start()
    return int(worker.exitcode or 0)


def _parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m api.workers.run", description="The worker service.")
    parser.add_argument("--queues", default=",".join(QueueName), help="comma-separated; by default all")
    parser.add_argument("--processes", type=int, default=2, help="default 2")
    parser.add_argument("--threads", type=int, default=16, help="of each process; default 16")
    found = parser.parse_args(arguments)
    queues = tuple(name.strip() for name in found.queues.split(",") if name.strip())
    unknown = sorted(set(queues) - set(QueueName))
    if unknown or not queues:
        parser.error(f"--queues: {', '.join(unknown) or 'none given'}; there are {', '.join(QueueName)}")
    if found.processes < 1 or found.threads < 1:
        parser.error("--processes and --threads: at least 1")
    return Options(queues, found.processes, found.threads)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        settings = load_settings()
    except InvalidConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return _UNUSABLE
    configure_logging("worker", settings.log_level)
    for module in _PRELOADED:
        importlib.import_module(module)
    # Objects made so far are never looked at by the collector again: their pages stay shared.
    gc.collect()
    gc.disable()
    gc.freeze()
    return Supervisor(options, settings).run()


if __name__ == "__main__":
    sys.exit(main())
