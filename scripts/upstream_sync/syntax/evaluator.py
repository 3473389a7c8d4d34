"""Evaluates expressions that are constant in substance: names are followed across modules, nothing is run."""

from collections.abc import Mapping
from typing import Any

from tree_sitter import Node

from scripts.upstream_sync.syntax.expressions import RULES
from scripts.upstream_sync.syntax.known import binary, members_of
from scripts.upstream_sync.syntax.modules import Binding, Import, Module, ModuleSet
from scripts.upstream_sync.syntax.parsing import field, parts, text_of
from scripts.upstream_sync.syntax.scopes import Place, Scope
from scripts.upstream_sync.syntax.values import (
    Bound,
    Call,
    ClassValue,
    FunctionValue,
    Member,
    ModuleValue,
    Symbol,
    Unknown,
    UnresolvedError,
    reveal,
)

_DEEPEST = 80
_ENUMS = {"Enum", "StrEnum", "IntEnum", "Flag"}
_BUILTINS = frozenset(
    [
        "list",
        "tuple",
        "set",
        "frozenset",
        "dict",
        "int",
        "float",
        "str",
        "bool",
        "len",
        "min",
        "max",
        "sum",
        "abs",
        "round",
        "range",
        "zip",
        "enumerate",
        "reversed",
        "sorted",
        "object",
        "Exception",
        "ValueError",
        "TypeError",
        "KeyError",
        "property",
        "staticmethod",
        "classmethod",
        "super",
        "getattr",
        "isinstance",
        "type",
        "print",
        "NotImplementedError",
        "RuntimeError",
        "map",
        "filter",
        "any",
        "all",
        "repr",
        "open",
        "Warning",
        "iter",
        "next",
        "hasattr",
        "bytes",
    ]
)


def parameters(function: Node) -> list[tuple[str, Node | None]]:
    """Names and defaults, without `*args` and `**kwargs`."""
    found: list[tuple[str, Node | None]] = []
    for parameter in parts(field(function, "parameters")):
        name = parameter.child_by_field_name("name") or parameter
        if name.type == "typed_parameter":
            name = parts(name)[0]
        if name.type == "identifier":
            found.append((text_of(name), parameter.child_by_field_name("value")))
    return found


def parameter_names(function: Node) -> list[str]:
    return [name for name, _ in parameters(function)]


def _definition_around(node: Node) -> Node | None:
    inside, around = node, node.parent
    while around is not None:
        is_definition = around.type in {"function_definition", "class_definition"}
        if is_definition and inside == around.child_by_field_name("body"):
            return around
        inside, around = around, around.parent
    return None


class Evaluator:
    """Remembers what it found: make a new one for each set of modules."""

    def __init__(self, modules: ModuleSet) -> None:
        self.modules = modules
        self._known: dict[tuple[str, str], Any] = {}
        self._scopes: dict[tuple[str, int], Scope] = {}
        self._depth = 0

    # Scopes

    def body_scope(self, definition: Node, outer: Scope, values: Mapping[str, Any] | None = None) -> Scope:
        """Of a function or class."""
        return Scope(outer.module, outer.module.body_bindings(definition), values or {}, outer)

    def scope_at(self, node: Node, module: Module) -> Scope:
        """Of the innermost function or class around the node. Parameters are unknown."""
        definition = _definition_around(node)
        if definition is None:
            return Scope(module)
        key = (module.path, definition.start_byte)
        if key not in self._scopes:
            outer = self.scope_at(definition, module)
            is_function = definition.type == "function_definition"
            names = parameter_names(definition) if is_function else []
            unknown = {name: Unknown("parameter") for name in names}
            self._scopes[key] = self.body_scope(definition, outer, unknown)
        return self._scopes[key]

    # Names

    def look_up(self, name: str, scope: Scope) -> Any:
        """Raises `UnresolvedError`."""
        current: Scope | None = scope
        while current is not None:
            if name in current.values:
                return reveal(current.values[name])
            if name in current.bindings:
                return self._bound(name, current.bindings[name], current)
            current = current.outer
        return self.module_attribute(scope.module, name)

    def module_attribute(self, module: Module, name: str) -> Any:
        """Of a name at the top level. Raises `UnresolvedError`."""
        key = (module.name, name)
        if key not in self._known:
            self._known[key] = Unknown("refers to itself")
            try:
                self._known[key] = self._find_in_module(module, name)
            except UnresolvedError as error:
                self._known[key] = Unknown(str(error))
        return reveal(self._known[key])

    def module_attribute_or_none(self, module: Module, name: str) -> Any:
        try:
            return self.module_attribute(module, name)
        except UnresolvedError:
            return None

    def place_of(self, node: Node, scope: Scope) -> Place | None:
        """Of a name or attribute of a module; None for anything else."""
        if node.type == "identifier":
            return self._place_of_name(text_of(node), scope)
        if node.type == "attribute":
            try:
                owner = self.evaluate(field(node, "object"), scope)
            except UnresolvedError:
                return None
            if isinstance(owner, ModuleValue):
                return self._place_of_name(text_of(field(node, "attribute")), Scope(owner.module))
        return None

    # Expressions

    def evaluate(self, node: Node, scope: Scope) -> Any:
        """Raises `UnresolvedError`."""
        rule = RULES.get(node.type)
        if rule is None:
            raise UnresolvedError(f"{node.type.replace('_', ' ')}")
        if self._depth > _DEEPEST:
            raise UnresolvedError("too deep")
        self._depth += 1
        try:
            return rule(self, node, scope)
        finally:
            self._depth -= 1

    def try_evaluate(self, node: Node, scope: Scope) -> Any:
        """`Unknown` instead of an exception."""
        try:
            return self.evaluate(node, scope)
        except UnresolvedError as error:
            return Unknown(str(error))

    def arguments(self, call: Node, scope: Scope) -> tuple[list[Any], dict[str, Any]]:
        """Positional and named; what cannot be known is `Unknown`."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        given = field(call, "arguments")
        if given.type == "generator_expression":
            return [self.try_evaluate(given, scope)], {}
        for part in parts(given):
            if part.type == "keyword_argument":
                kwargs[text_of(field(part, "name"))] = self.try_evaluate(field(part, "value"), scope)
            elif part.type == "list_splat":
                spread = self.try_evaluate(parts(part)[0], scope)
                args.extend(spread if isinstance(spread, list) else [Unknown("spread")])
            elif part.type == "dictionary_splat":
                spread = self.try_evaluate(parts(part)[0], scope)
                kwargs.update(spread if isinstance(spread, dict) else {})
            else:
                args.append(self.try_evaluate(part, scope))
        return args, kwargs

    # Classes

    def bases(self, value: ClassValue) -> list[Any]:
        listed = value.node.child_by_field_name("superclasses")
        nodes = [] if listed is None else [part for part in parts(listed) if part.type != "keyword_argument"]
        return [self.try_evaluate(node, Scope(value.module)) for node in nodes]

    def lineage(self, value: ClassValue) -> list[ClassValue]:
        """The class and its bases that are in these modules, nearest first."""
        found = [value]
        for base in self.bases(value):
            if isinstance(base, ClassValue):
                found.extend(each for each in self.lineage(base) if each not in found)
        return found

    def root_bases(self, value: ClassValue) -> set[str]:
        """Last names of all bases of other packages, e.g. {"StrEnum"}."""
        return {
            base.name.rpartition(".")[2]
            for each in self.lineage(value)
            for base in self.bases(each)
            if isinstance(base, Symbol)
        }

    def enum_kind(self, value: ClassValue) -> str:
        """Empty for a class that is no enumeration."""
        found = self.root_bases(value)
        if found & {"StrEnum"} or {"str", "Enum"} <= found:
            return "StrEnum"
        return next(iter(found & _ENUMS), "")

    def enum_members(self, value: ClassValue) -> list[Member]:
        scope = self.body_scope(value.node, Scope(value.module))
        assigned = {
            name: bound[-1]
            for name, bound in scope.bindings.items()
            if isinstance(bound[-1], Node) and bound[-1].type == "assignment" and not name.startswith("_")
        }
        values = {
            name: self.try_evaluate(field(node, "right"), scope)
            for name, node in assigned.items()
            if node.child_by_field_name("right") is not None
        }
        return members_of(values, self.enum_kind(value))

    def class_attribute(self, value: ClassValue, name: str) -> Any:
        """Raises `UnresolvedError`."""
        if self.enum_kind(value):
            found = next((member for member in self.enum_members(value) if member.name == name), None)
            if found is not None:
                return found
        for each in self.lineage(value):
            scope = self.body_scope(each.node, Scope(each.module))
            if name in scope.bindings:
                return self._bound(name, scope.bindings[name], scope)
        raise UnresolvedError(f"no {name} in {value.name}")

    # Attributes and parameters

    def attribute_of(self, owner: Any, name: str) -> Any:
        """Raises `UnresolvedError`."""
        if isinstance(owner, ModuleValue):
            return self.module_attribute(owner.module, name)
        if isinstance(owner, Symbol):
            return Symbol(f"{owner.name}.{name}")
        if isinstance(owner, ClassValue):
            return Bound(owner, name) if name.startswith("__") else self.class_attribute(owner, name)
        if isinstance(owner, Member) and name in {"name", "value"}:
            return owner.name if name == "name" else owner.value
        if isinstance(owner, Call) and isinstance(owner.function, ClassValue):
            try:
                return self.class_attribute(owner.function, name)
            except UnresolvedError:
                return Bound(owner, name)
        return Bound(owner, name)

    def bind(
        self, function: Node, args: list[Any], kwargs: Mapping[str, Any], scope: Scope
    ) -> dict[str, Any]:
        """Parameter → value, with defaults."""
        bound: dict[str, Any] = {}
        waiting = list(args)
        for name, default in parameters(function):
            if name in kwargs:
                bound[name] = kwargs[name]
            elif waiting:
                bound[name] = waiting.pop(0)
            elif default is not None:
                bound[name] = self.try_evaluate(default, scope)
        return bound

    # Inside

    def _place_of_name(self, name: str, scope: Scope) -> Place | None:
        current: Scope | None = scope
        while current is not None:
            if name in current.values:
                return None
            if name in current.bindings:
                return self._place_of_binding(name, current.bindings[name][-1], current)
            current = current.outer
        bound = scope.module.names.get(name)
        if bound is None:
            return next(
                (
                    self._place_of_name(name, Scope(module))
                    for star in scope.module.star_imports
                    if (module := self.modules.find(star)) is not None and name in module.names
                ),
                None,
            )
        return self._place_of_binding(name, bound[-1], Scope(scope.module))

    def _place_of_binding(self, name: str, binding: Binding, scope: Scope) -> Place | None:
        if isinstance(binding, Import):
            module = self.modules.find(binding.module)
            if module is None or not binding.name or binding.name not in module.names:
                return None if module is None else Place(binding.module, binding.name)
            return self._place_of_name(binding.name, Scope(module))
        if binding.type == "assignment":
            right = binding.child_by_field_name("right")
            if right is not None and right.type in {"identifier", "attribute"}:
                return self.place_of(right, scope) or Place(scope.module.name, name)
        return Place(scope.module.name, name)

    def _find_in_module(self, module: Module, name: str) -> Any:
        if name in module.names:
            return self._bound(name, module.names[name], Scope(module))
        for star in module.star_imports:
            found = self.modules.find(star)
            if found is not None and name in found.names:
                return self.module_attribute(found, name)
        if name in _BUILTINS:
            return Symbol(f"builtins.{name}")
        if name == "__name__":
            return module.name
        submodule = self.modules.find(f"{module.name}.{name}") if module.is_package else None
        if submodule is not None:
            return ModuleValue(submodule)
        raise UnresolvedError(f"name {name}")

    def _bound(self, name: str, bindings: list[Binding], scope: Scope) -> Any:
        """The last binding counts, with what was added in place before it."""
        last = bindings[-1]
        if isinstance(last, Import):
            return self._imported(last)
        if last.type == "class_definition":
            return ClassValue(scope.module, last, name)
        if last.type == "function_definition":
            return FunctionValue(scope.module, last, name)
        if last.type == "augmented_assignment":
            before = (
                self._bound(name, bindings[:-1], scope)
                if bindings[:-1]
                else self.look_up(name, scope.outer or scope)
            )
            operator = text_of(field(last, "operator")).removesuffix("=")
            return binary(operator, before, self.evaluate(field(last, "right"), scope))
        if last.type != "assignment":
            raise UnresolvedError(last.type.replace("_", " "))
        right = last.child_by_field_name("right")
        if right is None:
            if bindings[:-1]:
                return self._bound(name, bindings[:-1], scope)
            raise UnresolvedError(f"{name} is declared without a value")
        return self._unpacked(name, last, self._assigned_value(right, scope))

    def _assigned_value(self, right: Node, scope: Scope) -> Any:
        while right.type == "assignment":
            right = field(right, "right")
        return self.evaluate(right, scope)

    def _unpacked(self, name: str, assignment: Node, value: Any) -> Any:
        target = field(assignment, "left")
        if target.type == "identifier":
            return value
        names = [text_of(part) for part in parts(target)]
        if isinstance(value, list) and len(value) == len(names):
            return reveal(value[names.index(name)])
        raise UnresolvedError("unpacking")

    def _imported(self, binding: Import) -> Any:
        module = self.modules.find(binding.module)
        if module is None:
            return Symbol(f"{binding.module}.{binding.name}" if binding.name else binding.module)
        if not binding.name:
            return ModuleValue(module)
        if binding.name not in module.names:
            submodule = self.modules.find(f"{binding.module}.{binding.name}")
            if submodule is not None:
                return ModuleValue(submodule)
        return self.module_attribute(module, binding.name)
