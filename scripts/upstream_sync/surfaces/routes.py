"""`route <METHOD> <path>` → {"auth", "area"}: addresses, and who may call them.

auth: "service-key", "admin", "none", or the name of another guard. area: "public" for what services' programs call,
"internal" for the rest. A path with a kind of message in it is written out for each kind that the view tells apart.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact, Problem, route_path
from scripts.upstream_sync.surfaces.surface import Found, ModuleSurface, is_program
from scripts.upstream_sync.surfaces.wiring import Wiring, join_path
from scripts.upstream_sync.syntax.evaluator import Evaluator, parameter_names
from scripts.upstream_sync.syntax.modules import Module, ModuleSet
from scripts.upstream_sync.syntax.parsing import decorators, field, find, named_arguments, parts, text_of
from scripts.upstream_sync.syntax.scopes import Scope
from scripts.upstream_sync.syntax.values import UnresolvedError, plain, to_json

_SHORTHANDS = {"get": "GET", "post": "POST", "put": "PUT", "delete": "DELETE", "patch": "PATCH"}
_AUTH = {"requires_auth": "service-key", "requires_no_auth": "none"}
_PUBLIC_PATHS = ("/v2/", "/unsubscribe/")
MARKS = (b"Blueprint(", b".route(", b"register_blueprint", b"before_request")


@dataclass(frozen=True, slots=True)
class Route:
    """`rule` is in Flask's form, with the prefix; `view` the function that answers; `kinds`: what its parameters are
    for this address, where one rule stands for several.
    """

    method: str
    rule: str
    auth: str
    view: Node
    module: Module
    kinds: Mapping[str, str] = dataclass_field(default_factory=dict)

    @property
    def path(self) -> str:
        return route_path(self.rule)

    @property
    def is_public(self) -> bool:
        return self.auth == "service-key" or self.rule.startswith(_PUBLIC_PATHS)

    @property
    def name(self) -> str:
        return text_of(field(self.view, "name"))


def read_routes(evaluator: Evaluator) -> tuple[list[Route], list[Problem]]:
    wiring = Wiring(evaluator)
    found: list[Route] = []
    problems: list[Problem] = []
    for module in evaluator.modules.candidates:
        for view in module.find("(decorated_definition definition: (function_definition) @it)"):
            for decorator in decorators(view):
                try:
                    found.extend(_read_decorator(decorator, view, module, evaluator, wiring))
                except UnresolvedError as error:
                    name = text_of(field(view, "name"))
                    problems.append(Problem("unresolved", module.path, f"route of {name}: {error}"))
    return found, problems


def _read_decorator(
    decorator: Node, view: Node, module: Module, evaluator: Evaluator, wiring: Wiring
) -> Iterator[Route]:
    """Nothing for decorators that make no route."""
    if decorator.type != "call" or field(decorator, "function").type != "attribute":
        return
    function = field(decorator, "function")
    verb = text_of(field(function, "attribute"))
    if verb != "route" and verb not in _SHORTHANDS:
        return
    scope = evaluator.scope_at(view, module)
    place = evaluator.place_of(field(function, "object"), scope)
    if place is None or wiring.blueprint(place) is None:
        if verb == "route":
            raise UnresolvedError("its blueprint")
        return
    arguments = named_arguments(decorator)
    rule_node = arguments.get("0") or arguments.get("rule")
    rule = plain(evaluator.evaluate(rule_node, scope)) if rule_node is not None else None
    if not isinstance(rule, str):
        raise UnresolvedError("its path")
    full = join_path(wiring.prefix(place), rule) or "/"
    auth = _auth(wiring.guards(place))
    for method in _methods(verb, arguments.get("methods"), evaluator, scope):
        for written, kinds in _expand(full, view, evaluator, module):
            yield Route(method, written, auth, view, module, kinds)


def _methods(verb: str, listed: Node | None, evaluator: Evaluator, scope: Scope) -> list[str]:
    if verb in _SHORTHANDS:
        return [_SHORTHANDS[verb]]
    if listed is None:
        return ["GET"]
    names: Any = to_json(evaluator.evaluate(listed, scope))
    return sorted({str(name).upper() for name in names} - {"HEAD", "OPTIONS"})


def _auth(guards: list[str]) -> str:
    named = [guard for guard in guards if guard.startswith("requires_")]
    if not named:
        return "unknown" if guards else "none"
    guard = named[-1]
    return _AUTH.get(guard, guard.removeprefix("requires_").removesuffix("_auth").replace("_", "-"))


def _expand(rule: str, view: Node, evaluator: Evaluator, module: Module) -> list[tuple[str, dict[str, str]]]:
    """`/v2/messages/<message_type>` → one rule for each constant that the view compares `message_type` with."""
    found = re.search(r"<(?:\w+:)?(\w+_type)>", rule)
    if found is None or not rule.startswith("/v2/") or found[1] not in parameter_names(view):
        return [(rule, {})]
    kinds = sorted(set(_compared_with(found[1], view, evaluator, module)))
    return [(rule.replace(found[0], kind), {found[1]: kind}) for kind in kinds] or [(rule, {})]


def _compared_with(name: str, view: Node, evaluator: Evaluator, module: Module) -> Iterator[str]:
    scope = Scope(module)
    for comparison in find(field(view, "body"), "(comparison_operator) @it"):
        sides = parts(comparison)
        if len(sides) == 2 and text_of(sides[0]) == name and comparison.children[1].type == "==":  # noqa: PLR2004
            value = plain(evaluator.try_evaluate(sides[1], scope))
            if isinstance(value, str):
                yield value


def _extract(modules: ModuleSet, *, public: bool) -> Found:
    routes, problems = read_routes(Evaluator(modules))
    chosen = [route for route in routes if route.is_public == public]
    area = "public" if public else "internal"
    facts = [
        Fact(
            f"route {each.method} {each.path}", {"auth": each.auth, "area": area}, each.module.path, each.name
        )
        for each in chosen
    ]
    return facts, problems


SURFACES = (
    ModuleSurface("public-routes", lambda modules: _extract(modules, public=True), MARKS, is_program),
    ModuleSurface("internal-routes", lambda modules: _extract(modules, public=False), MARKS, is_program),
)
