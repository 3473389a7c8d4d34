"""`config <KEY>` → {"from"}: "environment" or "code"; numbers and switches that the code fixes with their value.

Of all classes of the program's `config.py`. Other values are left out: some are secrets, most mean nothing elsewhere.
"""

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact
from scripts.upstream_sync.surfaces.surface import Found, ModuleSurface, is_program
from scripts.upstream_sync.syntax.evaluator import Evaluator
from scripts.upstream_sync.syntax.modules import ModuleSet
from scripts.upstream_sync.syntax.parsing import text_of
from scripts.upstream_sync.syntax.scopes import Scope
from scripts.upstream_sync.syntax.values import ClassValue, plain

_NOT_SETTINGS = ("QueueNames", "TaskNames", "Priorities")
_ENVIRONMENT = ("environ", "getenv", "env(", "env.")


def _extract(modules: ModuleSet) -> Found:
    """The first class that has a key counts: those after it are for other environments."""
    evaluator = Evaluator(modules)
    found: dict[str, Fact] = {}
    for module in modules.candidates:
        for name, bound in module.names.items():
            node = bound[-1]
            if not isinstance(node, Node) or node.type != "class_definition" or name in _NOT_SETTINGS:
                continue
            scope = evaluator.body_scope(node, Scope(module))
            for key, bindings in scope.bindings.items():
                if key.isupper() and not key.startswith("_") and isinstance(bindings[-1], Node):
                    value = _describe(bindings[-1], ClassValue(module, node, name), evaluator)
                    found.setdefault(key, Fact(f"config {key}", value, module.path, f"{name}.{key}"))
    return list(found.values()), []


def _describe(assignment: Node, owner: ClassValue, evaluator: Evaluator) -> dict[str, object]:
    right = assignment.child_by_field_name("right") if assignment.type == "assignment" else None
    if right is None:
        return {"from": "code"}
    if any(sign in text_of(right) for sign in _ENVIRONMENT):
        return {"from": "environment"}
    value = plain(evaluator.try_evaluate(right, evaluator.body_scope(owner.node, Scope(owner.module))))
    return {"from": "code"} | ({"value": value} if isinstance(value, bool | int | float) else {})


SURFACES = (
    ModuleSurface(
        "config",
        _extract,
        (b"class ",),
        lambda path: is_program(path) and path.endswith(("app/config.py", "/config.py")),
    ),
)
