"""What groups of processes use: CPU time and memory, read from the system."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Group:
    """Processes that are measured together: a name for people, and their identifiers."""

    name: str
    pids: tuple[int, ...]

    def cpu_seconds(self) -> float:
        """User and system time spent so far by those that still run."""
        return sum(_cpu_seconds(pid) for pid in self.pids)

    def proportional_megabytes(self) -> float:
        """Proportional set size: shared pages count for each process in proportion. Linux only."""
        return sum(_proportional_kilobytes(pid) for pid in self.pids) / 1024


def _cpu_seconds(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _proportional_kilobytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def group(name: str, roots: Iterable[int]) -> Group:
    """Each root with all its descendants."""
    pids = []
    for root in roots:
        process = psutil.Process(root)
        pids += [process.pid, *(child.pid for child in process.children(recursive=True))]
    return Group(name, tuple(dict.fromkeys(pids)))
