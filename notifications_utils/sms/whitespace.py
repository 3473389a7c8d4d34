"""White space of an SMS: a handset shows little, so it is kept small and plain."""

import re
import unicodedata
from typing import Final

_BEFORE_PUNCTUATION: Final = re.compile(r"(?<![ \t])[ \t]++(?=[,.])")
_THREE_NEWLINES: Final = re.compile(r"\n{3,}")
# Zero-width characters, and the soft hyphen, which only says where a word may break. The two joiners wait:
# the alphabet decides whether an emoji or a Persian word keeps them.
_INVISIBLE: Final = re.compile("[\u180e\u200b\u2060\ufeff\u00ad]")


def prepare(text: str) -> str:
    """The text as alphabets expect it: composed (NFC), since they know composed letters, and its white space tidy."""
    return normalise_whitespace(text if text.isascii() else unicodedata.normalize("NFC", text))


def normalise_whitespace(text: str) -> str:
    """One kind of space, one kind of newline, none at the ends.

    Contract: no space before `,` and `.` (but before `; : ! ?`, as French wants it), at most one empty line.
    """
    if " ," in text or " ." in text or "\t" in text:
        text = _BEFORE_PUNCTUATION.sub("", text)
    if text.isprintable() and "  " not in text:
        # Printable texts have no newline and no space but U+0020: nothing else is left to do.
        return text.strip(" ")
    return tidy_lines(_INVISIBLE.sub("", text))


def tidy_lines(text: str) -> str:
    """Runs of white space become one space, lines and text are trimmed, three newlines become two."""
    text = "\n".join([" ".join(line.split()) for line in text.splitlines()]).strip("\n")
    return _THREE_NEWLINES.sub("\n\n", text) if "\n\n\n" in text else text


def close_gaps(text: str) -> str:
    """As `tidy_lines`, quicker, for a text whose only white space is U+0020 and newlines."""
    if "\n" in text or "  " in text:
        return tidy_lines(text)
    return text.strip(" ")
