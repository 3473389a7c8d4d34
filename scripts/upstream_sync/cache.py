"""What was read before, by content: a file or a set of files that is the same gives the same facts.

One SQLite file outside the repository. It may be deleted at any time; another version of the readers does not see it.
"""

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scripts.upstream_sync.errors import UpstreamError

_TABLES = """
create table if not exists rows (place text not null, content text not null, value text not null,
                                 primary key (place, content)) without rowid;
"""
_MOST_TRACES = 8
_KEPT_SECONDS = 30 * 24 * 3600
_MOST_QUESTIONS = 500  # in one query


class UnusableCacheError(UpstreamError):
    """The cache's folder cannot be written, or its disk is full."""


@lru_cache
def readers_version() -> str:
    """Digest of the code that reads facts, and of the parser's versions."""
    folder = Path(__file__).parent
    files = [
        folder / "facts.py",
        folder / "schema_facts.py",
        *folder.glob("surfaces/**/*.py"),
        *folder.glob("syntax/*.py"),
    ]
    files.append(folder.parent.parent / "upstream" / "schema-map.toml")
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes() if path.exists() else b"")
    digest.update(f"{version('tree-sitter')} {version('tree-sitter-python')}".encode())
    return digest.hexdigest()[:16]


class Cache:
    """`place` says what was computed, `content` from what. Closed at the end; everything is written at once then."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _forget_old(folder)
            self._database = sqlite3.connect(folder / f"facts-{readers_version()}.sqlite", timeout=60)
            self._database.execute("pragma journal_mode = wal")
            self._database.execute("pragma synchronous = off")
            self._database.executescript(_TABLES)
            self._memory: dict[str, dict[str, Any]] = {}
        except (OSError, sqlite3.Error) as error:
            raise UnusableCacheError(
                f"the cache in {folder} cannot be used: {error}",
                "Give another folder with --cache, or make room.",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.commit()
        self._database.close()

    def read(self, place: str, contents: Iterable[str]) -> dict[str, Any]:
        """Content → value, of those that are known."""
        memory = self._memory.setdefault(place, {})
        wanted = list(dict.fromkeys(contents))
        missing = [content for content in wanted if content not in memory]
        for start in range(0, len(missing), _MOST_QUESTIONS):
            some = missing[start : start + _MOST_QUESTIONS]
            marks = ",".join("?" * len(some))
            query = f"select content, value from rows where place = ? and content in ({marks})"  # noqa: S608 (question marks)
            rows = self._database.execute(query, [place, *some])
            memory.update((content, json.loads(value)) for content, value in rows)
        return {content: memory[content] for content in wanted if content in memory}

    def write(self, place: str, values: Mapping[str, Any]) -> None:
        self._memory.setdefault(place, {}).update(values)
        rows = [(place, content, json.dumps(value, ensure_ascii=False)) for content, value in values.items()]
        try:
            self._database.executemany("insert or replace into rows values (?, ?, ?)", rows)
            self._database.commit()
        except sqlite3.Error as error:
            raise UnusableCacheError(
                f"the cache cannot be written: {error}", "Make room on its disk."
            ) from error

    def add_trace(self, place: str, content: str, trace: Any) -> None:
        """Several values may hold for one content, each with its own condition; the newest few are kept."""
        known = self.read(place, [content]).get(content, [])
        self.write(place, {content: [trace, *known[: _MOST_TRACES - 1]]})


def _forget_old(folder: Path) -> None:
    """What readers of other versions knew, when nobody has used it for a month."""
    before = time.time() - _KEPT_SECONDS
    for path in folder.glob("facts-*.sqlite"):
        if path.stem != f"facts-{readers_version()}" and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
