"""Tables: which sign replaces another one in a text message."""

import re
from dataclasses import dataclass
from typing import Final

# Contract: what the shared service has always replaced.
CONTRACT_REPLACEMENTS: Final = {
    **dict.fromkeys("\u2011–—−", "-"),
    "…": "...",
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("\u00a0\u202f\t", " "),
    "Ł": "L",
    "ł": "l",
}

# Ours: signs of French and of European typography that would otherwise become a question mark.
TYPOGRAPHIC_REPLACEMENTS: Final = {
    "œ": "oe",
    "Œ": "OE",
    **dict.fromkeys("«»‟″", '"'),
    **dict.fromkeys("‹›‛`´′ʼʻ", "'"),
    **dict.fromkeys("\u2010‒―•", "-"),
    "·": ".",
    **dict.fromkeys("°º", "o"),
    "ª": "a",
    "²": "2",
    "³": "3",
    "½": "1/2",
    "⁄": "/",
    "‰": "o/oo",
    "№": "No",
    "©": "(c)",
    "®": "(r)",
    "™": "TM",
    "×": "x",
    "÷": "/",
    "±": "+/-",
    "≤": "<=",
    "≥": ">=",
    **dict.fromkeys("→➔➜➡", "->"),
    "←": "<-",
    "¢": "c",
    **dict.fromkeys("✓✔", "x"),
}

# Ours: Latin letters that Unicode does not decompose.
LETTER_REPLACEMENTS: Final = {
    **dict(zip("đĐðĦħıŊŋŦŧ", "dDdHhiNnTt", strict=True)),
    "Ð": "D",
    "ĸ": "q",
    "ẞ": "SS",
    "þ": "th",
    "Þ": "Th",
}


# Ours: the base letter of contract would say the opposite.
ECONOMY_REPLACEMENTS: Final = {"≠": "=/="}


@dataclass(frozen=True, slots=True)
class ContextRule:
    """A replacement that depends on the neighbours of a sign, tried in texts that hold one of the signs."""

    signs: frozenset[str]
    pattern: re.Pattern[str]
    replacement: str


TYPOGRAPHIC_RULES: Final = (
    ContextRule(frozenset("«"), re.compile("« ?"), '"'),
    ContextRule(frozenset("»"), re.compile(" ?»"), '"'),
    # After a number, the letter o would read as one more zero: 38° is not 380.
    ContextRule(frozenset("°"), re.compile(r"(?<=\d) ?° ?(?=\w)"), " deg "),
    ContextRule(frozenset("°"), re.compile(r"(?<=\d) ?°"), " deg"),
)

_PICTOGRAPH_RANGES: Final = ((0x23CF, 0x23FA), (0x2600, 0x27BF), (0x2B00, 0x2BFF), (0x1F000, 0x1FAFF))
_PICTOGRAPHS: Final = frozenset(
    chr(code) for first, last in _PICTOGRAPH_RANGES for code in range(first, last + 1)
) - set(TYPOGRAPHIC_REPLACEMENTS)

# Pictographs go together with the space before them, and with what only modifies them: variation selectors,
# joiners, key caps, tags (skin tones are pictographs).
EMOJI_RULE: Final = ContextRule(
    _PICTOGRAPHS,
    re.compile(f" ?(?:[{''.join(sorted(_PICTOGRAPHS))}][\ufe0f\u200d\u20e3\U000e0020-\U000e007f]*)+"),
    "",
)
