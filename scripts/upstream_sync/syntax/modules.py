"""Modules of one commit: what each name at their top level stands for, and which of them were looked into."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from scripts.upstream_sync.syntax.parsing import field, find, find_faults, parse, parts, statements, text_of

_KEPT_MODULES = 3_000
_NESTING = frozenset({"if_statement", "else_clause", "elif_clause", "try_statement", "with_statement", "block",
                      "except_clause", "finally_clause", "for_statement", "while_statement", "except_group_clause"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Import:
    """`name` is empty when the module itself is meant."""

    module: str
    name: str


Binding = Import | Node


class Module:
    """`name` is dotted; a package's is that of its folder. Trees are made when asked for."""

    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = source
        self.name, self.is_package = module_name(path)
        self._found: dict[str, list[Node]] = {}
        self._bodies: dict[int, Mapping[str, list[Binding]]] = {}

    @cached_property
    def root(self) -> Node:
        return parse(self.source)

    @cached_property
    def faults(self) -> list[int]:
        return find_faults(self.root)

    def find(self, pattern: str) -> list[Node]:
        """Nodes captured as `it` anywhere in the module; remembered, as modules outlive commits."""
        if pattern not in self._found:
            self._found[pattern] = find(self.root, pattern)
        return self._found[pattern]

    def body_bindings(self, definition: Node) -> Mapping[str, list[Binding]]:
        """What the body of a function or class binds."""
        if definition.start_byte not in self._bodies:
            self._bodies[definition.start_byte] = _by_name(
                collect_bindings(statements(field(definition, "body")), self)
            )
        return self._bodies[definition.start_byte]

    @cached_property
    def names(self) -> Mapping[str, list[Binding]]:
        """Name at the top level → what binds it, in order: an import, a definition or an assignment statement."""
        return _by_name(collect_bindings(statements(self.root), self))

    @cached_property
    def star_imports(self) -> list[str]:
        nodes = self.find("(import_from_statement (wildcard_import)) @it")
        return [_imported_module(node, self) for node in nodes]

    def absolute(self, dots: int, tail: str) -> str:
        """`from .x import y` → the dotted name of `x`."""
        package = self.name.split(".") if self.is_package else self.name.split(".")[:-1]
        base = package[: len(package) - dots + 1]
        return ".".join([*base, tail] if tail else base)


class ModuleSet:
    """`candidates` are where a surface starts; others are opened by name. `looked_into` tells path → blob of those,
    with None for paths that were asked for and are not there.
    """

    def __init__(
        self, files: Mapping[str, str], candidates: Iterable[str], read: Callable[[str], bytes]
    ) -> None:
        self._files = files
        self._read = read
        self._candidates = sorted(candidates)
        self._by_name: dict[str, Module | None] = {}
        self.looked_into: dict[str, str | None] = {}

    @cached_property
    def candidates(self) -> list[Module]:
        return [self._open(path) for path in self._candidates]

    def find(self, name: str) -> Module | None:
        """By dotted name; None when it is not among the files (standard library, dependencies)."""
        if name not in self._by_name:
            self._by_name[name] = self._look_up(name)
        return self._by_name[name]

    def _look_up(self, name: str) -> Module | None:
        stem = name.replace(".", "/")
        for path in (f"{stem}/__init__.py", f"{stem}.py"):
            if path in self._files:
                return self._open(path)
            self.looked_into[path] = None
        return None

    def _open(self, path: str) -> Module:
        blob = self._files[path]
        self.looked_into[path] = blob
        return open_module(path, blob, self._read)


_modules: OrderedDict[tuple[str, str], Module] = OrderedDict()


def open_module(path: str, blob: str, read: Callable[[str], bytes]) -> Module:
    """One object for the same path and content, for as long as it is not among the oldest."""
    key = (path, blob)
    if key not in _modules:
        _modules[key] = Module(path, read(blob))
        if len(_modules) > _KEPT_MODULES:
            _modules.popitem(last=False)
    _modules.move_to_end(key)
    return _modules[key]


def module_name(path: str) -> tuple[str, bool]:
    """Dotted name, and whether it is a package."""
    stem = path.removesuffix(".py").replace("/", ".")
    is_package = stem.endswith(".__init__") or stem == "__init__"
    return (stem.removesuffix("__init__").removesuffix(".") if is_package else stem), is_package


def collect_bindings(block: Iterable[Node], module: Module) -> Iterator[tuple[str, Binding]]:
    """What statements bind, also inside `if`, `try`, `with` and loops, but not inside functions and classes."""
    for node in block:
        if node.type == "expression_statement":
            for assignment in parts(node):
                yield from _assigned(assignment)
        elif node.type in {"function_definition", "class_definition"}:
            yield text_of(field(node, "name")), node
        elif node.type in {"import_statement", "import_from_statement"}:
            yield from read_import(node, module)
        elif node.type == "type_alias_statement":
            yield text_of(parts(node)[0]).partition("[")[0], node
        elif node.type in _NESTING:
            yield from collect_bindings(statements(node), module)


def _by_name(pairs: Iterable[tuple[str, Binding]]) -> dict[str, list[Binding]]:
    found: dict[str, list[Binding]] = {}
    for name, binding in pairs:
        found.setdefault(name, []).append(binding)
    return found


def read_import(node: Node, module: Module) -> Iterator[tuple[str, Import]]:
    if node.type == "import_statement":
        for name in node.children_by_field_name("name"):
            if name.type == "aliased_import":
                yield text_of(field(name, "alias")), Import(text_of(field(name, "name")), "")
            else:
                first = text_of(name).partition(".")[0]
                yield first, Import(first, "")
        return
    origin = _imported_module(node, module)
    for name in node.children_by_field_name("name"):
        is_alias = name.type == "aliased_import"
        original = text_of(field(name, "name") if is_alias else name)
        yield (text_of(field(name, "alias")) if is_alias else original), Import(origin, original)


def _assigned(node: Node) -> Iterator[tuple[str, Node]]:
    if node.type not in {"assignment", "augmented_assignment"}:
        return
    target = field(node, "left")
    if target.type == "identifier":
        yield text_of(target), node
    elif target.type in {"pattern_list", "tuple_pattern"}:
        yield from ((text_of(part), node) for part in parts(target) if part.type == "identifier")
    right = node.child_by_field_name("right")
    if right is not None and right.type == "assignment":
        yield from _assigned(right)


def _imported_module(node: Node, module: Module) -> str:
    origin = field(node, "module_name")
    if origin.type != "relative_import":
        return text_of(origin)
    prefix, *rest = parts(origin)
    return module.absolute(len(text_of(prefix).strip()), text_of(rest[0]) if rest else "")
