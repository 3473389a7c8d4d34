"""Git as the person who works here uses it: our own work tree, and a contributor's clone of upstream."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.git import ENVIRONMENT, last_line

_SHOWN_FILES: Final = 5


class WorkTreeError(UpstreamError):
    """git refused, or the tree is not as it must be."""


def run_git(root: Path, *arguments: str, check: bool = True) -> str:
    """Without the last line's end; empty when it fails and `check` is off. Raises `WorkTreeError`."""
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, env=os.environ | ENVIRONMENT)
    if done.returncode != 0 and check:
        raise WorkTreeError(f"git {arguments[0]} failed in {root.name}: {last_line(done.stderr)}")
    return "" if done.returncode != 0 else done.stdout.decode("utf-8", "replace").rstrip("\n")


def require_clean(root: Path) -> None:
    """Nothing changed and nothing new, `.gitignore` left aside. Raises `WorkTreeError`."""
    changed = run_git(root, "status", "--porcelain", "--untracked-files=all").splitlines()
    if changed:
        raise WorkTreeError(
            f"files are changed: {_shorten([line[3:] for line in changed])}",
            "Commit them first, or put them aside: a sync is to be seen, and undone, by itself.",
        )


def find_person(root: Path) -> str:
    """Raises `WorkTreeError`."""
    return _find_setting(root, "user.name", "a verdict needs a name", "Give --by NAME")


def find_address(root: Path) -> str:
    """Raises `WorkTreeError`."""
    return _find_setting(root, "user.email", "nobody knows which commits are ours", "Give --author ADDRESS")


def _find_setting(root: Path, name: str, problem: str, cure: str) -> str:
    found = run_git(root, "config", name, check=False).strip()
    if not found:
        raise WorkTreeError(problem, f"{cure}, or set {name} in git.")
    return found


def _shorten(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN_FILES]) + ", …" * (len(names) > _SHOWN_FILES)
