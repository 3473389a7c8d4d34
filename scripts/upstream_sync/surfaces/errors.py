"""Errors of the public API: `error <class> <status>` → {}, as answers name them, and `error-message <class> <hash>` →
{"n": words, "ph": placeholders}, of the sentences they come with.

The classes are those that handlers below `app/v2/` are registered for, and their subclasses. Statuses are those of the
handler, of the class, or of a `raise` in `app/v2/`, in a module it imports from, or in the guards of its routes.
`error-class <class>` → {"bases"} lists all exceptions of the program.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact, hash_text
from scripts.upstream_sync.surfaces.surface import Found, ModuleSurface, is_program
from scripts.upstream_sync.syntax.evaluator import Evaluator, parameters
from scripts.upstream_sync.syntax.modules import Import, Module, ModuleSet
from scripts.upstream_sync.syntax.parsing import decorators, field, find, named_arguments, parts, text_of
from scripts.upstream_sync.syntax.scopes import Scope
from scripts.upstream_sync.syntax.values import ClassValue, Symbol, plain

_PUBLIC = "app/v2/"
_GUARDS = "app/authentication/"
_STATUS_NAMES = ("status_code", "code")
_MESSAGE_NAMES = ("message", "message_template")
_STATUSES = range(400, 600)


@dataclass(slots=True)
class _Handled:
    """A class that has a handler; `status` is the handler's own, None when it asks the error."""

    name: str
    owner: ClassValue | None
    status: int | None


@dataclass(slots=True)
class _Raised:
    """What is raised of one class: explicit statuses, whether it is ever raised without one, and sentences."""

    statuses: set[int] = dataclass_field(default_factory=set)
    messages: set[str] = dataclass_field(default_factory=set)


def _extract(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    handled = [found for module in modules.candidates for found in _handlers(module, evaluator)]
    raised = _read_raises(modules, evaluator)
    facts = [
        Fact(f"error {each.name} {each.status}", {}, _PUBLIC, each.name)
        for each in handled
        if each.status is not None
    ]
    for owner in _subclasses(modules, evaluator, [each.owner for each in handled if each.owner is not None]):
        facts.extend(_facts_of_class(owner, raised.get(owner.name, _Raised()), evaluator))
    return list({fact.key: fact for fact in facts}.values()), []


def _handlers(module: Module, evaluator: Evaluator) -> Iterator[_Handled]:
    if not module.path.startswith(_PUBLIC):
        return
    for function in module.find("(decorated_definition definition: (function_definition) @it)"):
        for decorator in decorators(function):
            if decorator.type != "call" or not text_of(field(decorator, "function")).endswith("errorhandler"):
                continue
            first = named_arguments(decorator).get("0")
            value = (
                None if first is None else evaluator.try_evaluate(first, evaluator.scope_at(function, module))
            )
            status = _returned_status(function)
            if isinstance(value, ClassValue):
                yield _Handled(value.name, value, status)
            elif isinstance(value, Symbol):
                yield _Handled(value.name.rpartition(".")[2], None, status)


def _returned_status(function: Node) -> int | None:
    """`return …, 400`."""
    for returned in find(function, "(return_statement) @it"):
        last = parts(returned)[-1:]
        pieces = parts(last[0]) if last and last[0].type in {"expression_list", "tuple"} else []
        while pieces and pieces[-1].type == "tuple":
            pieces = parts(pieces[-1])
        if pieces and pieces[-1].type == "integer":
            return int(text_of(pieces[-1]))
    return None


def _subclasses(modules: ModuleSet, evaluator: Evaluator, handled: list[ClassValue]) -> Iterator[ClassValue]:
    for module in modules.candidates:
        for name, bound in module.names.items():
            node = bound[-1]
            if isinstance(node, Node) and node.type == "class_definition":
                owner = ClassValue(module, node, name)
                lineage = {(each.module.name, each.name) for each in evaluator.lineage(owner)}
                if any((each.module.name, each.name) in lineage for each in handled):
                    yield owner


def _facts_of_class(owner: ClassValue, raised: _Raised, evaluator: Evaluator) -> Iterator[Fact]:
    name = _shown_name(owner)
    for status in sorted(raised.statuses | _own_statuses(owner, evaluator)):
        yield Fact(f"error {name} {status}", {}, owner.module.path, owner.name)
    for message in sorted(raised.messages | _own_messages(owner)):
        found = hash_text(message)
        value = {"n": found["n"], "ph": message.count("{}")}
        yield Fact(f"error-message {name} {found['h']}", value, owner.module.path, owner.name)


def _shown_name(owner: ClassValue) -> str:
    """A class may tell another name than its own."""
    for pair in find(owner.node, "(pair key: (string) value: (string)) @it"):
        if text_of(field(pair, "key")).strip("\"'") == "error":
            return text_of(field(pair, "value")).strip("\"'")
    return owner.name


def _own_statuses(owner: ClassValue, evaluator: Evaluator) -> set[int]:
    """Of the nearest class in the line that says one: as an attribute, as a default, or to its base."""
    for each in evaluator.lineage(owner):
        scope = evaluator.body_scope(each.node, Scope(each.module))
        found = {_number(evaluator, scope, name) for name in _STATUS_NAMES if name in scope.bindings}
        for function in _constructors(each):
            defaults = [
                default for name, default in parameters(function) if name in _STATUS_NAMES and default
            ]
            passed = [
                argument
                for call in find(function, "(call) @it")
                for name, argument in named_arguments(call).items()
                if name in _STATUS_NAMES
            ]
            found |= {_integer(node) for node in (*defaults, *passed)}
        if known := {status for status in found if status is not None and status in _STATUSES}:
            return known
    return set()


def _own_messages(owner: ClassValue) -> set[str]:
    """Of the class itself, not of its bases."""
    found: set[str] = set()
    for node in find(owner.node, "(assignment) @it"):
        if text_of(field(node, "left")).removeprefix("self.") in _MESSAGE_NAMES:
            right = node.child_by_field_name("right")
            found.add(sentence(right, None) if right is not None else "")
    for function in _constructors(owner):
        found |= {_message_of(call, None) for call in find(function, "(call) @it")}
    return found - {""}


def _constructors(owner: ClassValue) -> list[Node]:
    return [
        node
        for node in find(field(owner.node, "body"), "(function_definition) @it")
        if text_of(field(node, "name")) == "__init__"
    ]


def _read_raises(modules: ModuleSet, evaluator: Evaluator) -> dict[str, _Raised]:
    """Class → what is raised of it where the public API can come by."""
    found: dict[str, _Raised] = {}
    for module in _reachable(modules):
        for call in module.find("(raise_statement (call) @it)"):
            scope = evaluator.scope_at(call, module)
            owner = evaluator.try_evaluate(field(call, "function"), scope)
            if isinstance(owner, ClassValue):
                raised = found.setdefault(owner.name, _Raised())
                raised.statuses |= _explicit_statuses(call, evaluator, scope)
                raised.messages |= {_message_of(call, scope)} - {""}
    return found


def _reachable(modules: ModuleSet) -> list[Module]:
    """`app/v2/`, the modules it imports from directly, and the guards."""
    start = [module for module in modules.candidates if module.path.startswith((_PUBLIC, _GUARDS))]
    named = {
        binding.module
        for module in start
        for bound in module.names.values()
        for binding in bound
        if isinstance(binding, Import)
    }
    others = [module for module in modules.candidates if module.name in named]
    return list({module.path: module for module in (*start, *others)}.values())


def _explicit_statuses(call: Node, evaluator: Evaluator, scope: Scope) -> set[int]:
    given = named_arguments(call).items()
    values = [
        plain(evaluator.try_evaluate(node, scope))
        for name, node in given
        if name in _STATUS_NAMES or name.isdigit()
    ]
    return {value for value in values if isinstance(value, int) and value in _STATUSES}


def _message_of(call: Node, scope: Scope | None) -> str:
    arguments = named_arguments(call)
    node = arguments.get("message") or arguments.get("0")
    return "" if node is None else sentence(node, scope)


def sentence(node: Node, scope: Scope | None) -> str:
    """A sentence with `{}` for what is put into it at run time; empty when it is none that is written here."""
    if node.type == "string":
        pieces = ("{}" if child.type == "interpolation" else text_of(child) for child in node.children[1:-1])
        return "".join(pieces)
    if node.type in {"concatenated_string", "parenthesized_expression"}:
        return "".join(sentence(part, scope) for part in parts(node))
    if node.type == "call" and text_of(field(node, "function")).endswith(".format"):
        return re.sub(r"\{[^{}]*\}", "{}", sentence(field(field(node, "function"), "object"), scope))
    if node.type == "identifier" and scope is not None:
        bound: Any = scope.bindings.get(text_of(node), [None])[-1]
        right = (
            bound.child_by_field_name("right")
            if isinstance(bound, Node) and bound.type == "assignment"
            else None
        )
        return sentence(right, None) if right is not None else ""
    return ""


def _number(evaluator: Evaluator, scope: Scope, name: str) -> int | None:
    bound = scope.bindings[name][-1]
    right = bound.child_by_field_name("right") if isinstance(bound, Node) else None
    value = None if right is None else plain(evaluator.try_evaluate(right, scope))
    return value if isinstance(value, int) else None


def _integer(node: Node) -> int | None:
    return int(text_of(node)) if node.type == "integer" else None


def _extract_classes(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    facts: list[Fact] = []
    for module in modules.candidates:
        for name, bound in module.names.items():
            node = bound[-1]
            if isinstance(node, Node) and node.type == "class_definition":
                owner = ClassValue(module, node, name)
                if any(base.endswith(("Exception", "Error")) for base in evaluator.root_bases(owner)):
                    bases = sorted(
                        base.name.rpartition(".")[2]
                        for base in evaluator.bases(owner)
                        if isinstance(base, ClassValue | Symbol)
                    )
                    facts.append(Fact(f"error-class {name}", {"bases": bases}, module.path, name))
    return list({fact.key: fact for fact in facts}.values()), []


PUBLIC = ModuleSurface(
    "public-errors",
    _extract,
    (b"raise ", b"errorhandler", b"Exception)", b"Error)", b"InvalidRequest)"),
    is_program,
)
CLASSES = ModuleSurface(
    "error-classes", _extract_classes, (b"Exception)", b"Error)", b"InvalidRequest)"), is_program
)
