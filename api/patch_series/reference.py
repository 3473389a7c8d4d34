"""The page of the slots, made from the types that they have (docs/reference/slots.md)."""

import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, fields
from typing import Any, Final

from api.config import load_settings
from api.patch_series.reading import Patch
from api.slots import KEYED_SLOTS, Slots, neutral_slots

_HEAD: Final = """\
# Slots

Where a country differs, the core has a slot: a small type, and a neutral default that works. A patch of
[`patches/series`](../../patches/series) fills slots ([how to write one](../how-to/write-a-patch.md)); without any patch
(`PATCHES=none`) the defaults apply. Types: [`api/slots.py`](../../api/slots.py).

This page is written by `notifications patches docs`; do not edit it.
"""


def slots_reference(patches: Sequence[Patch]) -> str:
    """Markdown: each slot with what it is for, what fills it, its default and its type."""
    neutral = neutral_slots(load_settings(environment="test"))
    types = typing.get_type_hints(Slots)
    parts = (
        _describe(field, types[field.name], getattr(neutral, field.name), patches) for field in fields(Slots)
    )
    return _HEAD + "".join(parts)


def _describe(field: "Field[Any]", type_: Any, default: Any, patches: Sequence[Patch]) -> str:
    lines = [f"\n## {field.name}\n", f"{field.metadata['about']}\n"]
    fillers = list(_fillers(field.name, patches))
    lines.append(f"- **Filled by**: {', '.join(fillers) if fillers else 'no patch yet'}")
    lines.append(f"- **Neutral default**: {_show_default(field.name, default)}")
    described = list(_types_in(type_))
    names = ", ".join(f"`{found.__module__}.{found.__qualname__}`" for found in described)
    lines.append(f"- **Type**: {names}\n")
    lines += [_show_type(found) for found in described]
    return "\n".join(lines)


def _fillers(slot: str, patches: Sequence[Patch]) -> Iterator[str]:
    for patch in patches:
        for place in patch.declaration.fills:
            if place.partition(".")[0] == slot:
                yield f"[{patch.slug}](../patches/{patch.slug}.md) (`{place}`)"


def _show_default(name: str, default: Any) -> str:
    if name in KEYED_SLOTS:
        return ", ".join(f"`{key}`" for key in default)
    if isinstance(default, tuple):
        kinds = sorted({type(item).__name__ for item in default})
        return f"{len(default)} × `{', '.join(kinds)}`" if default else "none"
    shown = default if inspect.isfunction(default) else type(default)
    sentence = (inspect.getdoc(shown) or "").partition("\n")[0]
    return f"`{shown.__qualname__}`. {sentence}".rstrip(". ") + ("." if sentence else "")


def _types_in(type_: Any) -> Iterator[type]:
    """The classes of ours that a type is made of: of `Mapping[str, Callable[[Settings], X]]` it is X."""
    origin = typing.get_origin(type_)
    if origin is None:
        if isinstance(type_, type) and type_.__module__.split(".")[0] in {"api", "notifications_utils"}:
            yield type_
        return
    for argument in typing.get_args(type_):
        if isinstance(argument, list):
            continue  # what a callable takes
        yield from _types_in(argument)


def _show_type(type_: type) -> str:
    lines = ["```text", f"class {type_.__name__}:"]
    lines += [f"    {line}" for line in _show_comment(type_, made_up=f"{type_.__name__}(")]
    lines += [f"    {line}".rstrip() for line in _show_members(type_)]
    return "\n".join([*lines, "```\n"])


def _show_members(type_: type) -> Iterator[str]:
    annotations: Mapping[str, Any] = inspect.get_annotations(type_)
    for name, annotation in annotations.items():
        if not name.startswith("_"):
            yield f"{name}: {inspect.formatannotation(annotation)}"
    for name, member in vars(type_).items():
        if name.startswith("_") and name != "__call__":
            continue
        if isinstance(member, property):
            returned = inspect.signature(member.fget).return_annotation if member.fget else Any
            yield f"{name}: {inspect.formatannotation(returned)}"
            yield from (f"    {line}" for line in _show_comment(member))
        elif inspect.isfunction(member):
            yield f"def {name}{inspect.signature(member)}"
            yield from (f"    {line}" for line in _show_comment(member))


def _show_comment(member: Any, made_up: str = "\0") -> Iterator[str]:
    """Its own docstring, not one that it inherits, nor the one that a dataclass makes up."""
    own = vars(member).get("__doc__") if isinstance(member, type) else member.__doc__
    documentation = inspect.cleandoc(own or "")
    if not documentation.startswith(made_up):
        yield from (f"# {line}".rstrip() for line in documentation.splitlines())
