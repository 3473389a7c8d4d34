"""How blueprints come to have a prefix and a guard: at their making, at their registration, or through a helper."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from tree_sitter import Node

from scripts.upstream_sync.syntax.evaluator import Evaluator, parameter_names, parameters
from scripts.upstream_sync.syntax.modules import Import, Module
from scripts.upstream_sync.syntax.parsing import decorators, field, named_arguments, text_of
from scripts.upstream_sync.syntax.scopes import Place, Scope
from scripts.upstream_sync.syntax.values import Call, FunctionValue, Symbol, UnresolvedError, plain

_METHODS = ("register_blueprint", "before_request")


@dataclass(slots=True)
class Blueprint:
    """`prefix` is None until something gives it one; `guards` are names of functions that run before its views."""

    prefix: str | None = None
    registered: bool = False
    guards: list[str] = dataclass_field(default_factory=list)
    parent: Place | None = None


@dataclass(frozen=True, slots=True)
class _Effect:
    """One call of `register_blueprint` or `before_request`, where it is written."""

    method: str
    owner: Node
    arguments: Mapping[str, Node]
    scope: Scope
    function: Node | None


class Wiring:
    """Of all candidates of a module set."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._blueprints: dict[Place, Blueprint] = {}
        helpers: dict[Place, list[_Effect]] = {}
        for module in evaluator.modules.candidates:
            for effect in self._effects(module):
                if self._is_on_parameter(effect):
                    helpers.setdefault(_place_of_function(effect, module), []).append(effect)
                else:
                    self._apply(effect, {})
            self._read_guard_decorators(module)
        for module in evaluator.modules.candidates:
            self._apply_helpers(module, helpers)

    def blueprint(self, place: Place) -> Blueprint | None:
        """None for a place that holds no blueprint."""
        if place not in self._blueprints:
            made = self._make(place)
            if made is None:
                return None
            self._blueprints[place] = made
        return self._blueprints[place]

    def prefix(self, place: Place) -> str:
        found = self.blueprint(place)
        if found is None:
            return ""
        outer = self.prefix(found.parent) if found.parent is not None else ""
        return join_path(outer, found.prefix or "")

    def guards(self, place: Place) -> list[str]:
        found = self.blueprint(place)
        if found is None:
            return []
        return found.guards or (self.guards(found.parent) if found.parent is not None else [])

    def _make(self, place: Place) -> Blueprint | None:
        module = self._evaluator.modules.find(place.module)
        if module is None or place.name not in module.names:
            return None
        try:
            made = self._evaluator.module_attribute(module, place.name)
        except UnresolvedError:
            return None
        if not isinstance(made, Call) or made.name != "Blueprint":
            return None
        prefix = plain(made.kwargs.get("url_prefix"))
        return Blueprint(prefix if isinstance(prefix, str) else None)

    def _effects(self, module: Module) -> Iterator[_Effect]:
        for call in module.find("(call function: (attribute)) @it"):
            function = field(call, "function")
            method = text_of(field(function, "attribute"))
            if method in _METHODS:
                scope = self._evaluator.scope_at(call, module)
                yield _Effect(
                    method, field(function, "object"), named_arguments(call), scope, _function_around(call)
                )

    def _is_on_parameter(self, effect: _Effect) -> bool:
        if effect.function is None:
            return False
        names = parameter_names(effect.function)
        subject = effect.arguments.get("0") if effect.method == "register_blueprint" else effect.owner
        return subject is not None and text_of(subject) in names and subject.type == "identifier"

    def _apply(self, effect: _Effect, given: Mapping[str, tuple[Node, Scope]]) -> None:
        """`given`: parameter → argument and where it is written, for effects inside a helper."""

        def locate(node: Node) -> tuple[Node, Scope]:
            return given.get(text_of(node), (node, effect.scope))

        subject = effect.arguments.get("0") if effect.method == "register_blueprint" else effect.owner
        found = self._find(*locate(subject)) if subject is not None else None
        if found is None:
            return
        if effect.method == "before_request":
            if "0" in effect.arguments:
                node, scope = locate(effect.arguments["0"])
                found.guards.append(self._name_of(node, scope))
            return
        found.registered = True
        if "url_prefix" in effect.arguments:
            prefix = plain(self._evaluator.try_evaluate(*locate(effect.arguments["url_prefix"])))
            found.prefix = prefix if isinstance(prefix, str) else found.prefix
        owner = self._evaluator.place_of(*locate(effect.owner))
        if owner is not None and self.blueprint(owner) is not None:
            found.parent = owner

    def _apply_helpers(self, module: Module, helpers: Mapping[Place, list[_Effect]]) -> None:
        names = {place.name for place in helpers}
        names |= {
            name
            for name, bound in module.names.items()
            if isinstance(bound[-1], Import) and bound[-1].name in names
        }
        for call in module.find("(call function: (identifier)) @it") if names else ():
            function = field(call, "function")
            if text_of(function) not in names:
                continue
            scope = self._evaluator.scope_at(call, module)
            place = self._evaluator.place_of(function, scope)
            if place is not None and place in helpers:
                arguments = named_arguments(call)
                for effect in helpers[place]:
                    assert effect.function is not None
                    given = _bind(effect.function, arguments)
                    self._apply(effect, {name: (node, scope) for name, node in given.items()})

    def _read_guard_decorators(self, module: Module) -> None:
        for function in module.find("(decorated_definition definition: (function_definition) @it)"):
            for decorator in decorators(function):
                if (
                    decorator.type == "attribute"
                    and text_of(field(decorator, "attribute")) == "before_request"
                ):
                    found = self._find(field(decorator, "object"), self._evaluator.scope_at(function, module))
                    if found is not None:
                        found.guards.append(text_of(field(function, "name")))

    def _find(self, node: Node, scope: Scope) -> Blueprint | None:
        place = self._evaluator.place_of(node, scope)
        return None if place is None else self.blueprint(place)

    def _name_of(self, node: Node, scope: Scope) -> str:
        value = self._evaluator.try_evaluate(node, scope)
        if isinstance(value, FunctionValue):
            return value.name
        return value.name.rpartition(".")[2] if isinstance(value, Symbol) else text_of(node)


def join_path(prefix: str, rule: str) -> str:
    """As Flask joins a blueprint's prefix and a rule."""
    if not prefix or not rule:
        return prefix or rule
    return f"{prefix.rstrip('/')}/{rule.lstrip('/')}"


def _bind(function: Node, arguments: Mapping[str, Node]) -> dict[str, Node]:
    bound: dict[str, Node] = {}
    for position, (name, default) in enumerate(parameters(function)):
        node = arguments.get(name) or arguments.get(str(position)) or default
        if node is not None:
            bound[name] = node
    return bound


def _function_around(node: Node) -> Node | None:
    around: Any = node.parent
    while around is not None and around.type != "function_definition":
        around = around.parent
    return around if isinstance(around, Node) else None


def _place_of_function(effect: _Effect, module: Module) -> Place:
    assert effect.function is not None
    return Place(module.name, text_of(field(effect.function, "name")))
