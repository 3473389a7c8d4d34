"""`./scripts/server` as a process, for tests that look at it from outside."""

import json
import os
import random
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import psutil
import psycopg2

from scripts.local.environment import read_environment
from scripts.local.ports import is_free
from scripts.local.processes import ROOT, get_identity

START_SECONDS = 240
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "NOTIFICATIONS_DATA_DIR")
PORTS = 40


class LocalServer:
    """One copy with a data folder and ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.base = _find_port_base()
        self._output = folder / "output"
        self._process: subprocess.Popen[str] | None = None

    def begin(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        command = [
            ROOT / "scripts/server",
            "--data-dir",
            self.data,
            "--port-base",
            str(self.base),
            *arguments,
        ]
        environment = {name: value for name, value in os.environ.items() if name not in ADDRESSES} | settings
        with self._output.open("w") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, text=True, env=environment, cwd="/"
            )
        return self._process

    def start(self, *arguments: str, **settings: str) -> None:
        process = self.begin(*arguments, **settings)
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

    def query(self, statement: str) -> list[tuple]:
        connection = psycopg2.connect(read_environment(self.data)["DATABASE_URL"])
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        finally:
            connection.close()

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


def _find_port_base() -> int:
    bases = random.SystemRandom().sample(range(20_000, 32_000, PORTS), 100)
    return next(base for base in bases if all(is_free(base + offset) for offset in range(PORTS)))
