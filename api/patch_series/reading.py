"""`patches/series` and the folders beside it, read together: what is there must be listed, and the reverse."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from api.patch_series.declaration import DECLARATION, Declaration, InvalidDeclarationError, read_declaration
from api.slots import KEYED_SLOTS, Slots

SERIES: Final = "series"
PACKAGE: Final = "patches"
SLOT_NAMES: Final = frozenset(field.name for field in fields(Slots))


class InvalidSeriesError(Exception):
    """The series cannot be used; `problems` names file and line of each fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("The series of patches is not usable:\n" + "\n".join(f"  - {p}" for p in problems))


@dataclass(frozen=True, slots=True)
class Patch:
    """One folder of the series; `line` is where the series lists it."""

    slug: str
    folder: Path
    line: int
    declaration: Declaration

    @property
    def file(self) -> str:
        return f"{PACKAGE}/{self.slug}/{DECLARATION}"

    def module_of(self, target: str) -> str:
        return f"{PACKAGE}.{self.slug}.{target.partition(':')[0]}"


def find_folder() -> Path | None:
    """Of the installed series; None where there is none, as in a deployment of the core alone."""
    spec = find_spec(PACKAGE)
    locations = list(spec.submodule_search_locations or []) if spec else []
    return Path(locations[0]) if locations else None


def read_series(folder: Path | None, *, today: date, grace_days: int = 0) -> list[Patch]:
    """All patches in order. `grace_days`: how long after its `review-by` a patch still passes.

    Raises `InvalidSeriesError`.
    """
    if folder is None:
        return []
    listed, problems = _read_list(folder / SERIES)
    problems += _compare(folder, listed)
    patches = []
    for slug, line in listed.items():
        if not (folder / slug).is_dir():
            continue
        try:
            declaration = read_declaration(folder / slug / DECLARATION, f"{PACKAGE}/{slug}/{DECLARATION}")
        except FileNotFoundError:
            problems.append(f"{PACKAGE}/{slug}: the folder has no {DECLARATION}")
        except InvalidDeclarationError as error:
            problems += error.problems
        else:
            patches.append(Patch(slug, folder / slug, line, declaration))
    problems += _find_faults(patches, today - timedelta(days=grace_days))
    if problems:
        raise InvalidSeriesError(problems)
    return patches


def select(patches: Sequence[Patch], names: Sequence[str] | None) -> list[Patch]:
    """Those that the setting PATCHES names, in the order of the series; all of them without it.

    Raises `InvalidSeriesError` for a name that the series does not hold.
    """
    if names is None:
        return list(patches)
    if is_none(names):
        return []
    known = {patch.slug for patch in patches}
    unknown = [name for name in names if name not in known]
    if unknown:
        there = ", ".join(sorted(known)) or "none"
        raise InvalidSeriesError(
            [f"PATCHES: the series has no patch called {name!r}; there are: {there}" for name in unknown]
        )
    return [patch for patch in patches if patch.slug in names]


def is_none(names: Sequence[str]) -> bool:
    return [name.lower() for name in names] == ["none"]


def _read_list(path: Path) -> tuple[dict[str, int], list[str]]:
    """Slug → line number. A line that begins with # is a comment."""
    shown = f"{PACKAGE}/{SERIES}"
    if not path.exists():
        return {}, [f"{shown}: the file is missing; an empty one is a series without patches"]
    listed: dict[str, int] = {}
    problems = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        slug = line.partition("#")[0].strip()
        if not slug:
            continue
        if not slug.isidentifier() or slug != slug.lower():
            problems.append(f"{shown}:{number}: {slug!r} is not a name of small letters, digits and _")
        elif slug in listed:
            problems.append(f"{shown}:{number}: {slug} is listed already, in line {listed[slug]}")
        else:
            listed[slug] = number
    return listed, problems


def _compare(folder: Path, listed: Mapping[str, int]) -> list[str]:
    there = {path.parent.name for path in folder.glob(f"*/{DECLARATION}")} | {
        path.parent.name for path in folder.glob("*/__init__.py")
    }
    shown = f"{PACKAGE}/{SERIES}"
    missing = [
        f"{shown}:{line}: there is no folder {PACKAGE}/{slug}"
        for slug, line in listed.items()
        if not (folder / slug).is_dir()
    ]
    unlisted = [
        f"{PACKAGE}/{slug}: the folder is not listed in {shown}; add a line, or remove it"
        for slug in sorted(there - listed.keys())
    ]
    return missing + unlisted


def _find_faults(patches: Sequence[Patch], today: date) -> list[str]:
    return [
        *_find_repeated_ids(patches),
        *_find_slot_faults(patches),
        *(problem for patch in patches for problem in _find_missing_modules(patch)),
        *(
            f"{patch.file}: review-by: {patch.declaration.review_by} is over; look at the patch again, "
            "then set last-update and a later date"
            for patch in patches
            if patch.declaration.review_by < today
        ),
    ]


def _find_repeated_ids(patches: Sequence[Patch]) -> Iterator[str]:
    counts = Counter(patch.declaration.id for patch in patches)
    for patch in patches:
        if counts[patch.declaration.id] > 1:
            yield f"{patch.file}: id: {patch.declaration.id} belongs to another patch too"


def _find_slot_faults(patches: Sequence[Patch]) -> Iterator[str]:
    fillers: defaultdict[str, list[Patch]] = defaultdict(list)
    for patch in patches:
        for place in patch.declaration.fills:
            slot, _, name = place.partition(".")
            if slot not in SLOT_NAMES:
                yield f"{patch.file}: fills: there is no slot {slot!r}; the slots: docs/reference/slots.md"
            elif (slot in KEYED_SLOTS) != bool(name):
                form = f'"{slot}.<name>"' if slot in KEYED_SLOTS else slot
                yield f"{patch.file}: fills: {place} is to be written {form}"
            fillers[place].append(patch)
    for place, of_place in fillers.items():
        for patch in of_place[1:]:
            yield f"{patch.file}: fills: {place} is filled by {of_place[0].slug} already"


def _find_missing_modules(patch: Patch) -> Iterator[str]:
    declaration = patch.declaration
    targets = {f"fills: {place}": target for place, target in declaration.fills.items()}
    targets |= {
        name: target
        for name, target in (("settings", declaration.settings), ("emulator", declaration.emulator))
        if target
    }
    for what, target in targets.items():
        parts = target.partition(":")[0].split(".")
        base = patch.folder.joinpath(*parts)
        if not base.with_suffix(".py").is_file() and not (base / "__init__.py").is_file():
            yield f"{patch.file}: {what}: there is no module {patch.module_of(target)}"
