"""`upstream.lock`: which commit of each upstream we follow, and digests of the facts read from it. Made by the tool."""

import json
import os
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from api.patch_series.declaration import InvalidDeclarationError, Table, read_table
from scripts.upstream_sync.errors import UpstreamError

LOCK: Final = "upstream.lock"
VERSION: Final = 1
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]


class SurfacePin(Table):
    """One file of facts. `unresolved`: values that could not be read from the source."""

    count: Count
    digest: Digest
    unresolved: Count = 0


class Pin(Table):
    """One upstream. `frozen`: it is gone or closed; its facts stay, and nothing is fetched any more."""

    id: str
    role: Literal["authority", "advisory", "watch"]
    url: str
    branch: str
    commit: Commit
    committed: date
    first_parent: Count
    reviewed_through: Commit
    parsed_files: Count
    parse_failures: Count = 0
    frozen: bool = False
    surface: dict[str, SurfacePin] = Field(default_factory=dict)


class Lock(Table):
    """`extractor` and `grammar` name what read the facts: facts of different ones are never compared."""

    lock_version: Literal[1] = VERSION
    extractor: str
    grammar: str
    upstream: list[Pin] = Field(default_factory=list)

    def pin(self, id_: str) -> Pin | None:
        return next((pin for pin in self.upstream if pin.id == id_), None)

    def with_pin(self, changed: Pin) -> "Lock":
        """The pin in its old place, or at the end when it is new."""
        pins = [changed if pin.id == changed.id else pin for pin in self.upstream]
        if self.pin(changed.id) is None:
            pins.append(changed)
        return self.model_copy(update={"upstream": pins})


class InvalidLockError(UpstreamError):
    """The sentences say what is wrong and what to do."""


def read_lock(path: Path) -> Lock:
    """Raises `InvalidLockError`."""
    try:
        return read_table(path, path.name, Lock)
    except FileNotFoundError:
        raise InvalidLockError(
            f"{path.name}: the file is missing",
            "Get it back from git, or make a new one: ./scripts/upstream pin",
        ) from None
    except InvalidDeclarationError as error:
        raise InvalidLockError(
            "\n".join(error.problems),
            f"{path.name} is made by the tool: get the committed one back from git.",
        ) from None


def write_lock(path: Path, lock: Lock) -> None:
    """Whoever reads at any moment finds the old lock or the new one. Raises `OSError`."""
    write_whole(path, format_lock(lock))


def write_whole(path: Path, text: str) -> None:
    """Replaces a file in one step that survives a power cut. Raises `OSError`."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def format_lock(lock: Lock) -> str:
    return "\n".join(_lines(lock)) + "\n"


def _lines(lock: Lock) -> Iterator[str]:
    yield "# Made by scripts/upstream; do not edit. What it means: docs/reference/upstream.md"
    yield from _values(lock)
    for pin in lock.upstream:
        yield "\n[[upstream]]"
        yield from _values(pin)
        for name, surface in sorted(pin.surface.items()):
            yield f"\n[upstream.surface.{name}]"
            yield from _values(surface)


def _values(table: Table) -> Iterator[str]:
    for name, value in table.model_dump(by_alias=True).items():
        if not isinstance(value, (dict, list)):
            yield f"{name} = {_value(value)}"


def _value(value: Any) -> str:
    """JSON's text, number and truth are TOML's."""
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
