"""What upstream documents: `documented-route <path>` and `documented <operation> <pointer>` → type of a property.

Read from its OpenAPI document, which is split into a file for each operation; pointers lead through the file, so that a
change of structure shows. Only names and types: every sentence is left out.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from scripts.upstream_sync.facts import Fact, Problem
from scripts.upstream_sync.surfaces.surface import FileSurface, Found

_FOLDER = "openapi/"
_NAMES_SAY_NOTHING = frozenset({"properties", "schema", "content", "application/json", "items"})


def _extract(path: str, content: bytes) -> Found:
    try:
        document = json.loads(content)
    except ValueError:
        return [], [Problem("parse", path, "no JSON")]
    if not isinstance(document, dict):
        return [], []
    facts = [Fact(f"documented-route {route}", {}, path) for route in document.get("paths", {})]
    operation = PurePosixPath(path).stem
    facts += [
        Fact(f"documented {operation} {pointer}", value, path) for pointer, value in _properties(document, "")
    ]
    return facts, []


def _properties(part: Any, pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, list):
        for number, each in enumerate(part):
            yield from _properties(each, f"{pointer}/{number}")
    if not isinstance(part, Mapping):
        return
    needed = part.get("required")
    for name, each in _mapping(part.get("properties")).items():
        if isinstance(each, Mapping):
            yield f"{pointer}/{name}", _describe(each, name in needed if isinstance(needed, list) else False)
    for name, each in part.items():
        if name not in {"example", "examples", "required"}:
            yield from _properties(each, pointer if name in _NAMES_SAY_NOTHING else f"{pointer}/{name}")


def _describe(schema: Mapping[str, Any], required: bool) -> dict[str, Any]:  # noqa: FBT001
    kept = {
        name: schema[name]
        for name in ("type", "format", "enum", "maxLength", "nullable", "$ref")
        if name in schema
    }
    return kept | ({"required": True} if required else {})


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


SURFACES = (
    FileSurface("documented", lambda path: path.startswith(_FOLDER) and path.endswith(".json"), _extract),
)
