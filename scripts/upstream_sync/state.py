"""A sync on disk, in `.sync/`: what it is about, what was decided, and the files as they were before it.

One rename decides each step: that of `state.json`. Before it, nothing outside `.sync/` has changed; after it, `resume`
brings the step to its end as often as it is stopped, because every file is moved into place whole, the lock last.

    .sync/state.json   step, commits, items, decisions, and which files the step at work puts in place
    .sync/ORIG/        files as they were
    .sync/THEIRS/      facts of the commit that the pin moves to, one file a surface
    .sync/NEXT/        files as they will be
    .sync/ABORTED/     what `abort` took away, kept until the next start
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scripts.upstream_sync.classify import Attention, Class
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.ledger import Verdict
from scripts.upstream_sync.lock import LOCK, Pin, write_whole

FOLDER: Final = ".sync"
_STATE, _ORIG, _NEXT, _THEIRS, _ABORTED = "state.json", "ORIG", "NEXT", "THEIRS", "ABORTED"
# What a sync, or the developer during it, changes: `abort` gives it back. The lock comes last.
_COVERED: Final = (
    "upstream/facts/**/*.jsonl",
    "upstream/pending/*.toml",
    "upstream/extensions/*.toml",
    "upstream/mapping.toml",
    "upstream/schema-map.toml",
    "upstream/ledger.jsonl",
    "patches/series",
    "patches/*/patch.toml",
    LOCK,
)

# Path below the root → digest of the file that is to be there, None for no file. In the order in which they change.
Plan = dict[str, str | None]


class BrokenStateError(UpstreamError):
    """`.sync/` is not as this program left it."""


class BusyError(UpstreamError):
    """Another command works in the same tree."""


class Step(StrEnum):
    OPEN = "open"
    FINISHING = "finishing"  # `continue` has decided
    ABORTING = "aborting"  # `abort` has decided


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Item(_Part):
    """One upstream pull request, without its title: that is upstream's own text.

    `facts`: keys that it changed. `other`: number of the one with which it comes to nothing. `security`: look at it first.
    """

    name: str
    merge: str
    number: int | None = None
    url: str
    class_: Class = Field(validation_alias="class", serialization_alias="class")
    attention: Attention
    security: bool = False
    other: int | None = None
    facts: list[str] = Field(default_factory=list)


class Decision(_Part):
    """A verdict that goes to the ledger, or a day that goes into a pending entry, when the sync ends."""

    verdict: Verdict
    by: str
    on: date
    until: date | None = None
    other: int | None = None
    note: str = ""


class State(_Part):
    """`by`: who began it. `decisions`: by name of an item, or by key of a fact. `plan` belongs to the step at work."""

    source: str
    from_: str = Field(validation_alias="from", serialization_alias="from")
    to: Pin
    began: date
    by: str
    step: Step = Step.OPEN
    items: list[Item] = Field(default_factory=list)
    decisions: dict[str, Decision] = Field(default_factory=dict)
    originals: Plan = Field(default_factory=dict)
    plan: Plan = Field(default_factory=dict)


class SyncFolder:
    """`root`: of the project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / FOLDER
        self.next = self.path / _NEXT
        self.theirs = self.path / _THEIRS

    @property
    def patches(self) -> Path | None:
        """None where the series is not shipped: the core alone."""
        folder = self.root / "patches"
        return folder if folder.is_dir() else None

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """One command at a time, until it ends or is killed. Raises `BusyError`."""
        descriptor = os.open(self.root / "upstream", os.O_RDONLY)  # the root's own lock is bootstrap's
        try:
            _take(descriptor)
            yield
        finally:
            os.close(descriptor)

    def read(self) -> State | None:
        """None when no sync is open. Raises `BrokenStateError`."""
        path = self.path / _STATE
        try:
            return State.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise BrokenStateError(
                f"{FOLDER}/{_STATE} cannot be read: {error.errors()[0]['msg']}",
                f"The files as they were lie in {FOLDER}/{_ORIG}: put them back, or take them from git. Then remove {FOLDER}.",
            ) from None

    def resume(self) -> tuple[State | None, Step | None]:
        """The open sync; and the step that was stopped on its way and has now come to its end, if there was one."""
        state = self.read()
        if state is None or state.step is Step.OPEN:
            return state, None
        self._complete(state)
        return None, state.step

    def prepare(self) -> None:
        """An empty folder: what an earlier sync, or a start that was stopped, left behind is removed."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.theirs.mkdir(parents=True)

    def open(self, state: State) -> State:
        """Saves the originals, then the state: from then on the sync is open."""
        paths = self.list_covered()
        for path in paths:
            _copy(self.root / path, self.path / _ORIG / path)
        opened = state.model_copy(
            update={"originals": {path: _digest(self.path / _ORIG / path) for path in paths}}
        )
        for file in self.theirs.iterdir():
            _secure(file)
        self.write(opened)
        return opened

    def write(self, state: State) -> None:
        text = state.model_dump_json(indent=1, exclude_defaults=True, by_alias=True)
        write_whole(self.path / _STATE, text + "\n")

    def list_covered(self) -> list[str]:
        """Paths below the root, the lock last."""
        found = (path for pattern in _COVERED for path in sorted(self.root.glob(pattern)))
        return [path.relative_to(self.root).as_posix() for path in found]

    def find_edited(self, state: State) -> list[str]:
        """Files that are not as they were at the start, the lock last."""
        paths = dict.fromkeys((*state.originals, *self.list_covered()))
        edited = (path for path in paths if _digest(self.root / path) != state.originals.get(path))
        return sorted(edited, key=_lock_last)

    def fill_next(self) -> Path:
        """A copy of lock and `upstream/`, to be changed and then given to `finish`."""
        shutil.rmtree(self.next, ignore_errors=True)
        shutil.copytree(self.root / "upstream", self.next / "upstream")
        shutil.copy2(self.root / LOCK, self.next / LOCK)
        return self.next

    def finish(self, state: State) -> list[str]:
        """Makes what is in `next` the project's, all of it or nothing. Returns the files that changed."""
        wanted = SyncFolder(self.next).list_covered()
        gone = [
            path for path in self.list_covered() if path not in wanted and not path.startswith("patches/")
        ]
        plan: Plan = dict.fromkeys(gone)
        for path in wanted:
            digest = _digest(self.next / path)
            if digest != _digest(self.root / path):
                _secure(self.next / path)
                plan[path] = digest
        self._decide(state, Step.FINISHING, plan)
        return list(plan)

    def abort(self, state: State) -> list[str]:
        """Gives the originals back. Returns the files that were changed since; they are kept in `.sync/ABORTED`."""
        edited = self.find_edited(state)
        for path in edited:
            if (self.root / path).exists():
                _copy(self.root / path, self.path / _ABORTED / path)
        self._decide(state, Step.ABORTING, {path: state.originals.get(path) for path in edited})
        return edited

    def _decide(self, state: State, step: Step, plan: Plan) -> None:
        decided = state.model_copy(update={"step": step, "plan": plan})
        self.write(decided)
        self._complete(decided)

    def _complete(self, state: State) -> None:
        source = self.next if state.step is Step.FINISHING else self.path / _ORIG
        for path, digest in state.plan.items():
            if _digest(self.root / path) != digest:
                self._put(path, source / path, is_wanted=digest is not None)
        (self.path / _STATE).unlink()
        _flush(self.path)
        is_kept = (self.path / _ABORTED).exists()
        for folder in (self.path / _ORIG, self.next, self.theirs) if is_kept else (self.path,):
            shutil.rmtree(folder, ignore_errors=True)

    def _put(self, path: str, source: Path, *, is_wanted: bool) -> None:
        target = self.root / path
        if not is_wanted:
            target.unlink()
            _flush(target.parent)
            with contextlib.suppress(OSError):  # git keeps no empty folder either
                target.parent.rmdir()
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
            _flush(target.parent)
        else:
            raise BrokenStateError(
                f"{path} was changed while the sync was being ended",
                f"Take upstream.lock, upstream/ and patches/ from git, remove {FOLDER}, and start again.",
            )


def _take(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError(
            "another upstream command is at work here", "Wait for its end, then try again."
        ) from None


def _lock_last(path: str) -> tuple[bool, str]:
    return path == LOCK, path


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _copy(source: Path, target: Path) -> None:
    """With its mode, safe on disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    _secure(target)


def _secure(path: Path) -> None:
    """A file and its name survive a power cut."""
    _flush(path)
    _flush(path.parent)


def _flush(path: Path) -> None:
    """A file's content, or a folder's list of names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
