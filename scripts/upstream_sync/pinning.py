"""From the facts of one commit to what is kept of them: a pin for the lock, and the text of each file of facts."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Final

from scripts.upstream_sync.facts import FactSet, format_facts
from scripts.upstream_sync.git import Repository
from scripts.upstream_sync.lock import Pin, SurfacePin, write_whole
from scripts.upstream_sync.surfaces.surface import is_program
from scripts.upstream_sync.watch import Source

FACTS: Final = "upstream/facts"
# What Python the readers understand: facts of an older grammar may lack what newer syntax hides from it.
GRAMMAR: Final = f"tree-sitter-python {version('tree-sitter-python')}"


def make_pin(
    repository: Repository,
    source: Source,
    commit: str,
    facts: Mapping[str, FactSet],
    reviewed_through: str | None = None,
) -> Pin:
    """`reviewed_through`: up to where people have judged the pull requests; by default the commit itself."""
    problems = [problem for found in facts.values() for problem in found.problems]
    return Pin.model_validate(
        {
            "id": source.id,
            "role": str(source.role),
            "url": source.url,
            "branch": source.branch,
            "commit": commit,
            "committed": repository.read_commit(commit).committed.date(),
            "first-parent": len(repository.first_parent(None, commit)),
            "reviewed-through": reviewed_through or commit,
            "parsed-files": sum(map(is_program, repository.list_files(commit, (".py",)))),
            "parse-failures": sum(problem.kind == "parse" for problem in problems),
            "surface": {name: _pin_surface(found) for name, found in facts.items() if found.facts},
        }
    )


def _pin_surface(found: FactSet) -> SurfacePin:
    unresolved = sum(problem.kind == "unresolved" for problem in found.problems)
    return SurfacePin(count=len(found), digest=found.digest, unresolved=unresolved)


def fact_files(source_id: str, facts: Mapping[str, FactSet]) -> dict[str, str]:
    """Path below the root → text, for each surface that has facts."""
    return {
        str(PurePosixPath(FACTS, source_id, f"{name}.jsonl")): format_facts(found)
        for name, found in facts.items()
        if found.facts
    }


def write_fact_files(root: Path, source_id: str, facts: Mapping[str, FactSet]) -> None:
    """Those of surfaces that have no facts any more are removed. Raises `OSError`."""
    files = fact_files(source_id, facts)
    for path in (root / FACTS / source_id).glob("*.jsonl"):
        if str(path.relative_to(root)) not in files:
            path.unlink()
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(root / name, text)
