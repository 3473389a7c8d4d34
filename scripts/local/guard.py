"""Keep one server alive for as long as its owner lives, although somebody else started it.

Test runs share servers between worker processes: any worker may start one, but it has to end with the run, also
when the run is killed. Run as `python -m scripts.local.guard --owner PID -- command…`.
"""

import argparse
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType

from scripts.local.processes import ROOT, Program, spawn, stop

_LOOK_SECONDS = 0.5


def start_guarded(program: Program, owner: int) -> int:
    """Start `program` so that it ends with the process `owner`. The guard's process id: SIGTERM to it ends both."""
    command = [sys.executable, "-m", "scripts.local.guard", "--owner", str(owner), "--name", program.name]
    command += ["--stop-signal", str(int(program.stop_signal))]
    if program.user:
        command += ["--user", program.user]
    for path in program.reach:
        command += ["--reach", path]
    log = os.open(program.log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # Not a Popen: the starter may end long before the guard does.
        return os.posix_spawn(
            sys.executable,
            [*command, "--", *program.command],
            {**os.environ, **program.environment, "PYTHONPATH": str(ROOT)},
            file_actions=[(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)],
            setsid=True,
        )
    finally:
        os.close(log)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--owner", type=int, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--stop-signal", type=int, default=signal.SIGTERM)
    parser.add_argument("--user")
    parser.add_argument("--reach", action="append", default=[])
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    program = Program(
        name=options.name,
        command=tuple(options.command),
        stop_signal=options.stop_signal,
        user=options.user,
        reach=tuple(options.reach),
    )
    process = spawn(program)
    try:
        wait_for_end(options.owner, process)
    finally:
        stop(process, program.stop_signal)
    return process.returncode


def wait_for_end(owner: int, process: subprocess.Popen[bytes]) -> None:
    """Return when the owner or the server has ended."""
    try:
        watched = [os.pidfd_open(owner), os.pidfd_open(process.pid)]
    except AttributeError:  # no pidfd outside Linux
        while process.poll() is None and _is_alive(owner):
            time.sleep(_LOOK_SECONDS)
        return
    except ProcessLookupError:
        return
    select.select(watched, [], [])


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
