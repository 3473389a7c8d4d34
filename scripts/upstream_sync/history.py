"""The pull requests between two commits, each with what its files tell, and classed.

Only what a pull request touched is read: facts of a single file from that file before and after, facts that span files
from both commits, with everything that was read before taken from the cache. What was found is kept there as well.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from scripts.upstream_sync.areas import Area, area_of, is_sensitive
from scripts.upstream_sync.cache import Cache
from scripts.upstream_sync.classify import Bump, Classified, Evidence, classify
from scripts.upstream_sync.extract import extract, problems_of
from scripts.upstream_sync.facts import Change, Fact, FactSet, Problem, diff
from scripts.upstream_sync.git import FileChange, MissingObjectError, Repository
from scripts.upstream_sync.pulls import PullRequest, read_pulls
from scripts.upstream_sync.signals import compare_tests
from scripts.upstream_sync.surfaces import surfaces_of
from scripts.upstream_sync.surfaces.surface import FileSurface, ModuleSurface, Surface
from scripts.upstream_sync.syntax.normal import differs_in_values_only, is_same_program, source_digest
from scripts.upstream_sync.watch import Kind, Source

_READ: Final = (".py", ".html", ".jinja2", ".txt", ".toml", ".in")
_WORTH_A_PROCESS: Final = 24
_LIBRARY: Final = "dependency notifications-utils"
Progress = Callable[[int, int], None]


def no_progress(_done: int, _total: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A file before and after; None where there is none. `is_lacking`: the repository does not hold one of them."""

    change: FileChange
    before: bytes | None
    after: bytes | None
    is_lacking: bool = False

    @property
    def is_python(self) -> bool:
        return self.change.path.endswith(".py")

    @property
    def has_other_values(self) -> bool:
        """Only texts and numbers in it changed."""
        if self.before is None or self.after is None or not self.is_python:
            return False
        return differs_in_values_only(self.before, self.after)

    @property
    def is_same(self) -> bool:
        """In all but looks."""
        if self.before is None or self.after is None:
            return False
        if self.is_python:
            return is_same_program(self.before, self.after)
        return b"".join(self.before.split()) == b"".join(self.after.split())


def read_history(
    repository: Repository,
    source: Source,
    cache_dir: Path,
    after: str | None,
    until: str,
    progress: Progress = no_progress,
) -> list[Classified]:
    """Oldest first. `progress(done, total)` is called now and then. Raises `UpstreamError`."""
    pulls = read_pulls(repository, source, after, until)
    evidence = gather(repository.path, source, cache_dir, pulls, progress)
    return [classify(pull, source.kind, found) for pull, found in zip(pulls, evidence, strict=True)]


def gather(
    path: Path, source: Source, cache_dir: Path, pulls: Sequence[PullRequest], progress: Progress
) -> list[Evidence]:
    """In the order of `pulls`. Many are shared out among processes, each with a stretch of the history."""
    with Cache(cache_dir) as cache:
        known = cache.read(_place(source), (pull.merge for pull in pulls))
    new = [pull for pull in pulls if pull.merge not in known]
    if new:
        with Repository(path) as repository:
            repository.bring(_blobs_of(repository, source, new))
    workers = min(os.cpu_count() or 1, len(new) // _WORTH_A_PROCESS)
    found: dict[str, Evidence] = {}
    if workers > 1:
        stretches = [(path, source, cache_dir, part) for part in _stretches(new, workers * 4)]
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            for part in pool.map(_gather_stretch, *zip(*stretches, strict=True)):
                found |= part
                progress(len(known) + len(found), len(pulls))
    else:
        found = _gather_stretch(
            path, source, cache_dir, new, lambda done: progress(len(known) + done, len(pulls))
        )
    progress(len(pulls), len(pulls))
    return [
        found[pull.merge] if pull.merge in found else Evidence.from_json(known[pull.merge]) for pull in pulls
    ]


def _blobs_of(repository: Repository, source: Source, pulls: Sequence[PullRequest]) -> Iterator[str]:
    """All that will be read: the files that surfaces concern at the beginning, and those that change later."""
    surfaces = surfaces_of(source)
    start = pulls[0].parent
    for path, blob in repository.list_files(start).items() if start else ():
        if any(surface.concerns(path) for surface in surfaces):
            yield blob
    for pull in pulls:
        for change in pull.files:
            if _is_looked_into(change.path, surfaces):
                yield from filter(None, (change.old_blob, change.new_blob))


def _is_looked_into(path: str, surfaces: Sequence[Surface]) -> bool:
    return path.endswith(_READ) or any(surface.concerns(path) for surface in surfaces)


def _no_count(_done: int) -> None:
    """Processes do not tell; their stretches do."""


def _gather_stretch(
    path: Path,
    source: Source,
    cache_dir: Path,
    pulls: Sequence[PullRequest],
    progress: Callable[[int], None] = _no_count,
) -> dict[str, Evidence]:
    found = {}
    with Repository(path) as repository, Cache(cache_dir) as cache:
        reader = _Reader(repository, source, cache)
        for done, pull in enumerate(pulls, 1):
            found[pull.merge] = reader.read(pull)
            progress(done)
        cache.write(_place(source), {merge: evidence.to_json() for merge, evidence in found.items()})
    return found


def _stretches(pulls: Sequence[PullRequest], number: int) -> Iterator[Sequence[PullRequest]]:
    size = -(-len(pulls) // number)
    return (pulls[start : start + size] for start in range(0, len(pulls), size))


class _Reader:
    """Keeps the facts of the last commit, which most often are those before the next pull request."""

    def __init__(self, repository: Repository, source: Source, cache: Cache) -> None:
        self._repository = repository
        self._source = source
        self._cache = cache
        self._surfaces = surfaces_of(source)
        self._file_surfaces = [surface for surface in self._surfaces if isinstance(surface, FileSurface)]
        self._module_surfaces = [surface for surface in self._surfaces if isinstance(surface, ModuleSurface)]
        self._last: tuple[str, dict[str, FactSet]] = ("", {})

    def read(self, pull: PullRequest) -> Evidence:
        contents = self._read_contents(pull.files)
        changes, problems = self._read_changes(pull, contents)
        kind = self._source.kind
        is_test = {each.change.path: area_of(kind, each.change.path) is Area.TESTS for each in contents}
        tests = [each for each in contents if is_test[each.change.path]]
        program = [each for each in contents if not is_test[each.change.path]]
        cosmetic = {each.change.path for each in program if each.is_same} | _find_moved(program)
        real = [change for change in pull.files if change.path not in cosmetic]
        values = {each.change.path for each in program if each.has_other_values}
        areas = Counter(_area(kind, change.path, values) for change in real)
        return Evidence(
            changes={name: found for name, found in changes.items() if found},
            files={str(area): number for area, number in sorted(areas.items())},
            cosmetic=len(pull.files) - len(real),
            tests=compare_tests((each.before or b"", each.after or b"") for each in tests if each.is_python),
            texts=count_texts(changes.get("strings", [])),
            sensitive=tuple(sorted(change.path for change in real if is_sensitive(change.path))),
            bump=_find_bump(changes),
            unread=len(problems) + sum(each.is_lacking for each in contents),
        )

    def _read_contents(self, changes: Iterable[FileChange]) -> list[Contents]:
        """Of the files that are looked into."""
        return [
            self._read_content(change) for change in changes if _is_looked_into(change.path, self._surfaces)
        ]

    def _read_content(self, change: FileChange) -> Contents:
        ids = list(filter(None, (change.old_blob, change.new_blob)))
        try:
            blobs = self._repository.read_blobs(ids)
        except MissingObjectError:
            return Contents(change, None, None, is_lacking=True)
        return Contents(change, blobs.get(change.old_blob or ""), blobs.get(change.new_blob or ""))

    def _read_changes(
        self, pull: PullRequest, contents: Sequence[Contents]
    ) -> tuple[dict[str, list[Change]], list[Problem]]:
        changes: dict[str, list[Change]] = {}
        problems: list[Problem] = []
        for surface in self._file_surfaces:
            touched = [each for each in contents if surface.concerns(each.change.path)]
            before, after = _facts_of(surface, touched, "before"), _facts_of(surface, touched, "after")
            changes[surface.name] = diff(before, after)
            problems += new_problems(before.problems, after.problems)
        spanning = [
            surface.name
            for surface in self._module_surfaces
            if any(surface.concerns(change.path) for change in pull.files)
        ]
        if spanning:
            old, new = self._facts_at(pull.parent), self._facts_at(pull.merge)
            for name in spanning:
                changes[name] = diff(old.get(name, FactSet(name)), new[name])
            problems += new_problems(problems_of(old), problems_of(new))
        return changes, problems

    def _facts_at(self, commit: str | None) -> dict[str, FactSet]:
        if commit is None:
            return {}
        if self._last[0] != commit:
            names = tuple(surface.name for surface in self._module_surfaces)
            found = extract(self._repository, commit, replace(self._source, surfaces=names), self._cache)
            self._last = (commit, found)
        return self._last[1]


def _area(kind: Kind, path: str, values: Container[str]) -> Area:
    area = area_of(kind, path)
    return Area.VALUES if area is Area.PROGRAM and path in values else area


def count_texts(changes: Iterable[Change]) -> tuple[int, int]:
    """(gained, lost) of user-visible texts by their hashes, so that those which only moved count for nothing."""
    rows = list(changes)
    before = Counter(row.before["h"] for row in rows if row.before)
    after = Counter(row.after["h"] for row in rows if row.after)
    return (after - before).total(), (before - after).total()


def new_problems(before: Iterable[Problem], after: Iterable[Problem]) -> list[Problem]:
    """Those of `after` that are not among `before`, wherever in the file."""
    known = {(problem.kind, problem.src) for problem in before}
    return [problem for problem in after if (problem.kind, problem.src) not in known]


def _facts_of(surface: FileSurface, contents: Iterable[Contents], side: str) -> FactSet:
    facts: list[Fact] = []
    problems: list[Problem] = []
    for each in contents:
        source = getattr(each, side)
        if source is not None:
            found, bad = surface.extract(each.change.path, source)
            facts += found
            problems += bad
    return FactSet.of(surface.name, facts, problems)


def _find_moved(contents: Sequence[Contents]) -> set[str]:
    """Paths of Python files that only came to lie elsewhere."""
    python = [each for each in contents if each.is_python]
    gone = {
        source_digest(each.before): each.change.path for each in python if each.before and each.after is None
    }
    come = {
        source_digest(each.after): each.change.path for each in python if each.after and each.before is None
    }
    return {path for digest in gone.keys() & come.keys() for path in (gone[digest], come[digest])}


def _find_bump(changes: dict[str, list[Change]]) -> Bump | None:
    for found in changes.values():
        for change in found:
            if change.key == _LIBRARY and change.before and change.after:
                return Bump(*(str(value.get("pin", "")) for value in (change.before, change.after)))
    return None


@lru_cache
def _readers_digest() -> str:
    digest = hashlib.sha256(" ".join(each.name for each in fields(Evidence)).encode())
    for name in ("areas.py", "signals.py", "history.py"):
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:16]


def _place(source: Source) -> str:
    """In the cache: other surfaces, or another way of reading, give other evidence."""
    return f"pull {source.id} {' '.join(source.surfaces)} {_readers_digest()}"
