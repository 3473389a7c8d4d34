"""What workers do: `task <name>` → {"queues"}, `beat <name>` → {"task", "schedule", "queue"}, `queue <name>`.

A schedule is five fields of cron, or `every <seconds> s`. `queues` are those that calls of the task name.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact, Problem
from scripts.upstream_sync.surfaces.surface import Found, ModuleSurface, is_program
from scripts.upstream_sync.syntax.evaluator import Evaluator
from scripts.upstream_sync.syntax.modules import Module, ModuleSet
from scripts.upstream_sync.syntax.parsing import decorators, field, find, named_arguments, text_of
from scripts.upstream_sync.syntax.scopes import Place, Scope
from scripts.upstream_sync.syntax.values import Call, ClassValue, Unknown, UnresolvedError, plain

_CRON = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year")
_CRON_WRITTEN = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
_DECORATED = "(decorated_definition definition: (function_definition) @it)"
_SCHEDULES = ("beat_schedule", "CELERYBEAT_SCHEDULE", "CELERY_BEAT_SCHEDULE")


def task_name(decorator: Node, function: Node, module: Module, evaluator: Evaluator) -> str | None:
    """None when the decorator makes no task. Without `name=` Celery takes the module's and the function's.

    Raises `UnresolvedError`.
    """
    is_call = decorator.type == "call"
    target = field(decorator, "function") if is_call else decorator
    is_task = target.type == "attribute" and text_of(field(target, "attribute")) == "task"
    if not is_task and text_of(target) != "shared_task":
        return None
    name = named_arguments(decorator).get("name") if is_call else None
    if name is None:
        return f"{module.name}.{text_of(field(function, 'name'))}"
    value = plain(evaluator.evaluate(name, evaluator.scope_at(function, module)))
    if not isinstance(value, str):
        raise UnresolvedError("its name")
    return value


def _extract_tasks(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    names: dict[Place, tuple[str, Module]] = {}
    problems: list[Problem] = []
    for module in modules.candidates:
        for function in module.find(_DECORATED):
            for decorator in decorators(function):
                place = Place(module.name, text_of(field(function, "name")))
                try:
                    name = task_name(decorator, function, module, evaluator)
                except UnresolvedError as error:
                    problems.append(Problem("unresolved", module.path, f"name of task {place.name}: {error}"))
                    continue
                if name is not None:
                    names[place] = (name, module)
    queues = _queues(evaluator, names)
    facts = [
        Fact(f"task {name}", {"queues": sorted(queues.get(place, ()))}, module.path, place.name)
        for place, (name, module) in names.items()
    ]
    return facts, problems


def _queues(evaluator: Evaluator, tasks: Mapping[Place, Any]) -> dict[Place, set[str]]:
    """From `task.apply_async(…, queue=…)`, where the queue is a constant."""
    found: dict[Place, set[str]] = {}
    for module in evaluator.modules.candidates:
        for call in find(
            module.root,
            '(call function: (attribute attribute: (identifier) @name (#eq? @name "apply_async"))) @it',
        ):
            queue = named_arguments(call).get("queue")
            if queue is None:
                continue
            scope = evaluator.scope_at(call, module)
            place = evaluator.place_of(field(field(call, "function"), "object"), scope)
            value = plain(evaluator.try_evaluate(queue, scope))
            if place is not None and place in tasks and isinstance(value, str):
                found.setdefault(place, set()).add(value)
    return found


def _extract_schedule(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    facts: list[Fact] = []
    problems: list[Problem] = []
    for module in modules.candidates:
        for schedule in _schedules(evaluator, module):
            for name, entry in schedule.items():
                try:
                    facts.append(Fact(f"beat {plain(name)}", _describe(entry), module.path, "Config"))
                except UnresolvedError as error:
                    problems.append(Problem("unresolved", module.path, f"beat {plain(name)}: {error}"))
    return facts, problems


def _schedules(evaluator: Evaluator, module: Module) -> Iterator[dict[Any, Any]]:
    """The first class or module-level mapping that holds one; environments only repeat it."""
    for name, bound in module.names.items():
        if isinstance(bound[-1], Node) and bound[-1].type == "class_definition":
            found = _schedule_of(evaluator, ClassValue(module, bound[-1], name))
            if found:
                yield found
                return


def _schedule_of(evaluator: Evaluator, owner: ClassValue) -> dict[Any, Any] | None:
    scope = evaluator.body_scope(owner.node, Scope(owner.module))
    for name in (*_SCHEDULES, "CELERY"):
        if name not in scope.bindings:
            continue
        value = evaluator.class_attribute(owner, name)
        if name == "CELERY":
            value = value.get("beat_schedule") if isinstance(value, dict) else None
        if isinstance(value, dict):
            return value
    return None


def _describe(entry: Any) -> dict[str, Any]:
    """Raises `UnresolvedError`."""
    if not isinstance(entry, dict):
        raise UnresolvedError(entry.reason if isinstance(entry, Unknown) else "no mapping")
    options = entry.get("options")
    queue = plain(options.get("queue")) if isinstance(options, dict) else None
    found = {"task": plain(entry.get("task")), "schedule": _moment(entry.get("schedule"))}
    return found | ({"queue": queue} if isinstance(queue, str) else {})


def _moment(schedule: Any) -> str:
    schedule = plain(schedule)
    if isinstance(schedule, timedelta):
        return f"every {schedule.total_seconds():g} s"
    if isinstance(schedule, int | float):
        return f"every {schedule:g} s"
    if isinstance(schedule, Call) and schedule.name == "crontab":
        given = dict(zip(_CRON, schedule.args, strict=False)) | dict(schedule.kwargs)
        fields = [plain(given.get(name, "*")) for name in _CRON_WRITTEN]
        if all(isinstance(each, str | int) for each in fields):
            return " ".join("".join(str(each).split()) for each in fields)
    raise UnresolvedError("its schedule")


def _extract_queues(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    facts = [
        Fact(f"queue {plain(value)}", {}, module.path, f"QueueNames.{name}")
        for module in modules.candidates
        for name, value in _constants(evaluator, module, "QueueNames")
        if isinstance(plain(value), str)
    ]
    return list({fact.key: fact for fact in facts}.values()), []


def _constants(evaluator: Evaluator, module: Module, class_name: str) -> Iterator[tuple[str, Any]]:
    for bound in module.names.get(class_name, [])[-1:]:
        if isinstance(bound, Node) and bound.type == "class_definition":
            scope = evaluator.body_scope(bound, Scope(module))
            for name in scope.bindings:
                if name.isupper() and not name.startswith("_"):
                    yield name, evaluator.look_up(name, scope)


SURFACES = (
    ModuleSurface("tasks", _extract_tasks, (b".task", b"shared_task", b"apply_async"), is_program),
    ModuleSurface("schedule", _extract_schedule, (b"beat_schedule", b"CELERYBEAT_SCHEDULE"), is_program),
    ModuleSurface("queues", _extract_queues, (b"class QueueNames",), is_program),
)
