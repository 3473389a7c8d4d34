"""Typography is a slot: what a language does to the blanks, quotes and dashes of a text."""

import re
from typing import Final, Protocol

VALUE_CHARACTERS: Final = "\U000f0000-\U000ffffd"
"""For a regular expression's character class: each stands for a value of unknown text; treat it as a letter."""

LINK_CHARACTERS: Final = "\U00100000-\U00100002"
"""For a character class: where a link opens, where it closes, and a web address shown as such. No width."""

_BLANKS_BEFORE_POINT: Final = re.compile(r"(?<![ \t])[ \t]++(?=[,.])")


class Typography(Protocol):
    """Rewrites one text: the text nodes of a block of an e-mail put end to end, or its subject.

    It never sees markup, link targets, web addresses or values: in their place stand single private-use
    characters (`VALUE_CHARACTERS`, `LINK_CHARACTERS`), which must all come back in the same order. A newline
    is a line break. `language` is the text's own, a BCP 47 tag: that of the template, or of a block in another
    one. Called when a template is compiled, not for each message; must be idempotent.
    """

    def __call__(self, text: str, language: str, /) -> str: ...


def neutral(text: str, _language: str, /) -> str:
    """What holds in every language. Contract: no blank before a comma or a full stop."""
    return _BLANKS_BEFORE_POINT.sub("", text)
