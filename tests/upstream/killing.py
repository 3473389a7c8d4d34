"""Kills a piece of work before each change that it makes on disk, as `kill -9` would, and tells what is then there.

    python -m tests.upstream.killing WORK TEMPLATE SCRATCH

WORK is `module:function`; it gets the root of a copy of the project TEMPLATE, and is run in a process of its own.
Prints one JSON object per death: the digests of the tree after it, whether a sync was open, and the digests after WORK
was called again (which resumes); in the end one for the work that nobody killed.
"""

import importlib
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.upstream.projects import digest_tree

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"}


def main(target: str, template: str, scratch: str) -> None:
    module, _, name = target.partition(":")
    work: Callable[[Path], None] = getattr(importlib.import_module(module), name)
    os.fsync = lambda _descriptor: (
        None
    )  # a killed process loses nothing that it wrote, and this saves seconds
    for report in kill_at_each_change(work, Path(template), Path(scratch)):
        sys.stdout.write(json.dumps(report) + "\n")


def kill_at_each_change(
    work: Callable[[Path], None], template: Path, scratch: Path
) -> Iterator[dict[str, Any]]:
    number, was_killed = 0, True
    while was_killed:
        number += 1
        root = scratch / str(number)
        shutil.copytree(template, root, ignore=shutil.ignore_patterns(".git"))
        was_killed = _is_killed(work, root, number)
        then, is_open = digest_tree(root), (root / ".sync" / "state.json").exists()
        work(root)
        yield {"then": then, "open": is_open, "again": digest_tree(root)}
        shutil.rmtree(root)


def _is_killed(work: Callable[[Path], None], root: Path, number: int) -> bool:
    """Runs it in a process that dies just before its change of that number; false when it comes to its end."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            sys.addaudithook(_Killer(number))
            work(root)
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit("the work failed by itself")
    return os.WIFSIGNALED(status)


class _Killer:
    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        is_writing = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if event in _CHANGES or is_writing:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
