"""`upstream/schema-map.toml`: where upstream's things belong in the contract."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from scripts.local.processes import ROOT
from scripts.upstream_sync.errors import UpstreamError

SCHEMA_MAP = ROOT / "upstream" / "schema-map.toml"


class InvalidSchemaMapError(UpstreamError):
    """The file cannot be read, or says something twice."""


@dataclass(frozen=True, slots=True)
class SchemaRow:
    """`places`: "<METHOD> <path> <direction>"."""

    name: str
    places: tuple[str, ...]
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SchemaMap:
    rows: Mapping[str, SchemaRow]
    parts: frozenset[str]
    callbacks: Mapping[str, str]
    limits: Mapping[str, str]
    answers: Mapping[str, str]
    sets: Mapping[str, str]


@lru_cache
def load_schema_map(path: Path = SCHEMA_MAP) -> SchemaMap:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        rows = [
            SchemaRow(row["name"], _listed(row["at"]), tuple(row.get("without", ())))
            for row in document.get("schema", [])
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidSchemaMapError(
            f"{path.name}: {error}", "The file's own comments say what it holds."
        ) from error
    by_name = {row.name: row for row in rows}
    if len(by_name) != len(rows):
        raise InvalidSchemaMapError(f"{path.name}: a schema is named twice")
    tables = [document.get(name, {}) for name in ("callbacks", "limits", "answers", "sets")]
    return SchemaMap(by_name, frozenset(document.get("parts", ())), *tables)


def _listed(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
