"""Programs that we start, and what is left of them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.local.errors import CannotStartError
from scripts.local.processes import (
    Program,
    Record,
    end_leftovers,
    get_identity,
    record,
    run,
    spawn,
    stop,
    wait_until,
)

SLEEP = ("sleep", "300")
# Ignores the polite signal, as its child does.
STUBBORN = ("sh", "-c", "trap '' TERM; echo up; sleep 300 & wait; wait")


def test_a_stubborn_program_and_its_children_are_ended(tmp_path: Path) -> None:
    program = Program("stubborn", STUBBORN, log=tmp_path / "log")
    process = spawn(program)
    wait_until(lambda: "up" in (tmp_path / "log").read_text(), process, program, 10)
    stop(process, signal.SIGTERM, seconds=0.1)
    assert _group_is_empty(process.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_a_program_ends_with_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "from scripts.local.processes import *; import sys, time;"
        f"print(spawn(Program('sleep', {SLEEP!r})).pid, flush=True); time.sleep(300)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert get_identity(child)
        parent.kill()
    _wait_for(lambda: get_identity(child) is None)


def test_leftovers_are_ended_and_forgotten(tmp_path: Path) -> None:
    program = Program("left", SLEEP)
    with subprocess.Popen(SLEEP, start_new_session=True) as process:
        record(program, process, tmp_path)
        assert end_leftovers(tmp_path) == ["left"]
        assert process.wait(5) == -signal.SIGTERM
    assert list(tmp_path.iterdir()) == []
    assert end_leftovers(tmp_path) == []


def test_a_process_that_got_the_number_of_an_older_one_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEP, start_new_session=True) as process:
        Record("older", process.pid, "another start", signal.SIGKILL).write(tmp_path)
        assert end_leftovers(tmp_path) == []
        assert process.poll() is None
        process.kill()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "a"}'])
def test_a_record_cut_short_is_forgotten(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert end_leftovers(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_ends_at_once_is_shown_with_its_log(tmp_path: Path) -> None:
    program = Program("broken", ("sh", "-c", "echo the reason; exit 3"), log=tmp_path / "log")
    process = spawn(program)
    with pytest.raises(CannotStartError, match=r"broken ended at once \(exit code 3\)(.|\n)*the reason"):
        wait_until(lambda: False, process, program, 10)


def test_a_step_that_fails_is_shown_with_its_last_words() -> None:
    with pytest.raises(CannotStartError, match=r"step failed \(exit code 4\):\n +why"):
        run(Program("step", ("sh", "-c", "echo why >&2; exit 4")))


def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="no-such-program"):
        run(Program("step", ("no-such-program",)))


def _group_is_empty(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    # Killed, but not yet collected by whoever adopted them.
    states = subprocess.run(
        ["ps", "-o", "stat=", "-g", str(group)], capture_output=True, text=True, check=False
    )
    return all(line.startswith("Z") for line in states.stdout.split())


def _wait_for(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
