"""The vectors, read from JSON. `upstream/vectors/README.md` is the specification of the format."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

VECTORS_FOLDER: Final = Path(__file__).resolve().parents[2] / "upstream" / "vectors"
_VECTOR_KEYS: Final = {"name", "needs", "request", "expect", "steps", "facts", "since-upstream"}
_STEP_KEYS: Final = {"request", "expect", "save", "times", "wait", "within"}
_REQUEST_KEYS: Final = {"method", "path", "query", "headers", "auth", "json", "body"}
_EXPECT_KEYS: Final = {"status", "json", "keys", "absent", "headers", "absent_headers"}


class InvalidVectorError(Exception):
    """A file does not follow the format."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request, sent after `wait` seconds.

    It is repeated until the expectation holds, for `within` seconds at most; all of that `times`.
    """

    request: Mapping[str, Any]
    expect: Mapping[str, Any] = field(default_factory=dict)
    save: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    wait: float = 0
    within: float = 0


@dataclass(frozen=True, slots=True)
class Vector:
    name: str
    file: str
    needs: tuple[str, ...]
    steps: tuple[Step, ...]
    facts: tuple[str, ...]
    since_upstream: str


def load_vectors(folder: Path = VECTORS_FOLDER) -> list[Vector]:
    """All vectors in the order of files and of their entries. Raises `InvalidVectorError`."""
    vectors = [vector for path in sorted(folder.glob("*.json")) for vector in _read(path)]
    names = [vector.name for vector in vectors]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidVectorError(f"names used twice: {', '.join(twice)}")
    return vectors


def _read(path: Path) -> Iterator[Vector]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["vectors"]
        for entry in entries:
            yield _vector(path.name, entry)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidVectorError(f"{path.name}: {error!r}") from None


def _vector(file: str, entry: Mapping[str, Any]) -> Vector:
    _check_keys(entry, _VECTOR_KEYS, entry["name"])
    steps = entry["steps"] if "steps" in entry else [{k: entry[k] for k in ("request", "expect")}]
    if not entry["facts"]:
        raise ValueError(f"{entry['name']} covers no fact")
    return Vector(
        name=entry["name"],
        file=file,
        needs=tuple(entry["needs"]),
        steps=tuple(_step(entry["name"], step) for step in steps),
        facts=tuple(entry["facts"]),
        since_upstream=entry["since-upstream"],
    )


def _step(name: str, entry: Mapping[str, Any]) -> Step:
    _check_keys(entry, _STEP_KEYS, name)
    _check_keys(entry["request"], _REQUEST_KEYS, name)
    _check_keys(entry.get("expect", {}), _EXPECT_KEYS, name)
    return Step(**entry)


def _check_keys(entry: Mapping[str, Any], known: set[str], name: str) -> None:
    if unknown := sorted(entry.keys() - known):
        raise ValueError(f"{name} has unknown keys: {', '.join(unknown)}")
