"""JSON schemas that upstream checks requests with, or describes answers by.

`schema <METHOD> <path> <direction> <pointer>` for the public API, by `schema-map.toml`; `internal-schema <name> <pointer>`
for the rest, whose addresses nobody wrote down.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact, Problem
from scripts.upstream_sync.schema_facts import facts_of_path, facts_of_schema
from scripts.upstream_sync.surfaces.schema_map import SchemaRow, load_schema_map
from scripts.upstream_sync.surfaces.surface import Found, ModuleSurface, is_program
from scripts.upstream_sync.syntax.evaluator import Evaluator
from scripts.upstream_sync.syntax.modules import Module, ModuleSet
from scripts.upstream_sync.syntax.values import UnresolvedError, to_json

_MARKS = (b'"properties"', b"'properties'", b'"$schema"')
_PUBLIC = "app/v2/"
_DEEPEST = 12


def _extract_public(modules: ModuleSet) -> Found:
    known = load_schema_map()
    evaluator = Evaluator(modules)
    facts: list[Fact] = []
    problems: list[Problem] = []
    for module in modules.candidates:
        for name in _schema_names(module):
            if name in known.parts:
                continue
            row = known.rows.get(name)
            if row is None:
                what = f"schema {name} has no row in schema-map.toml: say which address it belongs to"
                problems.append(Problem("unresolved", module.path, what))
                continue
            try:
                facts.extend(_facts_of_row(row, read_schema(evaluator, module, name), module))
            except UnresolvedError as error:
                problems.append(Problem("unresolved", module.path, f"schema {name}: {error}"))
    return facts, problems


def _extract_internal(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    facts: list[Fact] = []
    for module in modules.candidates:
        for name in _schema_names(module):
            try:
                schema = read_schema(evaluator, module, name)
            except UnresolvedError:
                continue  # nobody depends on it; `inform` facts need not be whole
            facts.extend(
                facts_of_schema(f"internal-schema {_place(module)}.{name}", schema, src=module.path, sym=name)
            )
    return facts, []


def read_schema(evaluator: Evaluator, module: Module, name: str) -> dict[str, Any]:
    """With references put in. Raises `UnresolvedError`."""
    schema = to_json(evaluator.module_attribute(module, name))
    if not isinstance(schema, dict):
        raise UnresolvedError("no mapping")
    whole: dict[str, Any] = _without_references(schema, schema, 0)
    return whole


def _facts_of_row(row: SchemaRow, schema: Mapping[str, Any], module: Module) -> Iterator[Fact]:
    kept = _without_properties(schema, row.without) if row.without else schema
    for place in row.places:
        read = facts_of_path if place.endswith(" path") else facts_of_schema
        yield from read(f"schema {place}", kept, src=module.path, sym=row.name)


def _schema_names(module: Module) -> list[str]:
    """Names at the top level whose value is written as a schema."""
    return [
        name for name, bound in module.names.items() if isinstance(bound[-1], Node) and _is_schema(bound[-1])
    ]


def _is_schema(assignment: Node) -> bool:
    if assignment.type != "assignment":
        return False
    value = assignment.child_by_field_name("right")
    if value is None or value.type != "dictionary":
        return False
    keys = {
        (key.text or b"").strip(b"\"'")
        for pair in value.named_children
        if pair.type == "pair" and (key := pair.child_by_field_name("key")) is not None
    }
    return b"properties" in keys or b"$schema" in keys


def _without_references(part: Any, root: Mapping[str, Any], depth: int) -> Any:
    if depth > _DEEPEST:
        raise UnresolvedError("a schema inside itself")
    if isinstance(part, list):
        return [_without_references(each, root, depth + 1) for each in part]
    if not isinstance(part, Mapping):
        return part
    reference = part.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        target: Any = root
        for step in reference[2:].split("/"):
            target = target.get(step) if isinstance(target, Mapping) else None
        if target is None:
            raise UnresolvedError(f"reference {reference}")
        return _without_references(target, root, depth + 1)
    return {
        name: _without_references(each, root, depth + 1)
        for name, each in part.items()
        if name != "definitions"
    }


def _without_properties(schema: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    properties = {name: part for name, part in schema.get("properties", {}).items() if name not in names}
    required = [name for name in schema.get("required", ()) if name not in names]
    return {**schema, "properties": properties, "required": required}


def _place(module: Module) -> str:
    """The folder's name tells what a schema is about; the file's own name may change."""
    return module.path.split("/")[-2] if "/" in module.path else module.name


SURFACES = (
    ModuleSurface(
        "public-schemas", _extract_public, _MARKS, lambda path: path.startswith(_PUBLIC) and is_program(path)
    ),
    ModuleSurface(
        "internal-schemas",
        _extract_internal,
        _MARKS,
        lambda path: is_program(path) and not path.startswith(_PUBLIC),
    ),
)
