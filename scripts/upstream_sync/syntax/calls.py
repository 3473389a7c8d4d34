"""Calls: known functions are computed, own functions that only return something are followed, others stay calls."""

from typing import TYPE_CHECKING, Any

from tree_sitter import Node

from scripts.upstream_sync.syntax.known import call_function, call_method
from scripts.upstream_sync.syntax.parsing import field, parts, statements
from scripts.upstream_sync.syntax.scopes import Scope
from scripts.upstream_sync.syntax.values import (
    Bound,
    Call,
    ClassValue,
    FunctionValue,
    Symbol,
    Unknown,
    UnresolvedError,
    plain,
    reveal,
)

if TYPE_CHECKING:
    from scripts.upstream_sync.syntax.evaluator import Evaluator


def call(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    function = evaluator.evaluate(field(node, "function"), scope)
    args, kwargs = evaluator.arguments(node, scope)
    if isinstance(function, Symbol):
        return _call_symbol(evaluator, function, args, kwargs)
    if isinstance(function, Bound):
        return _call_bound(function, args, kwargs)
    if isinstance(function, FunctionValue):
        return _call_own(evaluator, function, args, kwargs)
    return Call(function, tuple(args), kwargs)


def _call_symbol(evaluator: "Evaluator", function: Symbol, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if any(isinstance(part, Unknown) for part in (*args, *kwargs.values())):
        return Call(function, tuple(args), kwargs)
    return call_function(function, [_spread_enum(evaluator, part) for part in args], kwargs)


def _spread_enum(evaluator: "Evaluator", value: Any) -> Any:
    is_enum = isinstance(value, ClassValue) and evaluator.enum_kind(value)
    return list(evaluator.enum_members(value)) if is_enum else value


def _call_bound(function: Bound, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if isinstance(plain(function.owner), str | list | dict | frozenset):
        for part in (*args, *kwargs.values()):
            reveal(part)
        return call_method(function.owner, function.attribute, args, kwargs)
    return Call(function, tuple(args), kwargs)


def _call_own(
    evaluator: "Evaluator", function: FunctionValue, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Functions that only compute what they return are followed; others stay a call."""
    body = [part for part in statements(field(function.node, "body")) if part.type != "string"]
    works = [
        part for part in body if not (part.type == "expression_statement" and parts(part)[0].type == "string")
    ]
    is_simple = works and works[-1].type == "return_statement" and parts(works[-1])
    if not is_simple or any(_is_effect(part) for part in works[:-1]):
        return Call(function, tuple(args), kwargs)
    try:
        values = evaluator.bind(function.node, args, kwargs, Scope(function.module))
        scope = evaluator.body_scope(function.node, Scope(function.module), values)
        return evaluator.evaluate(parts(works[-1])[0], scope)
    except UnresolvedError:
        return Call(function, tuple(args), kwargs)


def _is_effect(statement: Node) -> bool:
    return not (statement.type == "expression_statement" and parts(statement)[0].type == "assignment")
