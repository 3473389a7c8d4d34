"""What a surface is: a kind of facts, and how they are read from the files of one commit.

Two forms. In a `FileSurface` each file's facts depend on that file alone, so they are kept by file. A `ModuleSurface`
follows names from one Python module to another; its facts are kept with the list of modules it looked into.
"""

from collections.abc import Callable
from dataclasses import dataclass

from scripts.upstream_sync.facts import Fact, Problem
from scripts.upstream_sync.syntax.modules import ModuleSet

Found = tuple[list[Fact], list[Problem]]


@dataclass(frozen=True, slots=True)
class FileSurface:
    """`extract` gets the path and the content; it must not raise for any content."""

    name: str
    concerns: Callable[[str], bool]
    extract: Callable[[str, bytes], Found]


@dataclass(frozen=True, slots=True)
class ModuleSurface:
    """`extract` starts from `modules.candidates`: Python files that concern it and hold one of `marks`."""

    name: str
    extract: Callable[[ModuleSet], Found]
    marks: tuple[bytes, ...]
    concerns: Callable[[str], bool]


Surface = FileSurface | ModuleSurface


def is_program(path: str) -> bool:
    """Python that runs in production: neither tests nor migrations nor helper scripts."""
    return path.endswith(".py") and path.startswith(
        ("app/", "notifications_utils/", "notifications_python_client/")
    )
