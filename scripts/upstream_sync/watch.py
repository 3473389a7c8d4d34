"""What we follow: `upstream/watch.toml`, written by hand, and where each source's repository is on this machine."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from scripts.local.processes import ROOT
from scripts.upstream_sync.errors import UpstreamError

WATCH_FILE = ROOT / "upstream" / "watch.toml"


class InvalidWatchError(UpstreamError):
    """`watch.toml` or a `--source` says something that cannot be followed."""


class Role(StrEnum):
    AUTHORITY = "authority"  # its contract is ours
    ADVISORY = "advisory"  # reported, never checked
    WATCH = "watch"  # what is promised: documentation, clients


class Kind(StrEnum):
    API = "api"
    ADMIN = "admin"
    UTILS = "utils"
    DOCS = "docs"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Source:
    """`location` is `url`, or the URL or path that `--source` gave. `surfaces` is empty for all of the kind."""

    id: str
    url: str
    role: Role
    kind: Kind
    branch: str = "main"
    surfaces: tuple[str, ...] = ()
    settle_days: int = 7
    untrackable: str = ""
    location: str = ""

    @property
    def local_path(self) -> Path | None:
        """The clone to read as it is; None when the source is fetched into the cache."""
        path = Path(self.location).expanduser()
        return path if path.is_dir() else None

    @property
    def web_url(self) -> str:
        return self.url.removesuffix(".git").rstrip("/")


@dataclass(frozen=True, slots=True)
class Watch:
    """`shrink_guard` is the share of a surface's facts whose loss at once is an error."""

    sources: Mapping[str, Source]
    shrink_guard: float = 0.10

    def __getitem__(self, source_id: str) -> Source:
        if source_id not in self.sources:
            raise InvalidWatchError(
                f"no source {source_id!r} in watch.toml", f"There are: {', '.join(self.sources)}."
            )
        return self.sources[source_id]

    def with_role(self, *roles: Role) -> list[Source]:
        return [source for source in self.sources.values() if source.role in roles]


def load_watch(path: Path = WATCH_FILE, overrides: Iterable[str] = ()) -> Watch:
    """`overrides` are `id=URL` or `id=PATH`. Raises `InvalidWatchError`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        sources = [_read_source(row, document.get("settle-days", 7)) for row in document["source"]]
        guard = float(document.get("shrink-guard", 0.10))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InvalidWatchError(
            f"{path.name}: {error}", "The file's own comments say what it holds."
        ) from error
    watch = Watch({source.id: source for source in sources}, guard)
    if len(watch.sources) != len(sources):
        raise InvalidWatchError(f"{path.name}: two sources have the same id")
    return _override(watch, overrides)


def choose_cache(given: Path | None = None) -> Path:
    """Outside the repository: what was given, or `notifications-upstream` in the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return (given or Path(home) / "notifications-upstream").expanduser().absolute()


def repository_path(source: Source, cache: Path) -> Path:
    return source.local_path or cache / "repositories" / f"{source.id}.git"


def _read_source(row: Mapping[str, Any], settle_days: int) -> Source:
    known = {"id", "url", "role", "kind", "branch", "surfaces", "settle-days", "untrackable"}
    if unknown := row.keys() - known:
        raise ValueError(f"unknown key {min(unknown)!r} of source {row.get('id')!r}")
    return Source(
        id=row["id"],
        url=row["url"],
        role=Role(row["role"]),
        kind=Kind(row["kind"]),
        branch=row.get("branch", "main"),
        surfaces=tuple(row.get("surfaces", ())),
        settle_days=row.get("settle-days", settle_days),
        untrackable=row.get("untrackable", ""),
        location=row["url"],
    )


def _override(watch: Watch, overrides: Iterable[str]) -> Watch:
    sources = dict(watch.sources)
    for given in overrides:
        source_id, equals, location = given.partition("=")
        if not equals or not location:
            raise InvalidWatchError(f"--source {given}: expected id=URL or id=PATH")
        sources[source_id] = replace(watch[source_id], location=location)
    return replace(watch, sources=sources)
