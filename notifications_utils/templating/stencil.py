"""Texts with holes: what a template becomes once compiled, so that a message costs a few joins.

A hole is one private-use character in a text that is otherwise ready. The character says which *source* fills
it (its place in a table) and in which *mode*, that is, where the hole stands: in a text, in a link target...
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

MAX_SOURCES: Final = 0x2000
_FIRST: Final = 0xF0000
_HOLES: Final = re.compile("([\U000f0000-\U000ffffd])")


class Mode(IntEnum):
    """Where a hole stands; content holds TEXT holes only, a renderer moves them to other modes."""

    TEXT = 0
    TARGET = 1
    ATTRIBUTE = 2
    ITEMS = 3
    WHOLE_TARGET = 4


def hole(source: int, mode: Mode = Mode.TEXT) -> str:
    """The character of a hole; `source` is below `MAX_SOURCES`."""
    return chr(_FIRST + mode * MAX_SOURCES + source)


def move_holes(text: str, mode: Mode) -> str:
    """The text with its TEXT holes moved to another mode."""
    return _HOLES.sub(lambda found: chr(ord(found[0]) + mode * MAX_SOURCES), text)


def split_at_holes(text: str) -> list[str]:
    """Literal texts at even places, holes at odd ones."""
    return _HOLES.split(text)


@dataclass(slots=True)
class Values:
    """What fills the holes of one message; `texts` and `items` go by slot of the template."""

    texts: Sequence[str]
    items: Sequence[Sequence[str]]
    unsubscribe_link: str = ""
    subject: str = ""
    preheader: str = ""


Insert: TypeAlias = Callable[[Values], str]


@dataclass(frozen=True, slots=True)
class TextSource:
    """One text of the message."""

    get: Callable[[Values], str]


@dataclass(frozen=True, slots=True)
class ItemsSource:
    """Several texts of the message, each an item of a list."""

    get: Callable[[Values], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Marker:
    """A placeholder without a value, the same in each message: ready markup, and its plain form."""

    html: str
    plain: str


Source: TypeAlias = TextSource | ItemsSource | Marker


@dataclass(frozen=True, slots=True)
class Format:
    """How the text of a hole is written in one kind of output, by mode."""

    text: Callable[[str], str]
    target: Callable[[str], str]
    whole_target: Callable[[str], str]
    attribute: Callable[[str], str]
    between_items: str
    marker: Callable[[Marker], str]


@dataclass(frozen=True, slots=True)
class Stencil:
    """A text in pieces, and what to put at the places of those that change."""

    pieces: tuple[str, ...]
    inserts: tuple[tuple[int, Insert], ...]

    def fill(self, values: Values) -> str:
        pieces = list(self.pieces)
        for place, insert in self.inserts:
            pieces[place] = insert(values)
        return "".join(pieces)


def cut(text: str, sources: Sequence[Source], form: Format, whole_targets: Sequence[str] = ()) -> Stencil:
    """The stencil of a rendered text; `whole_targets` are the link targets that begin with a hole."""
    pieces = split_at_holes(text)
    inserts: list[tuple[int, Insert]] = []
    for place in range(1, len(pieces), 2):
        mode, index = divmod(ord(pieces[place]) - _FIRST, MAX_SOURCES)
        if mode == Mode.WHOLE_TARGET:
            whole = cut(whole_targets[index], sources, VERBATIM)
            inserts.append((place, _insert_whole(whole, form.whole_target)))
            continue
        filler = _find_filler(sources[index], Mode(mode), form)
        if isinstance(filler, str):
            pieces[place] = filler
        else:
            inserts.append((place, filler))
    return Stencil(tuple(pieces), tuple(inserts))


def _insert_whole(stencil: Stencil, write: Callable[[str], str]) -> Insert:
    return lambda values: write(stencil.fill(values))


def _find_filler(source: Source, mode: Mode, form: Format) -> str | Insert:
    write = {Mode.TARGET: form.target, Mode.ATTRIBUTE: form.attribute}.get(mode, form.text)
    if isinstance(source, Marker):
        return form.marker(source) if mode == Mode.TEXT else write(source.plain)
    if isinstance(source, TextSource):
        get_text = source.get
        return lambda values: write(get_text(values))
    get_items = source.get
    if mode == Mode.ITEMS:
        between = form.between_items
        return lambda values: between.join(map(write, get_items(values)))
    return lambda values: write("\n* ".join(get_items(values)))


def _verbatim(text: str) -> str:
    return text


VERBATIM: Final = Format(
    text=_verbatim,
    target=_verbatim,
    whole_target=_verbatim,
    attribute=_verbatim,
    between_items=", ",
    marker=lambda marker: marker.plain,
)
