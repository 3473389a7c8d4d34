"""Filling placeholders: from values to text, and the markers of those without a value."""

import html
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from notifications_utils.characters import ZERO_WIDTH
from notifications_utils.templating.language import ENGLISH, Language
from notifications_utils.templating.personalisation import Personalisation
from notifications_utils.templating.placeholders import Part, Placeholder, Slot

ValueText: TypeAlias = Callable[[object, Language], str]
Marker: TypeAlias = Callable[[Slot], str]

_WITHOUT_ZERO_WIDTH: Final = str.maketrans("", "", ZERO_WIDTH)


def fill(
    parts: Iterable[Part],
    values: Personalisation,
    *,
    language: Language = ENGLISH,
    value_text: ValueText | None = None,
    marker: Marker | None = None,
) -> str:
    """The parts as one text; a slot whose value is absent or None becomes its marker.

    `value_text` turns a value into text (default: `to_text`; an HTML channel escapes there), `marker` an
    unfilled slot (default: its source). Values are never parsed again for placeholders.
    """
    as_text = value_text or to_text
    filled: list[str] = []
    for part in parts:
        if isinstance(part, str):
            filled.append(part)
            continue
        value = values.get(part.name)
        if value is None:
            filled.append(part.source if marker is None else marker(part))
        elif isinstance(part, Placeholder):
            filled.append(as_text(value, language))
        elif is_true(value, language):
            filled.append(part.text)
    return "".join(filled)


def to_text(value: object, language: Language = ENGLISH) -> str:
    """Contract: a list becomes `a, b and c`, anything else its Python text."""
    if type(value) is str:
        return value
    if isinstance(value, list):
        return language.join(list_items(value))
    return str(value)


def to_text_with_bullets(value: object, language: Language = ENGLISH) -> str:
    """As `to_text`, but a list becomes a Markdown list. Contract: blank line, then `* item` lines."""
    if not isinstance(value, list):
        return to_text(value, language)
    items = list_items(value)
    return "\n\n" + "\n".join(f"* {item}" for item in items) if items else ""


def list_items(values: Iterable[object]) -> list[str]:
    """The items of a list value as trimmed texts; contract: None and blank items are dropped.

    Zero-width characters go, no-break spaces inside an item stay: they belong to French amounts and names.
    """
    texts = (str(value).translate(_WITHOUT_ZERO_WIDTH).strip() for value in values if value is not None)
    return [text for text in texts if text]


def is_true(value: object, language: Language = ENGLISH) -> bool:
    """Whether a conditional shows its text: case and surrounding space are ignored."""
    return to_text(value, language).strip().lower() in language.truth_words


def html_marker(slot: Slot) -> str:
    """The slot highlighted for people who write templates; contract: element, classes, bracket entities."""
    name = html.escape(slot.name, quote=False)
    if isinstance(slot, Placeholder):
        return f"<span class='placeholder'>&#40;&#40;{name}&#41;&#41;</span>"
    text = html.escape(slot.text, quote=False)
    return f"<span class='placeholder-conditional'>&#40;&#40;{name}??</span>{text}&#41;&#41;"


def redacted_plain_marker(language: Language) -> Marker:
    """Hides which values are missing, in plain text."""
    return lambda _slot: f"[{language.hidden_word}]"


def redacted_html_marker(language: Language) -> Marker:
    """Hides which values are missing, in HTML."""
    return lambda _slot: f"<span class='placeholder-redacted'>{language.hidden_word}</span>"
