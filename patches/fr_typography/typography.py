"""French typography of one text (Lexique des règles typographiques de l’Imprimerie nationale).

Letters and digits stay as they are: only blanks, quotes, apostrophes, dashes and full stops change. What is no prose
(web and e-mail addresses, code, entities) is set aside first.
"""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from api.config import Settings
from notifications_utils.templating.language import FRENCH
from notifications_utils.templating.typography import LINK_CHARACTERS, VALUE_CHARACTERS, Typography, neutral
from patches.fr_typography.quotes import write_guillemets

NBSP: Final = "\u00a0"
NNBSP: Final = "\u202f"
BEFORE_COLON: Final = NBSP
"""As the Imprimerie nationale does; others write NNBSP there too."""

Replacement: TypeAlias = str | Callable[[re.Match[str]], str]

# Stands for what is set aside; it is set aside itself where a text holds it, so that none is taken for another.
_ASIDE: Final = "\ue000"
_ADDRESS: Final = r"[^\s<>«»“”]*[^\s<>«»“”.,:;!?…\"'’)\]]"
# Possessive, and only from the start of a word: hostile texts cost linear time.
_NO_PROSE: Final = re.compile(
    rf"{_ASIDE}|`[^`\n]+`|&#?\w++;|(?<![\w.+'’-])[\w.+'’-]++@[\w-]++(?:\.[\w-]++)+"
    rf"|(?<![\w+])[a-zA-Z][a-zA-Z0-9+]*+://{_ADDRESS}|\bwww\.{_ADDRESS}"
    rf"|(?<![\w.-])[\w-]++(?:\.[\w-]++)++/{_ADDRESS}"
)

_B: Final = "[ \u00a0\u202f]"
_LINK_OPENS: Final = LINK_CHARACTERS[0]
_CAPITAL: Final = "A-ZÀ-ÖØ-ÞŒ"
# A sign ends something where a blank, the end, or what closes comes next: not in 12:30, 16:9 or ?a=b;c.
_ENDS: Final = rf"(?=[\s)\]}}»”\"…{LINK_CHARACTERS}]|$)"
_IS_FREE: Final = rf"(?<![0-9,.])(?<![0-9]{_B})"
_IS_WHOLE: Final = rf"(?!{_B}?[0-9])"


def _keep_together(with_blank: str) -> Callable[[re.Match[str]], str]:
    blanks = re.compile(_B)
    return lambda found: blanks.sub(with_blank, found[0])


def _rule(pattern: str, replacement: Replacement) -> tuple[re.Pattern[str], Replacement]:
    return re.compile(pattern, re.MULTILINE), replacement


_RULES: Final = (
    _rule(r"(?<!\.)\.\.\.(?!\.)", "…"),
    # l’été, d’((nom)), l’« État »: between letters, or before a value or what opens.
    _rule(rf"(?<=[^\W\d_])'(?=[^\W_]|[«“{_LINK_OPENS}{VALUE_CHARACTERS}{_ASIDE}])", "’"),
    # A dash between words; one at the start of a line begins an item or a line of dialogue.
    _rule(rf"(?<=[^\s«–—-]){_B}+(?:-{{1,3}}|–){_B}+(?=[^\s.,;:!?»–—-])", f"{NBSP}– "),
    _rule(rf"(?<=[^\s«–—-]){_B}+—{_B}+(?=[^\s.,;:!?»–—-])", f"{NBSP}— "),
    _rule(rf"«{_B}*(?=[^\s»])", f"«{NBSP}"),
    _rule(rf"(?<=[^\s«]){_B}*»", f"{NBSP}»"),
    _rule(rf"(?<=[^\s(\[{{«“\"!?;:{_LINK_OPENS}]){_B}*([!?]+|;){_ENDS}", rf"{NNBSP}\1"),
    _rule(rf"(?<=[^\s(\[{{«“\"!?;:{_LINK_OPENS}]){_B}*:{_ENDS}", f"{BEFORE_COLON}:"),
    # Numbers that are already spaced: telephone numbers by pairs, then amounts. Longer groups (SIRET, IBAN) are neither.
    _rule(rf"{_IS_FREE}(?:0|\+33{_B}?)[1-9](?:{_B}[0-9]{{2}}){{4}}{_IS_WHOLE}", _keep_together(NBSP)),
    _rule(
        rf"{_IS_FREE}(?:[1-9][0-9]{{1,2}}(?:{_B}[0-9]{{3}})+|[1-9](?:{_B}[0-9]{{3}}){{2,}}){_IS_WHOLE}",
        _keep_together(NNBSP),
    ),
    _rule(rf"{_IS_FREE}[1-9]{_B}[0-9]{{3}}(?={_B}*[%‰€])", _keep_together(NNBSP)),
    _rule(rf"(?<=[0-9]){_B}*(?=[%‰€](?!\w))", NBSP),
    _rule(rf"(?<=[{VALUE_CHARACTERS}]){_B}+(?=[%‰€](?!\w))", NBSP),
    _rule(rf"(?<=[0-9{VALUE_CHARACTERS}]){_B}+(?=(?:[$£]|°C|h)(?!\w))", NBSP),
    _rule(rf"(?<=[0-9{VALUE_CHARACTERS}]{NBSP}h){_B}+(?=[0-9{VALUE_CHARACTERS}])", NBSP),
    # What says what comes next is not left alone at the end of a line.
    _rule(rf"(?<!\w)([nN]°){_B}+(?=[\w{VALUE_CHARACTERS}])", rf"\1{NBSP}"),
    _rule(rf"(?<!\w)(MM?\.|Mmes?|Mlles?){_B}+(?=[{_CAPITAL}{VALUE_CHARACTERS}])", rf"\1{NBSP}"),
    _rule(rf"(?<!\w)(p\.|art\.){_B}+(?=[0-9{VALUE_CHARACTERS}])", rf"\1{NBSP}"),
)


def write_french(text: str, language: str, /) -> str:
    """The slot's function: texts in other languages get the neutral typography."""
    text = neutral(text, language)
    if language.partition("-")[0].lower() != FRENCH.code:
        return text
    aside = _NO_PROSE.findall(text)
    text = write_guillemets(_NO_PROSE.sub(_ASIDE, text) if aside else text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    if not aside:
        return text
    pieces = text.split(_ASIDE)
    return "".join(piece + kept for piece, kept in zip(pieces, [*aside, ""], strict=True))


def make_typography(_settings: Settings) -> Typography:
    return write_french
