"""`admin-route <METHOD> <path>` → {"for", "permissions"}: pages of the admin, and who may open them.

for: "anyone", "signed-in", "government" (a user of a public body), "member" (of the service or organisation in the path),
"platform-admin". permissions: what a member needs one of; "organisation <name>" is one of the organisation's.
"organisation": true where its users may come in; "restricted": true where platform administrators may not.
"""

from collections.abc import Iterable
from typing import Any, Final

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact, Problem
from scripts.upstream_sync.surfaces.routes import MARKS, Route, read_routes
from scripts.upstream_sync.surfaces.surface import Found, ModuleSurface, is_program
from scripts.upstream_sync.syntax.evaluator import Evaluator
from scripts.upstream_sync.syntax.modules import ModuleSet
from scripts.upstream_sync.syntax.parsing import decorators, field, named_arguments, text_of
from scripts.upstream_sync.syntax.scopes import Scope
from scripts.upstream_sync.syntax.values import UnresolvedError, plain, to_json

_GUARDS: Final = {
    "user_is_platform_admin": "platform-admin",
    "user_has_permissions": "member",
    "user_is_gov_user": "government",
    "user_is_logged_in": "signed-in",
    "login_required": "signed-in",
}
_FLAGS: Final = {"allow_org_user": "organisation", "restrict_admin_usage": "restricted"}


def extract(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    routes, problems = read_routes(evaluator)
    facts = []
    for route in routes:
        try:
            value = _read_access(route, evaluator)
        except UnresolvedError as error:
            problems.append(Problem("unresolved", route.module.path, f"permissions of {route.name}: {error}"))
        else:
            facts.append(
                Fact(f"admin-route {route.method} {route.path}", value, route.module.path, route.name)
            )
    return _without_doubles(facts), problems


def _read_access(route: Route, evaluator: Evaluator) -> dict[str, Any]:
    """Raises `UnresolvedError`."""
    access: dict[str, Any] = {"for": "anyone", "permissions": []}
    for decorator in decorators(route.view):
        called = field(decorator, "function") if decorator.type == "call" else decorator
        guard = _GUARDS.get(text_of(called).rpartition(".")[2])
        if guard is None:
            continue
        access["for"] = guard
        if decorator.type == "call":
            access |= _read_arguments(decorator, evaluator, evaluator.scope_at(route.view, route.module))
    return access


def _read_arguments(call: Node, evaluator: Evaluator, scope: Scope) -> dict[str, Any]:
    needed: set[str] = set()
    flags: dict[str, Any] = {}
    for name, node in named_arguments(call).items():
        value = to_json(evaluator.evaluate(node, scope))
        if name.isdecimal():
            needed.add(str(value))
        elif name == "org_permissions":
            needed.update(f"organisation {plain(each)}" for each in value or ())
        elif name in _FLAGS and value:
            flags[_FLAGS[name]] = True
    return {"permissions": sorted(needed), **flags}


def _without_doubles(facts: Iterable[Fact]) -> list[Fact]:
    """Two views of one address differ in the types of its parts: both answers are kept, under `{…}` and `{…}` again."""
    found: dict[str, Fact] = {}
    for fact in sorted(facts, key=lambda each: (each.key, each.src, each.sym)):
        key = fact.key
        while key in found and found[key].value != fact.value:
            key += " again"
        found[key] = Fact(key, fact.value, fact.src, fact.sym)
    return list(found.values())


SURFACES: Final = (ModuleSurface("admin-routes", extract, MARKS, is_program),)
