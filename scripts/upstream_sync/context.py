"""What every verb of the command line needs: the sources, where they are, and how to speak."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from scripts.local.processes import ROOT
from scripts.upstream_sync.cache import Cache
from scripts.upstream_sync.extract import extract
from scripts.upstream_sync.facts import FactSet
from scripts.upstream_sync.fetching import open_repository, tip
from scripts.upstream_sync.git import Repository
from scripts.upstream_sync.watch import Source, Watch

FAILED = 1  # exit status: something was found that must not be


@dataclass(frozen=True, slots=True)
class Context:
    """`root` is the project's folder; tests give another."""

    watch: Watch
    cache_dir: Path
    as_json: bool = False
    root: Path = ROOT

    @property
    def upstream_dir(self) -> Path:
        return self.root / "upstream"

    @property
    def patches_dir(self) -> Path | None:
        """None where the series is not shipped: the core alone."""
        folder = self.root / "patches"
        return folder if folder.is_dir() else None

    def source(self, source_id: str) -> Source:
        return self.watch[source_id]

    def choose(self, source_ids: Sequence[str]) -> list[Source]:
        """Those named, or all that can be followed."""
        if source_ids:
            return [self.watch[source_id] for source_id in source_ids]
        return [source for source in self.watch.sources.values() if not source.untrackable]

    @contextmanager
    def repository(self, source: Source) -> Iterator[Repository]:
        """Raises `UnfetchedSourceError`."""
        with open_repository(source, self.cache_dir) as repository:
            yield repository

    @contextmanager
    def cache(self) -> Iterator[Cache]:
        with Cache(self.cache_dir) as cache:
            yield cache

    def tip(self, source: Source) -> str:
        with self.repository(source) as repository:
            return tip(repository, source)

    def facts(self, source: Source, revision: str = "") -> dict[str, FactSet]:
        """Of the tip when no revision is named."""
        with self.repository(source) as repository, self.cache() as cache:
            commit = repository.resolve(revision) if revision else tip(repository, source)
            return extract(repository, commit, source, cache)

    def show(self, data: Any, text: str) -> None:
        """`data` with --json, `text` otherwise."""
        click.echo(json.dumps(data, ensure_ascii=False, indent=2) if self.as_json else text)

    def progress(self, done: int, total: int, what: str) -> None:
        """One line that is written over, on a terminal only."""
        if sys.stderr.isatty() and not self.as_json:
            end = "\r\x1b[K" if done >= total else ""
            click.echo(f"\r\x1b[K{done}/{total} {what}{end}", nl=False, err=True)


pass_context = click.make_pass_decorator(Context)
