"""`migration head` → the newest revision of the database; several heads are a problem."""

from tree_sitter import Node

from scripts.upstream_sync.facts import Fact, Problem
from scripts.upstream_sync.surfaces.surface import Found, ModuleSurface
from scripts.upstream_sync.syntax.evaluator import Evaluator
from scripts.upstream_sync.syntax.modules import ModuleSet
from scripts.upstream_sync.syntax.values import UnresolvedError, to_json

_FOLDER = "migrations/versions/"


def _extract(modules: ModuleSet) -> Found:
    evaluator = Evaluator(modules)
    paths: dict[str, str] = {}
    followed: set[str] = set()
    problems: list[Problem] = []
    for module in modules.candidates:
        bound = module.names.get("revision")
        if not bound or not isinstance(bound[-1], Node):
            continue
        try:
            paths[str(to_json(evaluator.module_attribute(module, "revision")))] = module.path
            before = to_json(evaluator.module_attribute(module, "down_revision"))
        except UnresolvedError as error:
            problems.append(Problem("unresolved", module.path, f"revision: {error}"))
            continue
        followed.update([before] if isinstance(before, str) else before or [])
    heads = sorted(paths.keys() - followed)
    if len(heads) > 1:
        problems.append(Problem("duplicate", _FOLDER, f"{len(heads)} migrations that none follows"))
    return [Fact("migration head", head, paths[head], "revision") for head in heads[:1]], problems


SURFACES = (
    ModuleSurface(
        "migrations", _extract, (b"revision",), lambda path: path.startswith(_FOLDER) and path.endswith(".py")
    ),
)
