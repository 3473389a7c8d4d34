"""`upstream/pending/NNNN.toml`: what upstream has and we have not yet, each with a day by which it must be settled."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from api.patch_series.declaration import InvalidDeclarationError, Table, Text, read_table
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.lock import write_whole
from scripts.upstream_sync.patterns import Pattern

FOLDER: Final = "pending"


class Pending(Table):
    """`facts`: keys, or patterns with `*`. `pull`: the pull request that brought it, as `owner/name#number` or a URL."""

    title: Text
    reason: Text
    opened: date
    deadline: date
    by: Text
    upstream: Text = "uk-api"
    pull: str = ""
    facts: Annotated[list[Text], Field(min_length=1)]


class Entry:
    """A pending entry and the number that its file has."""

    def __init__(self, number: int, pending: Pending) -> None:
        self.number = number
        self.pending = pending
        self.patterns = [Pattern(text) for text in pending.facts]

    @property
    def file(self) -> str:
        return f"upstream/{FOLDER}/{self.number:04}.toml"

    def covers(self, key: str) -> bool:
        return any(pattern.matches(key) for pattern in self.patterns)

    def is_overdue(self, today: date) -> bool:
        return today > self.pending.deadline


class InvalidPendingError(UpstreamError):
    """`problems`: one sentence each, with file and line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(problems), "The form of these files: docs/reference/upstream.md")


def read_pending(folder: Path) -> list[Entry]:
    """All entries by number; none when there is no such folder. Raises `InvalidPendingError`."""
    entries, problems = [], []
    for path in sorted(folder.glob("*.toml")):
        shown = f"upstream/{FOLDER}/{path.name}"
        if not path.stem.isdecimal():
            problems.append(f"{shown}: the name is not a number; call it {next_number(folder):04}.toml")
            continue
        try:
            entries.append(Entry(int(path.stem), read_table(path, shown, Pending)))
        except InvalidDeclarationError as error:
            problems += error.problems
    if problems:
        raise InvalidPendingError(problems)
    return entries


def next_number(folder: Path) -> int:
    """One more than the highest there is: numbers are not used twice while both are open."""
    return max((int(path.stem) for path in folder.glob("*.toml") if path.stem.isdecimal()), default=0) + 1


def write_pending(folder: Path, number: int, pending: Pending) -> Path:
    """Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:04}.toml"
    write_whole(path, "\n".join(_lines(pending)) + "\n")
    return path


def _lines(pending: Pending) -> Iterator[str]:
    for name, value in pending.model_dump(by_alias=True).items():
        if isinstance(value, date):
            yield f"{name} = {value.isoformat()}"
        elif isinstance(value, list):
            yield f"{name} = ["
            yield from (f"    {json.dumps(text, ensure_ascii=False)}," for text in value)
            yield "]"
        else:
            yield f"{name} = {json.dumps(value, ensure_ascii=False)}"
