"""One rule for each form of expression."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tree_sitter import Node

from scripts.upstream_sync.syntax.calls import call
from scripts.upstream_sync.syntax.known import binary
from scripts.upstream_sync.syntax.parsing import field, literal_text, parts, text_of
from scripts.upstream_sync.syntax.scopes import Scope
from scripts.upstream_sync.syntax.values import (
    Bound,
    Call,
    ClassValue,
    Symbol,
    Unknown,
    UnresolvedError,
    plain,
    reveal,
)

if TYPE_CHECKING:
    from scripts.upstream_sync.syntax.evaluator import Evaluator


def _identifier(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    return evaluator.look_up(text_of(node), scope)


def _attribute(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    owner = evaluator.evaluate(field(node, "object"), scope)
    return evaluator.attribute_of(owner, text_of(field(node, "attribute")))


def _string(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    plain_text = literal_text(node)
    if plain_text is not None:
        return plain_text
    pieces: list[str] = []
    for child in node.children[1:-1]:
        if child.type == "interpolation":
            pieces.append(_interpolated(evaluator, child, scope))
        else:
            pieces.append(text_of(child).replace("{{", "{").replace("}}", "}"))
    return "".join(pieces)


def _interpolated(evaluator: "Evaluator", node: Node, scope: Scope) -> str:
    value = plain(evaluator.evaluate(field(node, "expression"), scope))
    if not isinstance(value, str | int | float):
        raise UnresolvedError("f-string")
    specifier = next((text_of(part)[1:] for part in parts(node) if part.type == "format_specifier"), "")
    try:
        return format(value, specifier)
    except ValueError as error:
        raise UnresolvedError("f-string") from error


def _concatenated(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    pieces = [evaluator.evaluate(part, scope) for part in parts(node)]
    return b"".join(pieces) if isinstance(pieces[0], bytes) else "".join(str(piece) for piece in pieces)


def _number(_: "Evaluator", node: Node, __: Scope) -> Any:
    digits = text_of(node).replace("_", "")
    try:
        return int(digits, 0) if node.type == "integer" else float(digits)
    except ValueError as error:
        raise UnresolvedError("number") from error


def _sequence(evaluator: "Evaluator", node: Node, scope: Scope) -> list[Any]:
    found: list[Any] = []
    for part in parts(node):
        if part.type == "list_splat":
            spread = iterate(evaluator, evaluator.evaluate(parts(part)[0], scope))
            found.extend(spread)
        else:
            found.append(evaluator.evaluate(part, scope))
    return found


def _set(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    try:
        return frozenset(plain(part) for part in _sequence(evaluator, node, scope))
    except TypeError as error:
        raise UnresolvedError("a set of unhashable values") from error


def _dictionary(evaluator: "Evaluator", node: Node, scope: Scope) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for part in parts(node):
        if part.type == "dictionary_splat":
            spread = evaluator.evaluate(parts(part)[0], scope)
            if not isinstance(spread, dict):
                raise UnresolvedError("spread of an unknown mapping")
            found.update(spread)
        else:
            key = plain(evaluator.evaluate(field(part, "key"), scope))
            found[_hashable(key)] = evaluator.try_evaluate(field(part, "value"), scope)
    return found


def _first(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    return evaluator.evaluate(parts(node)[0], scope)


def _binary(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    left, right = (evaluator.evaluate(field(node, side), scope) for side in ("left", "right"))
    return binary(text_of(field(node, "operator")), left, right)


def _unary(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    value = plain(evaluator.evaluate(field(node, "argument"), scope))
    operator = text_of(field(node, "operator"))
    if operator == "-" and isinstance(value, int | float):
        return -value
    raise UnresolvedError(f"unary {operator}")


def _not(evaluator: "Evaluator", node: Node, scope: Scope) -> bool:
    return not known_truth(evaluator.evaluate(field(node, "argument"), scope))


def _boolean(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    left = evaluator.evaluate(field(node, "left"), scope)
    truth = known_truth(left)
    wants_left = truth if text_of(field(node, "operator")) == "or" else not truth
    return left if wants_left else evaluator.evaluate(field(node, "right"), scope)


def _conditional(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    chosen, condition, other = parts(node)
    truth = known_truth(evaluator.evaluate(condition, scope))
    return evaluator.evaluate(chosen if truth else other, scope)


def _comparison(evaluator: "Evaluator", node: Node, scope: Scope) -> bool:
    values = [plain(evaluator.evaluate(part, scope)) for part in parts(node)]
    operators = [child.type for child in node.children if not child.is_named]
    if len(values) != 2 or len(operators) != 1:  # noqa: PLR2004 (one comparison, not a chain)
        raise UnresolvedError("comparison")
    left, right = values
    if any(isinstance(value, Call | Symbol | Bound | Unknown) for value in values):
        raise UnresolvedError("comparison")
    outcomes = {"==": left == right, "!=": left != right, "is": left is right}
    if operators[0] in outcomes:
        return bool(outcomes[operators[0]])
    if operators[0] in {"in", "not in"} and isinstance(right, list | dict | frozenset | str):
        return (left in right) == (operators[0] == "in")
    raise UnresolvedError("comparison")


def _subscript(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    owner = plain(evaluator.evaluate(field(node, "value"), scope))
    index = field(node, "subscript")
    if index.type == "slice":
        raise UnresolvedError("slice")
    key = plain(evaluator.evaluate(index, scope))
    if isinstance(owner, Symbol) and owner.name == "os.environ":
        return Call(Symbol("environment"), (key,))
    if isinstance(owner, Symbol | ClassValue):
        return owner
    try:
        return reveal(owner[key])
    except (TypeError, LookupError) as error:
        raise UnresolvedError("subscript") from error


def _comprehension(evaluator: "Evaluator", node: Node, scope: Scope) -> Any:
    body = field(node, "body")
    rows = _loop(evaluator, [part for part in parts(node) if part != body], scope)
    if node.type == "dictionary_comprehension":
        pairs = [
            (evaluator.evaluate(field(body, "key"), row), evaluator.evaluate(field(body, "value"), row))
            for row in rows
        ]
        return {_hashable(plain(key)): value for key, value in pairs}
    values = [evaluator.evaluate(body, row) for row in rows]
    return frozenset(plain(value) for value in values) if node.type == "set_comprehension" else values


def _loop(evaluator: "Evaluator", clauses: list[Node], scope: Scope) -> Iterator[Scope]:
    if not clauses:
        yield scope
        return
    clause, *rest = clauses
    if clause.type == "if_clause":
        if known_truth(evaluator.evaluate(parts(clause)[0], scope)):
            yield from _loop(evaluator, rest, scope)
        return
    target = field(clause, "left")
    for value in iterate(evaluator, evaluator.evaluate(field(clause, "right"), scope)):
        inner = Scope(scope.module, {}, _match(target, value), scope)
        yield from _loop(evaluator, rest, inner)


def iterate(evaluator: "Evaluator", value: Any) -> list[Any]:
    value = plain(value)
    if isinstance(value, ClassValue) and evaluator.enum_kind(value):
        return list(evaluator.enum_members(value))
    if isinstance(value, frozenset):
        return sorted(value, key=lambda part: str(plain(part)))
    if isinstance(value, list | dict | str):
        return list(value)
    raise UnresolvedError("loop over something unknown")


def known_truth(value: Any) -> bool:
    value = plain(value)
    if isinstance(value, Call | Symbol | Bound | Unknown):
        raise UnresolvedError("condition")
    return bool(value)


def _lambda(*_: object) -> Symbol:
    return Symbol("lambda")


def _hashable(key: Any) -> Any:
    try:
        hash(key)
    except TypeError as error:
        raise UnresolvedError("key of a mapping") from error
    return key


def _match(target: Node, value: Any) -> dict[str, Any]:
    if target.type == "identifier":
        return {text_of(target): value}
    names = [text_of(part) for part in parts(target)]
    if isinstance(value, list) and len(value) == len(names):
        return dict(zip(names, value, strict=True))
    raise UnresolvedError("unpacking in a loop")


Rule = Callable[["Evaluator", Node, Scope], Any]
RULES: Mapping[str, Rule] = {
    "identifier": _identifier,
    "attribute": _attribute,
    "string": _string,
    "concatenated_string": _concatenated,
    "integer": _number,
    "float": _number,
    "true": lambda *_: True,
    "false": lambda *_: False,
    "none": lambda *_: None,
    "list": _sequence,
    "tuple": _sequence,
    "expression_list": _sequence,
    "set": _set,
    "dictionary": _dictionary,
    "parenthesized_expression": _first,
    "type": _first,
    "binary_operator": _binary,
    "unary_operator": _unary,
    "not_operator": _not,
    "boolean_operator": _boolean,
    "conditional_expression": _conditional,
    "comparison_operator": _comparison,
    "subscript": _subscript,
    "list_comprehension": _comprehension,
    "dictionary_comprehension": _comprehension,
    "set_comprehension": _comprehension,
    "generator_expression": _comprehension,
    "lambda": _lambda,
    "call": call,
}
