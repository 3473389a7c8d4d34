"""The folder of a local server: `.data/`. Nothing outside it is written or changed."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from scripts.local.errors import CannotStartError


@dataclass(frozen=True, slots=True)
class DataFolder:
    path: Path

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def redis(self) -> Path:
        return self.path / "redis"

    @property
    def objects(self) -> Path:
        return self.path / "objects"

    @property
    def sandbox(self) -> Path:
        return self.path / "sandbox"

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def run(self) -> Path:
        """Of the processes that run now: `<name>.json` each."""
        return self.path / "run"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics"

    @property
    def demo(self) -> Path:
        return self.path / "demo.json"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets.json"

    @property
    def environment(self) -> Path:
        return self.path / "env"

    @property
    def _lock(self) -> Path:
        return self.path / "server.lock"

    def create(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.objects, self.sandbox, self.logs, self.run, self.metrics):
                folder.mkdir(mode=0o700, exist_ok=True)
        except PermissionError as error:
            raise CannotStartError(
                f"The folder {error.filename} cannot be written: it belongs to another user.",
                "Start as that user, or choose another folder with --data-dir.",
            ) from None

    @contextmanager
    def only_server(self) -> Iterator[None]:
        """Hold the folder for this process; `CannotStartError` names the process that holds it."""
        with os.fdopen(os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = lock.read().strip() or "?"
                raise CannotStartError(
                    f"A server already runs on {self.path}: process {holder}.",
                    f"Stop it (kill {holder}), or start another copy: "
                    "./scripts/server --data-dir FOLDER --port-base 7010",
                ) from None
            lock.truncate()
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def clear(self) -> None:
        """Remove what a server keeps: by name, so that nothing is lost when the folder was the wrong one."""
        files = (self.demo, self.secrets, self.environment)
        folders = (self.postgres, self.redis, self.objects, self.sandbox, self.logs, self.run, self.metrics)
        for file in files:
            file.unlink(missing_ok=True)
        for folder in folders:
            if folder.exists():
                shutil.rmtree(folder)

    def empty_metrics(self) -> None:
        """Counters of processes that have ended are of no use to anyone."""
        shutil.rmtree(self.metrics)
        self.metrics.mkdir(mode=0o700)


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made once for each data folder."""

    postgres_password: str
    redis_password: str
    key_ring: str
    sandbox: str
    admin_client: str


def get_secrets(folder: DataFolder) -> Secrets:
    """Those of the folder, made at the first call; never made anew for data that need the old ones."""
    kept = _read(folder.secrets)
    if not kept and (folder.postgres.exists() or folder.demo.exists()):
        raise CannotStartError(
            f"{folder.secrets} is missing, and without it the data beside it cannot be read.",
            "Put it back, or start afresh with --reset.",
        )
    values = {field.name: kept.get(field.name) or secrets.token_urlsafe(32) for field in fields(Secrets)}
    made = Secrets(**values)
    if values != kept:
        write_private(folder.secrets, json.dumps(asdict(made), indent=2) + "\n")
    return made


def write_private(path: Path, text: str) -> None:
    """All of it or nothing, for the owner's eyes."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        found: dict[str, str] = json.loads(path.read_text())
    except ValueError:
        raise CannotStartError(
            f"{path} is damaged: it is not JSON.", "Put a good copy back, or start afresh with --reset."
        ) from None
    return found
