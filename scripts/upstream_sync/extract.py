"""From a commit to its facts, reading no more than what is new since the last time."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from scripts.upstream_sync.cache import Cache
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.facts import Fact, FactSet, Problem
from scripts.upstream_sync.git import Repository
from scripts.upstream_sync.surfaces import surfaces_of
from scripts.upstream_sync.surfaces.surface import FileSurface, Found, ModuleSurface, Surface, is_program
from scripts.upstream_sync.syntax.modules import ModuleSet
from scripts.upstream_sync.syntax.parsing import find_faults, parse
from scripts.upstream_sync.syntax.values import UnresolvedError
from scripts.upstream_sync.watch import Source

_TOO_FEW_TO_JUDGE = 10


class UnreadableFactsError(UpstreamError):
    """Facts with problems: they must not be relied upon."""

    exit_code = 1

    def __init__(self, source_id: str, problems: list[Problem]) -> None:
        lines = [f"{problem.kind} {problem.src}: {problem.what}" for problem in problems]
        super().__init__(
            f"{source_id}: {len(problems)} problems in reading the facts\n" + "\n".join(lines),
            "The reader does not understand this code; mend it in scripts/upstream_sync/surfaces/ before going on.",
        )
        self.problems = problems


def extract(repository: Repository, commit: str, source: Source, cache: Cache) -> dict[str, FactSet]:
    """Surface → facts. Files that cannot be parsed are problems of the surface "syntax", which has no facts."""
    reading = _Reading(repository, repository.list_files(commit), cache)
    found = {surface.name: reading.read(surface) for surface in surfaces_of(source)}
    return {"syntax": reading.check_syntax(), **found}


def problems_of(facts: Mapping[str, FactSet]) -> list[Problem]:
    return [problem for facts_of_one in facts.values() for problem in facts_of_one.problems]


def require_whole(source: Source, facts: Mapping[str, FactSet]) -> None:
    """Raises `UnreadableFactsError`."""
    if problems := problems_of(facts):
        raise UnreadableFactsError(source.id, problems)


def guard_shrinking(
    before: Mapping[str, int], facts: Mapping[str, FactSet], guard: float = 0.10
) -> dict[str, FactSet]:
    """The facts, with a problem for each surface that lost more than `guard` of its facts (`before`: their number).

    Upstream seldom drops so much at once; a reader that no longer understands a new way of writing does.
    """
    return {name: _guard(found, before.get(name, 0), guard) for name, found in facts.items()}


def _guard(found: FactSet, before: int, guard: float) -> FactSet:
    lost = before - len(found)
    if before < _TOO_FEW_TO_JUDGE or lost <= before * guard:
        is_gone = before > 0 and not found.facts
        if not is_gone:
            return found
    what = f"{len(found)} facts where there were {before}"
    return replace(found, problems=(*found.problems, Problem("shrunk", found.surface, what)))


@dataclass(frozen=True, slots=True)
class _Reading:
    """Of one commit. `files`: path → blob."""

    repository: Repository
    files: Mapping[str, str]
    cache: Cache

    def read(self, surface: Surface) -> FactSet:
        if isinstance(surface, FileSurface):
            return self._read_files(surface)
        return self._read_modules(surface)

    def check_syntax(self) -> FactSet:
        """Of all Python that surfaces may read."""
        paths = [path for path in self.files if is_program(path) or path.startswith("migrations/versions/")]
        blobs = {self.files[path]: path for path in paths if path.endswith(".py")}
        known = self.cache.read("syntax", blobs)
        missing = self.repository.read_blobs(blob for blob in blobs if blob not in known)
        new = {blob: find_faults(parse(content)) for blob, content in missing.items()}
        self.cache.write("syntax", new)
        faulty = {blob: lines for blob, lines in {**known, **new}.items() if lines}
        problems = [_parse_failure(blobs[blob], lines) for blob, lines in faulty.items()]
        return FactSet.of("syntax", [], problems)

    def _read_files(self, surface: FileSurface) -> FactSet:
        paths = [path for path in self.files if surface.concerns(path)]
        place = f"file {surface.name}"
        keys = {path: _content_key(path, self.files[path]) for path in paths}
        known = self.cache.read(place, keys.values())
        missing = [path for path in paths if keys[path] not in known]
        contents = self.repository.read_blobs(self.files[path] for path in missing)
        new = {
            keys[path]: _to_rows(*_try(partial(surface.extract, path, contents[self.files[path]]), path))
            for path in missing
        }
        self.cache.write(place, new)
        return _join(surface.name, [{**known, **new}[key] for key in keys.values()])

    def _read_modules(self, surface: ModuleSurface) -> FactSet:
        candidates = self._find_candidates(surface)
        place = f"modules {surface.name}"
        key = _digest(f"{path} {self.files[path]}" for path in candidates)
        for trace in self.cache.read(place, [key]).get(key, []):
            if all(self.files.get(path) == blob for path, blob in trace["looked_into"].items()):
                return _join(surface.name, [trace["rows"]])
        modules = ModuleSet(self.files, candidates, self._read_blob)
        rows = _to_rows(*_try(partial(surface.extract, modules), surface.name))
        self.cache.add_trace(place, key, {"looked_into": modules.looked_into, "rows": rows})
        return _join(surface.name, [rows])

    def _find_candidates(self, surface: ModuleSurface) -> list[str]:
        paths = sorted(path for path in self.files if surface.concerns(path))
        place = f"marks {surface.name}"
        known = self.cache.read(place, (self.files[path] for path in paths))
        missing = {self.files[path] for path in paths} - known.keys()
        contents = self.repository.read_blobs(sorted(missing))
        new = {blob: any(mark in content for mark in surface.marks) for blob, content in contents.items()}
        self.cache.write(place, new)
        marked = {**known, **new}
        return [path for path in paths if marked[self.files[path]]]

    def _read_blob(self, blob: str) -> bytes:
        return self.repository.read_blobs([blob])[blob]


def _try(extract: Callable[[], Found], where: str) -> Found:
    """Code of a form that no reader thought of is a problem to report, not a reason to stop."""
    try:
        return extract()
    except (UnresolvedError, LookupError, ValueError, TypeError) as error:
        return [], [Problem("unresolved", where, f"the reader failed: {type(error).__name__}")]


def _parse_failure(path: str, lines: list[int]) -> Problem:
    where = ", ".join(str(line) for line in lines[:5])
    return Problem("parse", path, f"not understood at line {where}: the parser may be older than the code")


def _to_rows(facts: Iterable[Fact], problems: Iterable[Problem]) -> Any:
    """Prose is hidden before anything is kept."""
    found = FactSet.of("", facts)
    return {
        "facts": [[fact.key, fact.value, fact.src, fact.sym] for fact in found.facts],
        "problems": [[problem.kind, problem.src, problem.what] for problem in (*problems, *found.problems)],
    }


def _join(surface: str, rows: Iterable[Any]) -> FactSet:
    listed = list(rows)
    facts = [Fact(*fact) for part in listed for fact in part["facts"]]
    problems = [Problem(*problem) for part in listed for problem in part["problems"]]
    return FactSet.of(surface, facts, problems)


def _content_key(path: str, blob: str) -> str:
    return f"{blob} {path}"


def _digest(lines: Iterator[str] | Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
