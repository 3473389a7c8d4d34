"""The keys of what a function returns, followed through the mappings, helpers and methods it is made with.

A shape is a mapping of keys to shapes: "*" stands for the items of a list, "{}" for keys that are only known at run time,
an empty shape for a plain value or one that is not known. Branches are joined unless their condition is known.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from tree_sitter import Node

from scripts.upstream_sync.syntax.evaluator import Evaluator, parameters
from scripts.upstream_sync.syntax.modules import Module
from scripts.upstream_sync.syntax.parsing import field, named_arguments, parts, statements, text_of
from scripts.upstream_sync.syntax.scopes import Scope
from scripts.upstream_sync.syntax.values import (
    ClassValue,
    FunctionValue,
    Member,
    Symbol,
    Unknown,
    UnresolvedError,
    plain,
)

Shape = dict[str, Any]
Answer = tuple[int | None, Shape]
_DEEPEST = 12
_BLOCKS = {"for_statement", "while_statement", "with_statement", "try_statement", "except_clause", "finally_clause",
           "else_clause", "elif_clause", "block"}  # fmt: skip


@dataclass(slots=True)
class _Frame:
    """One call: what its names hold, and what it returned so far."""

    scope: Scope
    owner: ClassValue | None
    names: dict[str, Shape] = dataclass_field(default_factory=dict)
    functions: dict[str, FunctionValue] = dataclass_field(default_factory=dict)
    answers: list[Answer] = dataclass_field(default_factory=list)


class Shaper:
    """`methods`: name of a method → the classes that have it, for calls on values whose class is not known; `preferred`
    is the class that is meant where there are several.
    """

    def __init__(
        self, evaluator: Evaluator, methods: Mapping[str, list[ClassValue]], preferred: str | None = None
    ) -> None:
        self._evaluator = evaluator
        self._methods = methods
        self._preferred = preferred
        self._depth = 0
        self._rules: Mapping[str, Callable[[Node, _Frame], Shape]] = {
            "identifier": self._name,
            "dictionary": self._mapping,
            "dictionary_comprehension": self._entry,
            "list_comprehension": self._item,
            "generator_expression": self._item,
            "list": self._items,
            "tuple": self._items,
            "parenthesized_expression": self._inner,
            "dictionary_splat": self._inner,
            "conditional_expression": self._conditional,
            "binary_operator": self._both,
            "boolean_operator": self._both,
            "call": self._call,
        }

    def answers(
        self, function: Node, module: Module, values: Mapping[str, Any], owner: ClassValue | None = None
    ) -> list[Answer]:
        """Status (None when not said) and shape of each `return`; `values`: parameters that are known."""
        if self._depth > _DEEPEST:
            return []
        self._depth += 1
        try:
            known = {name: values.get(name, Unknown("parameter")) for name, _ in parameters(function)}
            frame = _Frame(self._evaluator.body_scope(function, Scope(module), known), owner)
            self._run(statements(field(function, "body")), frame)
            return frame.answers
        finally:
            self._depth -= 1

    # Statements: each gives whether the way ends there

    def _run(self, block: Iterable[Node], frame: _Frame) -> bool:
        return any(self._step(statement, frame) for statement in block)

    def _step(self, node: Node, frame: _Frame) -> bool:
        if node.type == "expression_statement":
            for part in parts(node):
                self._effect(part, frame)
        elif node.type == "return_statement":
            frame.answers.extend(answer for part in parts(node) for answer in self._returned(part, frame))
            return True
        elif node.type == "raise_statement":
            return True
        elif node.type == "if_statement":
            return self._branch(node, frame)
        elif node.type == "function_definition":
            name = text_of(field(node, "name"))
            frame.functions[name] = FunctionValue(frame.scope.module, node, name)
        elif node.type == "try_statement":
            return self._try(node, frame)
        elif node.type == "with_statement":
            return self._run(statements(field(node, "body")), frame)
        elif node.type in _BLOCKS:
            self._maybe(node, frame)
        return False

    def _branch(self, node: Node, frame: _Frame) -> bool:
        ways: list[tuple[Node | None, Node]] = [(field(node, "condition"), field(node, "consequence"))]
        for other in node.children_by_field_name("alternative"):
            is_elif = other.type == "elif_clause"
            condition = field(other, "condition") if is_elif else None
            ways.append((condition, field(other, "consequence" if is_elif else "body")))
        open_ways: list[dict[str, Shape]] = []
        for condition, block in ways:
            truth = True if condition is None else self._truth(condition, frame)
            if truth is False:
                continue
            before = deepcopy(frame.names)
            if not self._run(statements(block), frame):
                open_ways.append(frame.names)
            frame.names = before
            if truth is True:
                break
        else:
            open_ways.append(frame.names)
        for names in open_ways:
            frame.names = {
                name: merge(frame.names.get(name, {}), names.get(name, {})) for name in {*frame.names, *names}
            }
        return not open_ways

    def _try(self, node: Node, frame: _Frame) -> bool:
        ended = self._run(statements(field(node, "body")), frame)
        for clause in parts(node)[1:]:
            self._maybe(clause, frame)
        return ended

    def _maybe(self, node: Node, frame: _Frame) -> None:
        """A block that may run or not: what it adds is kept, and it ends nothing."""
        for part in parts(node):
            if part.type == "block":
                self._run(statements(part), frame)
            elif part.type in _BLOCKS:
                self._maybe(part, frame)

    def _effect(self, node: Node, frame: _Frame) -> None:
        if node.type == "assignment" and (right := node.child_by_field_name("right")) is not None:
            function = self._partial(right, frame)
            target = field(node, "left")
            if function is not None and target.type == "identifier":
                frame.functions[text_of(target)] = function
                return
            self._assign(target, self._shape(right, frame), frame)
        elif node.type == "augmented_assignment":
            target = field(node, "left")
            self._add(target, self._shape(field(node, "right"), frame), frame)
        elif node.type == "call" and field(node, "function").type == "attribute":
            function_node = field(node, "function")
            method = text_of(field(function_node, "attribute"))
            arguments = named_arguments(node)
            if method == "update":
                shapes = [self._shape(part, frame) if name.isdigit() else {name: self._shape(part, frame)}
                          for name, part in arguments.items()]  # fmt: skip
                for shape in shapes:
                    self._add(field(function_node, "object"), shape, frame)
            elif method == "append" and "0" in arguments:
                self._add(field(function_node, "object"), {"*": self._shape(arguments["0"], frame)}, frame)

    def _assign(self, target: Node, shape: Shape, frame: _Frame) -> None:
        if target.type == "identifier":
            frame.names[text_of(target)] = shape
        elif target.type == "subscript":
            self._add(target, shape, frame)
        elif target.type in {"pattern_list", "tuple_pattern"}:
            for part in parts(target):
                self._assign(part, {}, frame)

    def _add(self, target: Node, shape: Shape, frame: _Frame) -> None:
        """Into what is there already."""
        keys: list[str] = []
        while target.type == "subscript":
            keys.insert(0, self._key(field(target, "subscript"), frame))
            target = field(target, "value")
        if target.type == "identifier":
            for key in reversed(keys):
                shape = {key: shape}
            name = text_of(target)
            frame.names[name] = merge(frame.names.get(name, {}), shape)

    # Expressions

    def _returned(self, node: Node, frame: _Frame) -> list[Answer]:
        """`return jsonify(x), 201` and `return other_view(…)`."""
        if node.type in {"expression_list", "tuple"}:
            first, *rest = parts(node)
            status = plain(self._evaluator.try_evaluate(rest[0], frame.scope)) if rest else None
            return [(status if isinstance(status, int) else None, self._shape(first, frame))]
        if node.type == "call":
            called = self._call_answers(node, frame)
            if called is not None:
                return called
        return [(None, self._shape(node, frame))]

    def _shape(self, node: Node, frame: _Frame) -> Shape:
        rule = self._rules.get(node.type)
        return {} if rule is None else rule(node, frame)

    def _name(self, node: Node, frame: _Frame) -> Shape:
        return frame.names.get(text_of(node), {})

    def _items(self, node: Node, frame: _Frame) -> Shape:
        return {"*": merge(*(self._shape(part, frame) for part in parts(node)))}

    def _item(self, node: Node, frame: _Frame) -> Shape:
        return {"*": self._shape(field(node, "body"), frame)}

    def _entry(self, node: Node, frame: _Frame) -> Shape:
        return {"{}": self._shape(field(field(node, "body"), "value"), frame)}

    def _inner(self, node: Node, frame: _Frame) -> Shape:
        return self._shape(parts(node)[0], frame)

    def _both(self, node: Node, frame: _Frame) -> Shape:
        return merge(*(self._shape(field(node, side), frame) for side in ("left", "right")))

    def _conditional(self, node: Node, frame: _Frame) -> Shape:
        chosen, condition, other = parts(node)
        truth = self._truth(condition, frame)
        if truth is None:
            return merge(self._shape(chosen, frame), self._shape(other, frame))
        return self._shape(chosen if truth else other, frame)

    def _mapping(self, node: Node, frame: _Frame) -> Shape:
        found: Shape = {}
        for part in parts(node):
            if part.type == "dictionary_splat":
                found = merge(found, self._shape(parts(part)[0], frame))
            else:
                key = self._key(field(part, "key"), frame)
                found = merge(found, {key: self._shape(field(part, "value"), frame)})
        return found

    def _call(self, node: Node, frame: _Frame) -> Shape:
        name = text_of(field(node, "function")).rpartition(".")[2]
        arguments = named_arguments(node)
        if name in {"jsonify", "dict"} or self._is_typed_mapping(node, frame):
            given = [self._shape(part, frame) for key, part in arguments.items() if key.isdigit()]
            named = {key: self._shape(part, frame) for key, part in arguments.items() if not key.isdigit()}
            return merge(*given, named)
        if name in {"list", "sorted", "tuple", "make_response"} and "0" in arguments:
            return self._shape(arguments["0"], frame)
        answers = self._call_answers(node, frame)
        return merge(*(shape for _, shape in answers)) if answers else {}

    def _call_answers(self, node: Node, frame: _Frame) -> list[Answer] | None:
        """None when the function is not one of these modules'."""
        function_node = field(node, "function")
        function = frame.functions.get(text_of(function_node))
        if function is None:
            value = self._evaluator.try_evaluate(function_node, frame.scope)
            function = value if isinstance(value, FunctionValue) else None
        if function is not None:
            args, kwargs = self._evaluator.arguments(node, frame.scope)
            bound = self._evaluator.bind(function.node, args, kwargs, Scope(function.module))
            return self.answers(function.node, function.module, bound, self._owner_of(function))
        return self._method_answers(function_node, frame) if function_node.type == "attribute" else None

    def _method_answers(self, node: Node, frame: _Frame) -> list[Answer] | None:
        name = text_of(field(node, "attribute"))
        is_own = text_of(field(node, "object")) == "self" and frame.owner is not None
        owner = frame.owner if is_own else self._class_with(name)
        if owner is None:
            return None
        for each in self._evaluator.lineage(owner):
            function = self._evaluator.body_scope(each.node, Scope(each.module)).bindings.get(name, [None])[
                -1
            ]
            if isinstance(function, Node) and function.type == "function_definition":
                return self.answers(function, each.module, {}, owner)
        return None

    def _class_with(self, method: str) -> ClassValue | None:
        having = self._methods.get(method, [])
        meant = [owner for owner in having if owner.name == self._preferred]
        if meant:
            return meant[0]
        return having[0] if len(having) == 1 else None

    def _owner_of(self, function: FunctionValue) -> ClassValue | None:
        parent = function.node.parent
        around = parent.parent if parent is not None else None
        if around is None or around.type != "class_definition":
            return None
        return ClassValue(function.module, around, text_of(field(around, "name")))

    def _is_typed_mapping(self, node: Node, frame: _Frame) -> bool:
        value = self._evaluator.try_evaluate(field(node, "function"), frame.scope)
        return isinstance(value, ClassValue) and "TypedDict" in self._evaluator.root_bases(value)

    def _partial(self, node: Node, frame: _Frame) -> FunctionValue | None:
        """`functools.partial(function, …)`."""
        if node.type != "call":
            return None
        function = self._evaluator.try_evaluate(field(node, "function"), frame.scope)
        first = named_arguments(node).get("0")
        if not isinstance(function, Symbol) or function.name != "functools.partial" or first is None:
            return None
        value = self._evaluator.try_evaluate(first, frame.scope)
        return value if isinstance(value, FunctionValue) else None

    def _key(self, node: Node, frame: _Frame) -> str:
        key = plain(self._evaluator.try_evaluate(node, frame.scope))
        return key if isinstance(key, str) else "*" if isinstance(key, int) else "{}"

    def _truth(self, node: Node, frame: _Frame) -> bool | None:
        try:
            value = self._evaluator.evaluate(node, frame.scope)
        except UnresolvedError:
            return None
        is_plain = isinstance(value, bool | int | str | list | dict | Member) or value is None
        return bool(plain(value)) if is_plain else None


def merge(*shapes: Shape) -> Shape:
    found: Shape = {}
    for shape in shapes:
        for key, part in shape.items():
            found[key] = merge(found[key], part) if key in found else part
    return found


def pointers(shape: Shape, prefix: str = "") -> list[str]:
    """Each place in the document, outermost first."""
    return [
        pointer
        for key, part in sorted(shape.items())
        for pointer in (f"{prefix}/{key}", *pointers(part, f"{prefix}/{key}"))
    ]
