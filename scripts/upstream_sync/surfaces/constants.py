"""Closed sets and constants.

`status notification <name>`, `key-type <name>`, `permission <of> <name>`… as `schema-map.toml` says where they are listed;
`enum <class> <member>` → value; `constant <NAME>` → value; `limit <name>` → value, again by `schema-map.toml`.
"""

from collections.abc import Iterator
from typing import Any

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact, Problem, hash_text
from scripts.upstream_sync.surfaces.schema_map import load_schema_map
from scripts.upstream_sync.surfaces.surface import Found, ModuleSurface, is_program
from scripts.upstream_sync.syntax.evaluator import Evaluator
from scripts.upstream_sync.syntax.modules import Module, ModuleSet
from scripts.upstream_sync.syntax.parsing import find, text_of
from scripts.upstream_sync.syntax.values import (
    Call,
    ClassValue,
    FunctionValue,
    Symbol,
    UnresolvedError,
    plain,
    to_json,
)

_HOLD_CONSTANTS = ("constants.py", "models.py", "__init__.py")
_FEWEST_WORDS = 3


def _extract_sets(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    facts: list[Fact] = []
    problems: list[Problem] = []
    for prefix, listed in load_schema_map().sets.items():
        for module, name in _modules_with(modules, listed):
            try:
                facts.extend(
                    Fact(f"{prefix} {member}", {}, module.path, name)
                    for member in _members(evaluator, module, name)
                )
            except UnresolvedError as error:
                problems.append(Problem("unresolved", module.path, f"{prefix}, listed in {name}: {error}"))
    return facts, problems


def _modules_with(modules: ModuleSet, listed: str) -> Iterator[tuple[Module, str]]:
    """Where a name is defined; `KEY_TYPE_*` stands for all that begin so."""
    for module in modules.candidates:
        for name, bound in module.names.items():
            is_meant = name.startswith(listed[:-1]) if listed.endswith("*") else name == listed
            if is_meant and isinstance(bound[-1], Node):
                yield module, name


def _members(evaluator: Evaluator, module: Module, name: str) -> list[str]:
    value = evaluator.module_attribute(module, name)
    if isinstance(value, ClassValue):
        return [str(plain(member)) for member in evaluator.enum_members(value)]
    found: Any = to_json(value)
    if isinstance(found, list) and all(isinstance(member, str) for member in found):
        return found
    if isinstance(found, str):
        return [found]
    raise UnresolvedError("no list of names")


def _extract_enums(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    facts: list[Fact] = []
    for module in modules.candidates:
        for name, bound in module.names.items():
            node = bound[-1]
            if not isinstance(node, Node) or node.type != "class_definition":
                continue
            owner = ClassValue(module, node, name)
            if evaluator.enum_kind(owner):
                for member in evaluator.enum_members(owner):
                    facts.extend(_fact(f"enum {name} {member.name}", member.value, module, name))
    return _without_doubles(facts), []


def _extract_constants(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    facts: list[Fact] = []
    for module in modules.candidates:
        for name, bound in module.names.items():
            if name.isupper() and isinstance(bound[-1], Node) and bound[-1].type != "class_definition":
                value = evaluator.module_attribute_or_none(module, name)
                facts.extend(_fact(f"constant {name}", value, module, name))
    return _without_doubles(facts), []


def _fact(key: str, value: Any, module: Module, name: str) -> Iterator[Fact]:
    """Nothing for objects: clients, metrics, types of columns."""
    try:
        found = to_json(value)
    except UnresolvedError:
        return
    if found is not None and not isinstance(plain(value), Call | Symbol | ClassValue):
        yield Fact(key, _without_texts(found), module.path, name)


def _without_texts(value: Any) -> Any:
    """Constants hold texts for people too, which are upstream's: three words and more are kept as their hash."""
    if isinstance(value, str):
        return hash_text(value) if len(value.split()) >= _FEWEST_WORDS else value
    if isinstance(value, dict):
        return {name: _without_texts(part) for name, part in value.items()}
    return [_without_texts(part) for part in value] if isinstance(value, list) else value


def _without_doubles(facts: list[Fact]) -> list[Fact]:
    """A name that two modules give different values is told by the folder too."""
    values: dict[str, set[str]] = {}
    for fact in facts:
        values.setdefault(fact.key, set()).add(repr(fact.value))
    return [
        Fact(f"{fact.key} ({fact.src})", fact.value, fact.src, fact.sym)
        if len(values[fact.key]) > 1
        else fact
        for fact in facts
    ]


def _extract_limits(modules: ModuleSet) -> Found:
    """Those of `schema-map.toml` that these modules hold: utils and api have different ones."""
    evaluator = Evaluator(modules)
    facts: list[Fact] = []
    for limit, path in load_schema_map().limits.items():
        owner, _, attribute = path.partition(".")
        for module, name in _modules_with(modules, owner):
            value = evaluator.module_attribute_or_none(module, name)
            if attribute:
                value = _attribute(evaluator, value, attribute)
            if value is not None:
                facts.extend(_fact(f"limit {limit}", value, module, path))
    return facts, []


def _attribute(evaluator: Evaluator, owner: Any, name: str) -> Any:
    """None when there is none. Of a method: the only number that is written in it."""
    try:
        value = evaluator.class_attribute(owner, name) if isinstance(owner, ClassValue) else None
    except UnresolvedError:
        return None
    if isinstance(value, FunctionValue):
        numbers = {int(text_of(node)) for node in find(value.node, "(integer) @it")}
        return numbers.pop() if len(numbers) == 1 else None
    return value


def _holds_constants(path: str) -> bool:
    return is_program(path) and path.endswith(_HOLD_CONSTANTS)


SETS = ModuleSurface(
    "sets",
    _extract_sets,
    tuple(name.rstrip("*").encode() for name in load_schema_map().sets.values()),
    is_program,
)
ENUMS = ModuleSurface("enums", _extract_enums, (b"Enum",), is_program)
CONSTANTS = ModuleSurface("constants", _extract_constants, (b" = ",), _holds_constants)
LIMITS = ModuleSurface(
    "limits",
    _extract_limits,
    tuple(f"{path.partition('.')[0]}".encode() for path in load_schema_map().limits.values()),
    is_program,
)
