"""What depends on the language of a template, and not on the country of the deployment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Contract: the English words. Ours besides: the French ones, in every language, because a file filled in by
# a French team may go with an English template.
_TRUTH_WORDS: Final = frozenset(
    "yes y true t 1 include show".split()  # noqa: SIM905
    + "oui o vrai v inclure afficher".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Language:
    """Words that the template engine writes or understands; `code` is a BCP 47 tag."""

    code: str
    conjunction: str
    hidden_word: str
    truth_words: frozenset[str] = _TRUTH_WORDS

    def join(self, items: Sequence[str]) -> str:
        """`a`, `a and b`, `a, b and c`: no comma before the conjunction."""
        if len(items) < 2:  # noqa: PLR2004
            return "".join(items)
        return f"{', '.join(items[:-1])} {self.conjunction} {items[-1]}"


ENGLISH: Final = Language(code="en", conjunction="and", hidden_word="hidden")
FRENCH: Final = Language(code="fr", conjunction="et", hidden_word="masqué")
