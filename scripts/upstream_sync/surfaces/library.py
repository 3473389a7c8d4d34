"""`library <module>.<name>` → {"kind", "parameters" or "bases"}: what a shared library offers to those who import it.

Functions, classes and methods whose names do not begin with an underscore. A parameter with a default ends in `=`.
`client <folder>/<module>`: the providers' clients of an API.
"""

from collections.abc import Iterator
from typing import Any

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact
from scripts.upstream_sync.surfaces.surface import FileSurface, Found, is_program
from scripts.upstream_sync.syntax.modules import module_name
from scripts.upstream_sync.syntax.parsing import field, parse, parts, statements, text_of

_DEFINITIONS = frozenset({"function_definition", "class_definition"})
_CLIENTS = "app/clients/"


def _extract(path: str, content: bytes) -> Found:
    module = module_name(path)[0].partition(".")[2]
    found = dict(_symbols(parse(content), module))
    return [Fact(f"library {name}", value, path, name) for name, value in found.items()], []


def _symbols(body: Node, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for node in statements(body):
        if node.type not in _DEFINITIONS:
            continue
        name = text_of(field(node, "name"))
        if name.startswith("_") and name != "__init__":
            continue
        full = f"{prefix}.{name}".lstrip(".")
        if node.type == "function_definition":
            yield full, {"kind": "function", "parameters": _parameters(node)}
        else:
            yield full, {"kind": "class", "bases": _bases(node)}
            yield from _symbols(field(node, "body"), full)


def _parameters(function: Node) -> list[str]:
    return [_parameter(part) for part in parts(field(function, "parameters"))]


def _parameter(node: Node) -> str:
    """Without its type; `*`, `/`, `*args` and `**kwargs` as they are written."""
    name = node.child_by_field_name("name")
    if name is None:
        inner = parts(node)[0] if node.type == "typed_parameter" else node
        return text_of(inner)
    return text_of(name) + ("=" if node.child_by_field_name("value") is not None else "")


def _bases(node: Node) -> list[str]:
    listed = node.child_by_field_name("superclasses")
    names = (
        [] if listed is None else [part for part in parts(listed) if part.type in {"identifier", "attribute"}]
    )
    return [text_of(part).rpartition(".")[2] for part in names]


def _extract_client(path: str, _content: bytes) -> Found:
    name = path.removeprefix(_CLIENTS).removesuffix(".py").removesuffix("/__init__")
    return [Fact(f"client {name}", {}, path)], []


LIBRARY = FileSurface("library", is_program, _extract)
CLIENTS = FileSurface(
    "clients",
    lambda path: is_program(path) and path.startswith(_CLIENTS) and path != f"{_CLIENTS}__init__.py",
    _extract_client,
)
