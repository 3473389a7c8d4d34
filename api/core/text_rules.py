"""Names and texts that people type: cleaned before they are stored."""

import unicodedata

from api.core.command_errors import InvalidValueError

MAX_LINE_LENGTH = 255
_KEPT_CONTROLS = "\n\t"


def clean_line(text: str, *, field: str, limit: int = MAX_LINE_LENGTH) -> str:
    """Composed (NFC), trimmed, inner blanks single. Raises `InvalidValueError`."""
    cleaned = " ".join(unicodedata.normalize("NFC", text).split())
    if not cleaned:
        raise InvalidValueError(f"{_label(field)} is empty: give at least one character", field=field)
    if len(cleaned) > limit:
        raise InvalidValueError(
            f"{_label(field)} has {len(cleaned)} characters: shorten it to {limit}", field=field
        )
    _check_printable(cleaned, field)
    return cleaned


def clean_text(text: str, *, field: str) -> str:
    """Composed (NFC), lines ended by a single line feed. Raises `InvalidValueError` when nothing can be read in it."""
    cleaned = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    if not cleaned.strip():
        raise InvalidValueError(f"{_label(field)} is empty: write what people shall read", field=field)
    _check_printable(cleaned, field)
    return cleaned


def _check_printable(text: str, field: str) -> None:
    for position, character in enumerate(text, start=1):
        if unicodedata.category(character) in ("Cc", "Cs") and character not in _KEPT_CONTROLS:
            raise InvalidValueError(
                f"{_label(field)} has a control character (U+{ord(character):04X}) at position {position}: remove it",
                field=field,
            )


def _label(field: str) -> str:
    return f"The {field.replace('_', ' ')}"
