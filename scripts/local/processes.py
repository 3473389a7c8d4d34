"""Programs that we start: each in a process group of its own, tied to our life, and recognisable later."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from scripts.local.errors import CannotStartError

ROOT = Path(__file__).resolve().parents[2]
_LAUNCH = Path(__file__).with_name("launch.py")
_POLL_SECONDS = 0.02
_LONGEST_POLL_SECONDS = 0.2
STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. `user` and `reach` are for `launch.py`; without `log` it writes where we write."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    stop_signal: int = signal.SIGTERM
    user: str | None = None
    reach: tuple[str, ...] = ()


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start it as leader of a new group; the kernel stops it when this process ends (Linux)."""
    output = program.log.open("ab") if program.log else None
    try:
        return subprocess.Popen(
            launch_command(program),
            cwd=ROOT,
            env={**os.environ, **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
        )
    finally:
        if output:
            output.close()


def launch_command(program: Program) -> list[str]:
    command = [sys.executable, "-I", "-S", str(_LAUNCH), "--parent", str(os.getpid())]
    command += ["--stop-signal", str(int(program.stop_signal))]
    if program.user:
        command += ["--user", program.user]
    for path in program.reach:
        command += ["--reach", path]
    return [*command, "--", *program.command]


def run(program: Program, *, input_text: str = "") -> None:
    """Run it to its end; `CannotStartError` with its last words when it fails."""
    done = subprocess.run(
        launch_command(program),
        cwd=ROOT,
        env={**os.environ, **program.environment},
        input=input_text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if program.log:
        with program.log.open("ab") as log:
            log.write(done.stdout)
    if done.returncode != 0:
        raise CannotStartError(
            f"{program.name} failed (exit code {done.returncode}):\n{last_lines(done.stdout.decode(errors='replace'))}",
            "Mend what it names and start again.",
        )


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], program: Program, seconds: float
) -> None:
    """Return once `ready()`; `CannotStartError` with the end of its log when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    pause = _POLL_SECONDS
    while not ready():
        if process.poll() is not None:
            raise CannotStartError(
                f"{program.name} ended at once (exit code {process.returncode}).{log_excerpt(program)}",
                "Mend what its log names and start again.",
            )
        if time.monotonic() > deadline:
            raise CannotStartError(
                f"{program.name} did not answer within {seconds:.0f} s.{log_excerpt(program)}",
                "A busy machine needs longer: start again. Otherwise mend what its log names.",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)


def stop(process: subprocess.Popen[bytes], stop_signal: int, seconds: float = STOP_SECONDS) -> None:
    """Ask it to end, insist after `seconds`, and leave nobody of its group behind."""
    if process.poll() is None:
        process.send_signal(stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    signal_group(process.pid, signal.SIGKILL)
    process.wait()


def signal_group(group: int, number: int) -> bool:
    """Whether there was anybody to send it to."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        return False
    return True


def get_identity(pid: int) -> str | None:
    """What tells this process from a later one with the same number; None when it is gone."""
    try:
        if sys.platform != "linux":
            return f"{psutil.Process(pid).create_time():.2f}"
        # Ticks since boot, which no change of the clock moves; psutil's answer is relative to the clock.
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, psutil.Error):
        return None
    state, started = after_name[0], after_name[19]
    return None if state == "Z" else f"{boot}:{started}"


@dataclass(frozen=True, slots=True)
class Record:
    """A process on disk, so that a later start can find what a killed one left."""

    name: str
    pid: int
    identity: str
    stop_signal: int

    @classmethod
    def read(cls, path: Path) -> "Record | None":
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):  # killed while writing
            return None

    def write(self, folder: Path) -> None:
        folder.joinpath(f"{self.name}.json").write_text(
            json.dumps(
                {
                    "name": self.name,
                    "pid": self.pid,
                    "identity": self.identity,
                    "stop_signal": self.stop_signal,
                }
            )
        )

    def is_running(self) -> bool:
        return get_identity(self.pid) == self.identity


def record(program: Program, process: subprocess.Popen[bytes], folder: Path) -> None:
    identity = get_identity(process.pid)
    if identity:
        Record(program.name, process.pid, identity, int(program.stop_signal)).write(folder)


def end_leftovers(folder: Path, seconds: float = STOP_SECONDS) -> list[str]:
    """Stop what records in `folder` name and still runs, and forget the records. The names of what was stopped."""
    found = {path: Record.read(path) for path in sorted(folder.glob("*.json"))}
    running = [entry for entry in found.values() if entry and entry.is_running()]
    for entry in running:
        signal_group(entry.pid, entry.stop_signal)
    deadline = time.monotonic() + seconds
    while any(entry.is_running() for entry in running) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    for entry in running:
        signal_group(entry.pid, signal.SIGKILL)
    for path in found:
        path.unlink(missing_ok=True)
    return [entry.name for entry in running]


def log_excerpt(program: Program) -> str:
    if not program.log or not program.log.exists():
        return ""
    with program.log.open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - 20_000))
        text = log.read().decode(errors="replace")
    return f" The end of {program.log}:\n{last_lines(text)}"


def last_lines(text: str, count: int = 15) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-count:])
