"""The parts of the series put into the slots."""

import importlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from api.config import InvalidConfigurationError, PatchSettings, Settings
from api.patch_series.reading import InvalidSeriesError, Patch, find_folder, is_none, read_series, select
from api.slots import KEYED_SLOTS, Slots, neutral_slots


def load_patches(settings: Settings) -> list[Patch]:
    """Those that this deployment applies, in order. Raises `InvalidConfigurationError` with every fault.

    Without patches the series is not even read: nothing in it can keep the core from starting.
    """
    if settings.patches is not None and is_none(settings.patches):
        return []
    grace = settings.patch_review_grace_days if settings.environment == "production" else 0
    try:
        series = read_series(find_folder(), today=datetime.now(UTC).date(), grace_days=grace)
        return select(series, settings.patches)
    except InvalidSeriesError as error:
        raise InvalidConfigurationError(error.problems) from None


def load_slots(settings: Settings) -> Slots:
    """The neutral slots, filled by the patches of this deployment. Raises `InvalidConfigurationError`."""
    return fill_slots(neutral_slots(settings), load_patches(settings), settings)


def fill_slots(neutral: Slots, patches: Sequence[Patch], settings: Settings) -> Slots:
    """What goes under a name, such as a provider, is only made when somebody asks for that name."""
    single: dict[str, Any] = {}
    named: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    problems: list[str] = []
    for patch in patches:
        for place, target in patch.declaration.fills.items():
            slot, _, name = place.partition(".")
            if slot in KEYED_SLOTS:
                named[slot][name] = _when_asked(patch, target)
                continue
            try:
                single[slot] = resolve(patch, target)(settings)
            except InvalidConfigurationError as error:
                problems += error.problems
    if problems:
        raise InvalidConfigurationError(problems)
    keyed: dict[str, Any] = {slot: {**getattr(neutral, slot), **of_slot} for slot, of_slot in named.items()}
    return replace(neutral, **single, **keyed)


def resolve(patch: Patch, target: str) -> Any:
    """What `module:name` means in this patch. Raises what importing raises."""
    module = importlib.import_module(patch.module_of(target))
    return reduce(getattr, target.partition(":")[2].split("."), module)


def settings_of(patch: Patch) -> type[PatchSettings] | None:
    """The class of its settings, where it has some."""
    target = patch.declaration.settings
    return resolve(patch, target) if target else None


def _when_asked(patch: Patch, target: str) -> Callable[[Settings], Any]:
    def make(settings: Settings) -> Any:
        return resolve(patch, target)(settings)

    return make
