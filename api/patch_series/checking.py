"""The deep checks of `notifications patches check`: everything imported, every part looked at. CI runs them."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_type_hints

from pydantic_settings import BaseSettings

from api.config import InvalidConfigurationError, PatchSettings, Settings
from api.patch_series.loading import resolve
from api.patch_series.reading import PACKAGE, Patch
from api.providers.emulation import Emulator
from api.slots import KEYED_SLOTS, Slots

_IMPORT = re.compile(rf"^\s*(?:from|import)\s+{PACKAGE}\.([a-z_0-9]+)", re.MULTILINE)


def find_problems(patches: Sequence[Patch], settings: Settings, root: Path) -> Iterator[str]:
    """Sentences with file and field. `root`: the folder that holds `docs/` and `tests/`."""
    for patch in patches:
        yield from _check_fills(patch, settings)
        yield from _check_settings(patch)
        yield from _check_emulator(patch)
        yield from _check_files(patch, root)
        yield from _check_imports(patch)


def _check_fills(patch: Patch, settings: Settings) -> Iterator[str]:
    types = get_type_hints(Slots)
    for place, target in patch.declaration.fills.items():
        slot = place.partition(".")[0]
        try:
            make = resolve(patch, target)
        except Exception as error:  # noqa: BLE001 - a patch may fail in any way while it is imported
            yield f"{patch.file}: fills: {place}: {target} cannot be imported: {error}"
            continue
        if not callable(make):
            yield f"{patch.file}: fills: {place}: {target} is not callable"
        elif slot not in KEYED_SLOTS:
            yield from _check_value(patch, place, make, settings, types[slot])


def _check_value(patch: Patch, place: str, make: Any, settings: Settings, type_: Any) -> Iterator[str]:
    try:
        value = make(settings)
    except InvalidConfigurationError as error:
        yield from (f"{patch.file}: fills: {place}: {problem}" for problem in error.problems)
        return
    except Exception as error:  # noqa: BLE001
        yield f"{patch.file}: fills: {place}: {type(error).__name__}: {error}"
        return
    for name in members_of(type_):
        if not hasattr(value, name):
            yield f"{patch.file}: fills: {place}: what it makes has no `{name}`, which {type_.__name__} asks for"


def members_of(type_: Any) -> list[str]:
    """What a value of the type has: public names of a class or protocol, `__call__` where it is called."""
    if not isinstance(type_, type):
        return []
    names = [
        name for name in (*vars(type_), *getattr(type_, "__annotations__", ())) if not name.startswith("_")
    ]
    return [*names, "__call__"] if "__call__" in vars(type_) else names


def _check_settings(patch: Patch) -> Iterator[str]:
    target = patch.declaration.settings
    if target is None:
        return
    found: Any = resolve(patch, target)
    if not (isinstance(found, type) and issubclass(found, PatchSettings)):
        yield f"{patch.file}: settings: {target} is not a class of settings (api.config.PatchSettings)"
        return
    if not found.model_config.get("env_prefix"):
        yield f"{patch.file}: settings: {target} has no env_prefix, so its variables could be anyone's"
    yield from (f"{patch.file}: settings: {name} has no description" for name in _undescribed(found))


def _undescribed(settings: type[BaseSettings]) -> list[str]:
    return [name for name, field in settings.model_fields.items() if not field.description]


def _check_emulator(patch: Patch) -> Iterator[str]:
    target = patch.declaration.emulator
    if target is not None:
        found: Any = resolve(patch, target)
        if not (isinstance(found, type) and issubclass(found, Emulator)):
            yield f"{patch.file}: emulator: {target} is not an emulator (api.providers.emulation.Emulator)"
    names = {place.partition(".")[0] for place in patch.declaration.fills}
    if target is None and names & KEYED_SLOTS:
        yield f"{patch.file}: emulator: a provider comes with an emulator, by which its client is tried"


def _check_files(patch: Patch, root: Path) -> Iterator[str]:
    page = root / patch.declaration.page
    if not page.is_file():
        yield f"{patch.file}: page: there is no {patch.declaration.page}"
    tests = root / "tests" / PACKAGE / patch.slug
    if not any(tests.glob("test_*.py")):
        yield f"{patch.file}: there is no test in tests/{PACKAGE}/{patch.slug}"


def _check_imports(patch: Patch) -> Iterator[str]:
    """Removing one patch must break no other."""
    for path in sorted(patch.folder.rglob("*.py")):
        for other in _IMPORT.findall(path.read_text(encoding="utf-8")):
            if other != patch.slug and (patch.folder.parent / other).is_dir():
                shown = path.relative_to(patch.folder.parent.parent)
                yield f"{shown}: imports the patch {other}; share what both need in a module beside them"
