"""`format <name>` → {"values", "digest"}: what upstream's own checks of a schema's `format` allow.

`values` are the constants that the check compares with; `digest` that of its syntax: a rule that changes shows.
"""

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact
from scripts.upstream_sync.surfaces.surface import Found, ModuleSurface, is_program
from scripts.upstream_sync.syntax.evaluator import Evaluator
from scripts.upstream_sync.syntax.modules import Module, ModuleSet
from scripts.upstream_sync.syntax.normal import syntax_digest
from scripts.upstream_sync.syntax.parsing import decorators, field, find, named_arguments, parts, text_of
from scripts.upstream_sync.syntax.values import plain


def _extract(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    facts: list[Fact] = []
    for module in modules.candidates:
        for function in module.find("(decorated_definition definition: (function_definition) @it)"):
            for decorator in decorators(function):
                name = _format_name(decorator, function, module, evaluator)
                if name is not None:
                    value: dict[str, object] = {"digest": syntax_digest(field(function, "body"))}
                    if values := _values(function, module, evaluator):
                        value["values"] = values
                    facts.append(Fact(f"format {name}", value, module.path, name))
    return facts, []


def _format_name(decorator: Node, function: Node, module: Module, evaluator: Evaluator) -> str | None:
    """`@format_checker.checks("name")`."""
    if decorator.type != "call" or not text_of(field(decorator, "function")).endswith(".checks"):
        return None
    first = named_arguments(decorator).get("0")
    name = (
        None if first is None else plain(evaluator.try_evaluate(first, evaluator.scope_at(function, module)))
    )
    return name if isinstance(name, str) else None


def _values(function: Node, module: Module, evaluator: Evaluator) -> list[str]:
    """Of `… in […]` and `… not in […]`."""
    scope = evaluator.scope_at(field(function, "body"), module)
    found: set[str] = set()
    for comparison in find(function, "(comparison_operator) @it"):
        value = evaluator.try_evaluate(parts(comparison)[-1], scope)
        if isinstance(value, list):
            found |= {part for part in map(plain, value) if isinstance(part, str)}
    return sorted(found)


SURFACES = (ModuleSurface("formats", _extract, (b"format_checker",), is_program),)
