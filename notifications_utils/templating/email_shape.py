"""What the structure of an e-mail depends on: not the values of its placeholders but their kinds."""

import html
import re
from collections.abc import Callable, Hashable, Iterable
from enum import IntEnum, auto
from typing import Final, TypeAlias

from notifications_utils.templating.cleaning import clean
from notifications_utils.templating.filling import html_marker, is_true, list_items, to_text
from notifications_utils.templating.language import Language
from notifications_utils.templating.personalisation import Personalisation
from notifications_utils.templating.placeholders import Conditional, Part, Placeholder, Slot
from notifications_utils.templating.stencil import (
    MAX_SOURCES,
    ItemsSource,
    Marker,
    Source,
    TextSource,
    Values,
    hole,
)

MAX_PLACEHOLDERS: Final = MAX_SOURCES // 4
"""Different ones in one template: each may need three sources, and a few are our own."""

SUBJECT, PREHEADER, UNSUBSCRIBE = range(3)
_OWN_SOURCES: Final = (
    TextSource(lambda values: values.subject),
    TextSource(lambda values: values.preheader),
    TextSource(lambda values: values.unsubscribe_link),
)
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")


class State(IntEnum):
    """The kind of one value."""

    MISSING = auto()
    EMPTY = auto()
    BLANK = auto()
    TEXT = auto()
    ADDRESS = auto()
    """A text that is a web address as a whole, where the template asks to link those."""
    ONE_ITEM = auto()
    ITEMS = auto()
    TRUE = auto()
    FALSE = auto()


Shape: TypeAlias = tuple[State, ...]


class Slots:
    """The different placeholders of a template; raises ValueError above `MAX_PLACEHOLDERS`."""

    def __init__(self, parts: Iterable[Part], language: Language, *, link_addresses: bool) -> None:
        slots = [part for part in parts if not isinstance(part, str)]
        if len({(type(slot), slot.name) for slot in slots}) > MAX_PLACEHOLDERS:
            raise ValueError(f"a template holds at most {MAX_PLACEHOLDERS} different placeholders")
        places: dict[tuple[str, bool], int] = {}
        for slot in slots:
            places.setdefault(_identify(slot), len(places))
        self._places = places
        self._language = language
        self._link_addresses = link_addresses

    def find_place(self, slot: Slot) -> int:
        return self._places[_identify(slot)]

    def read(self, personalisation: Personalisation) -> tuple[Shape, Values]:
        """The kinds of the values, and their texts, ready to be escaped."""
        shape: list[State] = []
        texts: list[str] = []
        items: list[list[str]] = []
        for key, is_conditional in self._places:
            value = personalisation.get(key)
            state, text, parts = self._read(value, is_conditional=is_conditional)
            shape.append(state)
            texts.append(text)
            items.append(parts)
        return tuple(shape), Values(texts, items)

    def _read(self, value: object, *, is_conditional: bool) -> tuple[State, str, list[str]]:
        if value is None:
            return State.MISSING, "", []
        if is_conditional:
            return (State.TRUE if is_true(value, self._language) else State.FALSE), "", []
        if isinstance(value, list):
            items = list(filter(None, (clean(item).strip() for item in list_items(value))))
            state = (State.EMPTY, State.ONE_ITEM, State.ITEMS)[min(len(items), 2)]
            return state, self._language.join(items), items
        text = clean(value if isinstance(value, str) else to_text(value, self._language))
        return self._find_state(text), text, []

    def _find_state(self, text: str) -> State:
        if not text:
            return State.EMPTY
        if text.isspace():
            return State.BLANK
        return State.ADDRESS if self._link_addresses and _ADDRESS.fullmatch(text) else State.TEXT


def _identify(slot: Slot) -> tuple[str, bool]:
    return slot.key, isinstance(slot, Conditional)


class SourceWriter:
    """Writes the source of a template for one shape, with holes where values go."""

    def __init__(self, slots: Slots, shape: Shape, *, redact_with: str | None) -> None:
        self.sources: list[Source] = list(_OWN_SOURCES)
        self.list_heads: set[str] = set()
        self.linkable: set[str] = set()
        self._slots = slots
        self._shape = shape
        self._redact_with = redact_with
        self._holes: dict[Hashable, str] = {}

    def write_line(self, parts: Iterable[Part]) -> str:
        """The parts with holes; a list stands within its line."""
        return self._write(parts, self._write_text, self._write_text)

    def write_markdown(self, parts: Iterable[Part]) -> str:
        """The parts with holes; contract: a list starts below, as bullets."""
        return self._write(parts, self._write_text, self._write_bullets)

    def write_values(self, parts: Iterable[Part], values: Values) -> str:
        """The parts with the values themselves, which become markup where they look like it."""

        def write_bullets(place: int) -> str:
            return "\n\n" + "\n".join(f"* {item}" for item in values.items[place])

        return self._write(parts, values.texts.__getitem__, write_bullets)

    def _write(
        self, parts: Iterable[Part], write_text: Callable[[int], str], write_list: Callable[[int], str]
    ) -> str:
        written: list[str] = []
        for part in parts:
            if isinstance(part, str):
                written.append(part)
                continue
            place = self._slots.find_place(part)
            match self._shape[place]:
                case State.MISSING:
                    written.append(self._write_marker(part))
                case State.TRUE if isinstance(part, Conditional):
                    written.append(part.text)
                case State.TEXT | State.ADDRESS:
                    written.append(write_text(place))
                case State.ONE_ITEM | State.ITEMS:
                    written.append(write_list(place))
                case State.BLANK:
                    written.append(" ")
        return "".join(written)

    def _write_text(self, place: int) -> str:
        written = self._find_hole(("text", place), TextSource(lambda values: values.texts[place]))
        if self._shape[place] is State.ADDRESS:
            self.linkable.add(written)
        return written

    def _write_bullets(self, place: int) -> str:
        """One hole stands for all the items but the last, so that their number is not part of the shape."""
        last = self._find_hole(("last", place), TextSource(lambda values: values.items[place][-1]))
        if self._shape[place] is State.ONE_ITEM:
            return f"\n\n* {last}"
        head = self._find_hole(("head", place), ItemsSource(lambda values: values.items[place][:-1]))
        self.list_heads.add(head)
        return f"\n\n* {head}\n* {last}"

    def _write_marker(self, slot: Slot) -> str:
        hidden = self._redact_with
        if hidden is not None:
            markup = f"<span class='placeholder-redacted'>{html.escape(hidden)}</span>"
            return self._find_hole("hidden", Marker(markup, f"[{hidden}]"))
        if isinstance(slot, Placeholder):
            return self._find_hole(("marker", slot.name), Marker(html_marker(slot), slot.source))
        name = html.escape(slot.name, quote=False)
        opening = f"<span class='placeholder-conditional'>&#40;&#40;{name}??</span>"
        start = self._find_hole(("opening", slot.name), Marker(opening, f"(({slot.name}??"))
        return f"{start}{slot.text}{self._find_hole('closing', Marker('&#41;&#41;', '))'))}"

    def _find_hole(self, key: Hashable, source: Source) -> str:
        if key not in self._holes:
            self._holes[key] = hole(len(self.sources))
            self.sources.append(source)
        return self._holes[key]
