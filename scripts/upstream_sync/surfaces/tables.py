"""`table <t>` and `column <t>.<c>` → {"type", "nullable", "default", "values"}: the data model, as its classes declare it.

Tables of history that upstream's `Versioned` makes at run time are made here too: same columns, and `version` on both.
"""

import re
from collections.abc import Iterator
from typing import Any

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact, Problem
from scripts.upstream_sync.surfaces.surface import Found, ModuleSurface, is_program
from scripts.upstream_sync.syntax.evaluator import Evaluator
from scripts.upstream_sync.syntax.modules import Module, ModuleSet
from scripts.upstream_sync.syntax.parsing import decorators, field, parts, statements, text_of
from scripts.upstream_sync.syntax.scopes import Scope
from scripts.upstream_sync.syntax.values import (
    Bound,
    Call,
    ClassValue,
    Symbol,
    UnresolvedError,
    callee_name,
    plain,
)

_COLUMN = frozenset({"Column", "mapped_column"})
_ROOTS = frozenset({"Model", "DeclarativeBase"})
_NO_TYPES = frozenset({"ForeignKey", "Computed", "Identity", "Sequence", "FetchedValue"})
_VERSION = {"type": "integer", "nullable": False}
Columns = dict[str, dict[str, Any]]


def _extract(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    facts: list[Fact] = []
    problems: list[Problem] = []
    for module in modules.candidates:
        for name in module.names:
            try:
                for table, columns in _tables_of(name, module, evaluator):
                    facts.append(Fact(f"table {table}", {}, module.path, name))
                    facts.extend(
                        Fact(f"column {table}.{column}", value, module.path, name)
                        for column, value in columns.items()
                    )
            except UnresolvedError as error:
                problems.append(Problem("unresolved", module.path, f"table of {name}: {error}"))
    return facts, problems


def _tables_of(name: str, module: Module, evaluator: Evaluator) -> Iterator[tuple[str, Columns]]:
    """Of one name at the top level: a class, or an association table."""
    bound = module.names[name][-1]
    if not isinstance(bound, Node):
        return
    if bound.type == "class_definition":
        yield from _tables_of_class(ClassValue(module, bound, name), evaluator)
    elif bound.type == "assignment":
        yield from _association(bound, module, evaluator)


def _tables_of_class(owner: ClassValue, evaluator: Evaluator) -> Iterator[tuple[str, Columns]]:
    own = evaluator.body_scope(owner.node, Scope(owner.module))
    if "__abstract__" in own.bindings or not _is_model(owner, evaluator):
        return
    table = _table_name(owner, evaluator)
    columns: Columns = {}
    for each in reversed(evaluator.lineage(owner)):
        columns.update(_columns(each, evaluator))
    if any(each.name == "Versioned" for each in evaluator.lineage(owner)):
        yield f"{table}_history", columns | {"version": _VERSION}
        columns.setdefault("version", {**_VERSION, "default": 1})
    yield table, columns


def _is_model(owner: ClassValue, evaluator: Evaluator) -> bool:
    bases = [base for each in evaluator.lineage(owner) for base in evaluator.bases(each)]
    return any(isinstance(base, Bound | Symbol) and callee_name(base) in _ROOTS for base in bases)


def _table_name(owner: ClassValue, evaluator: Evaluator) -> str:
    """Without `__tablename__`, the class's name in small letters and underscores, as the library does."""
    try:
        name = plain(evaluator.class_attribute(owner, "__tablename__"))
    except UnresolvedError:
        name = None
    if isinstance(name, str):
        return name
    return re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", owner.name).lower()


def _columns(owner: ClassValue, evaluator: Evaluator) -> Iterator[tuple[str, dict[str, Any]]]:
    scope = evaluator.body_scope(owner.node, Scope(owner.module))
    for name, bindings in scope.bindings.items():
        bound = bindings[-1]
        if not isinstance(bound, Node):
            continue
        made = _made(bound, scope, evaluator)
        if made is not None:
            yield _describe(name, made)


def _made(bound: Node, scope: Scope, evaluator: Evaluator) -> Call | None:
    """The call that makes the column, from an assignment or a function that the library calls for each class."""
    expression: Node | None = None
    if bound.type == "assignment":
        expression = bound.child_by_field_name("right")
    elif bound.type == "function_definition" and any(
        text_of(decorator).rpartition(".")[2] == "declared_attr" for decorator in decorators(bound)
    ):
        returned = [part for part in statements(field(bound, "body")) if part.type == "return_statement"]
        expression = parts(returned[-1])[0] if returned and parts(returned[-1]) else None
    if expression is None or expression.type != "call":
        return None
    made = evaluator.try_evaluate(expression, scope)
    return made if isinstance(made, Call) and made.name in _COLUMN else None


def _association(assignment: Node, module: Module, evaluator: Evaluator) -> Iterator[tuple[str, Columns]]:
    right = assignment.child_by_field_name("right")
    if (
        right is None
        or right.type != "call"
        or text_of(field(right, "function")).rpartition(".")[2] != "Table"
    ):
        return
    made = evaluator.evaluate(right, Scope(module))
    if not isinstance(made, Call) or not made.args or not isinstance(plain(made.args[0]), str):
        raise UnresolvedError("its name")
    columns = [part for part in made.args if isinstance(part, Call) and part.name in _COLUMN]
    yield made.args[0], dict(_describe("", column) for column in columns)


def _describe(name: str, made: Call) -> tuple[str, dict[str, Any]]:
    arguments = list(made.args)
    if arguments and isinstance(plain(arguments[0]), str):
        name = plain(arguments.pop(0))
    named = plain(made.kwargs.get("name"))
    kind = made.kwargs.get("type_") or next((part for part in arguments if _is_type(part)), None)
    is_key = plain(made.kwargs.get("primary_key", False)) is True
    nullable = plain(made.kwargs.get("nullable", not is_key))
    value: dict[str, Any] = {
        "type": callee_name(_function(kind)).lower() or "foreign-key",
        "nullable": nullable is not False,
    }
    if values := _values(kind):
        value["values"] = values
    default = plain(made.kwargs.get("default"))
    if isinstance(default, bool | int | float | str):
        value["default"] = default
    return (named if isinstance(named, str) else name), value


def _is_type(value: Any) -> bool:
    """A type, and not a constraint."""
    return (
        isinstance(value, Call | Bound | Symbol | ClassValue)
        and callee_name(_function(value)) not in _NO_TYPES
    )


def _function(value: Any) -> Any:
    return value.function if isinstance(value, Call) else value


def _values(kind: Any) -> list[str]:
    """Of an enumeration whose values are written out."""
    if not isinstance(kind, Call) or kind.name not in {"Enum", "ENUM"}:
        return []
    return sorted(plain(part) for part in kind.args if isinstance(plain(part), str))


SURFACES = (ModuleSurface("tables", _extract, (b"Column(", b"mapped_column("), is_program),)
