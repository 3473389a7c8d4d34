"""The files of the project: what git tracks, or would if it were added."""

import subprocess
from pathlib import Path

from scripts.local.processes import ROOT


def find_files(*suffixes: str) -> list[Path]:
    """Relative to the root; those with one of `suffixes`, or all."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [Path(name) for name in listed.split("\0") if name]
    return [path for path in paths if (not suffixes or path.suffix in suffixes) and (ROOT / path).is_file()]
