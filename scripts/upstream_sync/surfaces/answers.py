"""Keys of what is given out: answers of the public API, and what is posted to services.

`response-key <METHOD> <path> response <status> <pointer>`, with pointers as in the schema facts: what the code really
answers, which upstream's schemas of answers do not say. `callback <kind> /<key>`: by `schema-map.toml`.
"""

from collections.abc import Iterator, Mapping

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact
from scripts.upstream_sync.surfaces.routes import MARKS, Route, read_routes
from scripts.upstream_sync.surfaces.schema_map import load_schema_map
from scripts.upstream_sync.surfaces.shapes import Shaper, pointers
from scripts.upstream_sync.surfaces.surface import Found, ModuleSurface, is_program
from scripts.upstream_sync.surfaces.tasks import task_name
from scripts.upstream_sync.syntax.evaluator import Evaluator
from scripts.upstream_sync.syntax.modules import Module, ModuleSet
from scripts.upstream_sync.syntax.parsing import decorators, field, find, parts, text_of
from scripts.upstream_sync.syntax.scopes import Scope
from scripts.upstream_sync.syntax.values import ClassValue, UnresolvedError

_OK, _FIRST_ERROR = 200, 400
_SERIALISERS = "serialize"


def _extract_answers(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    routes, _ = read_routes(evaluator)
    methods = _find_methods(modules)
    facts = [fact for route in routes if route.is_public for fact in _facts_of(route, evaluator, methods)]
    return list({fact.key: fact for fact in facts}.values()), []


def _facts_of(route: Route, evaluator: Evaluator, methods: Mapping[str, list[ClassValue]]) -> Iterator[Fact]:
    place = f"{route.method} {route.path}"
    shaper = Shaper(evaluator, methods, load_schema_map().answers.get(place))
    for status, shape in shaper.answers(route.view, route.module, route.kinds):
        code = status or _OK
        if code < _FIRST_ERROR:
            for pointer in pointers(shape):
                yield Fact(
                    f"response-key {place} response {code} {pointer}", {}, route.module.path, route.name
                )


def _find_methods(modules: ModuleSet) -> dict[str, list[ClassValue]]:
    """Serialising methods of all classes: name → classes that define it."""
    found: dict[str, list[ClassValue]] = {}
    for module in modules.candidates:
        for name, bound in module.names.items():
            node = bound[-1]
            if isinstance(node, Node) and node.type == "class_definition":
                for method in find(field(node, "body"), "(function_definition name: (identifier) @it)"):
                    if text_of(method).startswith(_SERIALISERS):
                        found.setdefault(text_of(method), []).append(ClassValue(module, node, name))
    return found


def _extract_callbacks(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    kinds = load_schema_map().callbacks
    facts: list[Fact] = []
    for module in modules.candidates:
        for function in module.find("(decorated_definition definition: (function_definition) @it)"):
            kind = next(
                (kinds[name] for name in _task_names(function, module, evaluator) if name in kinds), None
            )
            if kind is not None:
                facts.extend(_payload(kind, function, module, evaluator))
    return facts, []


def _task_names(function: Node, module: Module, evaluator: Evaluator) -> Iterator[str]:
    """Names that cannot be known are a problem of the surface of tasks."""
    for decorator in decorators(function):
        try:
            name = task_name(decorator, function, module, evaluator)
        except UnresolvedError:
            continue
        if name is not None:
            yield name


def _payload(kind: str, function: Node, module: Module, evaluator: Evaluator) -> Iterator[Fact]:
    """Of the first mapping that the task makes: the others are for its log."""
    name = text_of(field(function, "name"))
    first = next(iter(find(field(function, "body"), "(assignment right: (dictionary) @it)")), None)
    if first is not None:
        for pair in parts(first):
            key = evaluator.evaluate(field(pair, "key"), Scope(module))
            yield Fact(f"callback {kind} /{key}", {}, module.path, name)


SURFACES = (
    ModuleSurface("response-keys", _extract_answers, (*MARKS, b"def serialize"), is_program),
    ModuleSurface("callbacks", _extract_callbacks, (b".task(",), is_program),
)
