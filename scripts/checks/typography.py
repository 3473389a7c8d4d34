"""Typography of the texts that people read: what every language avoids, and what French asks for besides.

Source: Lexique des règles typographiques en usage à l’Imprimerie nationale.
"""

import html
import re
from collections.abc import Iterator
from typing import Final

PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
TAG: Final = re.compile(r"</?[a-z][^>]*>")
LONE_PERCENT: Final = re.compile(r"(?<!%)(?:%%)*%(?![%(])|%\((?!\w+\)s)")
_NOT_PROSE: Final = re.compile(r"<(code|kbd|samp)\b[^>]*>.*?</\1>|https?://\S+")

# What is found, what it is, how to mend it.
_EVERYWHERE: Final = (
    (r"['\"]", "straight quote or apostrophe", "Write ’, “ ” or, in French, « »."),
    (r"[ \u00a0\u202f]{2}", "double space", "Leave one."),
    (r"^\s|\s$", "space at the end", "Remove it; spaces between texts belong to the page."),
    (r"\.\.\.", "three full stops", "Write …"),
)
_FRENCH: Final = (
    (r"(?<![\u202f!?])[;!?]", "no narrow no-break space before ; ! or ?", "Put U+202F before it."),
    (r"(?<!\u00a0):(?=\s|$)", "no no-break space before a colon", "Put U+00A0 before it."),
    (r"«(?!\u00a0)|(?<!\u00a0)»", "no no-break space inside « »", "Put U+00A0 inside."),
    (r"[“”]", "English quotes", "Write « »."),
    (r"\d[ \u00a0,.]\d{3}(?!\d)", "no narrow no-break space between thousands", "Put U+202F there."),
    (r"\d ?[%€]", "no no-break space before % or €", "Put U+00A0 before it."),
)


def find_mistakes(text: str, language: str) -> Iterator[str]:
    """What is wrong with a text of a catalogue, and how to mend it; code and web addresses are left alone."""
    prose = TAG.sub("", _NOT_PROSE.sub("x", PLACEHOLDER.sub("x", text)))
    prose = html.unescape(prose).replace("%%", "%")
    for pattern, what, cure in _EVERYWHERE + (_FRENCH if language == "fr" else ()):
        if re.search(pattern, prose):
            yield f"{what}. {cure}"
