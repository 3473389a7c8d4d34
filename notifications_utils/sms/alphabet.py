"""Which characters of a text an SMS keeps, and what stands for the others."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from notifications_utils.sms.gsm import BASIC, EXTENSION
from notifications_utils.sms.transliterations import (
    CONTRACT_REPLACEMENTS,
    ECONOMY_REPLACEMENTS,
    EMOJI_RULE,
    LETTER_REPLACEMENTS,
    TYPOGRAPHIC_REPLACEMENTS,
    TYPOGRAPHIC_RULES,
    ContextRule,
)
from notifications_utils.sms.whitespace import close_gaps

_UNKNOWN: Final = "?"
# A replacement over the whole text for each character is faster than one pass, as long as they are few.
_MANY: Final = 16
# Control and format characters, unattached marks: nobody sees that they are missing.
_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Mn", "Me"})


@dataclass(frozen=True, slots=True)
class Replacement:
    """A piece of text that an alphabet replaces; `start` counts characters (code points) from 0."""

    start: int
    original: str
    replacement: str

    @property
    def end(self) -> int:
        return self.start + len(self.original)


class SmsAlphabet(Protocol):
    """Slot: how a deployment, a service or a template writes its text messages."""

    @property
    def name(self) -> str: ...

    def sanitise(self, text: str) -> str:
        """The text with only characters that are kept; expects NFC and `normalise_whitespace`."""
        ...

    def find_replacements(self, text: str) -> tuple[Replacement, ...]:
        """What `sanitise` replaces in the text, in order; white space that it closes up is left out."""
        ...


class TableAlphabet:
    """An alphabet made of data.

    GSM 7-bit characters stay, and those of `kept` (the body of a character class) at the price of UCS-2. For
    another one: the context rules, else the table, else the base letter, else the compatibility form (NFKC),
    else a question mark. Invisible characters are dropped.
    """

    def __init__(
        self,
        name: str,
        *,
        kept: str = "",
        replacements: Mapping[str, str] | None = None,
        context_rules: tuple[ContextRule, ...] = (),
    ) -> None:
        self.name = name
        self._foreign = re.compile(f"[^{re.escape(BASIC + EXTENSION)}{kept}]")
        self._replacements = dict(replacements or {})
        self._context_rules = context_rules
        self._context_signs = frozenset[str]().union(*(rule.signs for rule in context_rules))
        self._replacement_of = lru_cache(maxsize=4096)(self._choose_replacement)

    def sanitise(self, text: str) -> str:
        found = set(self._foreign.findall(text))
        if not found:
            return text
        for rule in self._find_rules(found):
            text = rule.pattern.sub(rule.replacement, text)
        # What is dropped may leave two spaces side by side; a space may come from a compatibility form.
        return close_gaps(self._transliterate(text, found))

    def find_replacements(self, text: str) -> tuple[Replacement, ...]:
        found = list(self._find_in_context(text))
        # Blanks, which no alphabet replaces, so that the positions of the others hold.
        rest = list(text)
        for piece in found:
            rest[piece.start : piece.end] = " " * len(piece.original)
        found += (
            Replacement(match.start(), match[0], self._replacement_of(match[0]))
            for match in self._foreign.finditer("".join(rest))
        )
        return tuple(sorted(found, key=lambda piece: piece.start))

    def _find_in_context(self, text: str) -> Iterator[Replacement]:
        """What the rules replace; of two that want the same blank, the first has it."""
        taken: set[int] = set()
        for rule in self._find_rules(set(self._foreign.findall(text))):
            for match in rule.pattern.finditer(text):
                start, end = match.span()
                while start in taken:
                    start += 1
                while end - 1 in taken and end > start:
                    end -= 1
                if start < end:
                    taken.update(range(start, end))
                    yield Replacement(start, text[start:end], rule.replacement)

    def _find_rules(self, found: set[str]) -> list[ContextRule]:
        if found.isdisjoint(self._context_signs):
            return []
        return [rule for rule in self._context_rules if not found.isdisjoint(rule.signs)]

    def _transliterate(self, text: str, found: set[str]) -> str:
        if len(found) > _MANY:
            return self._foreign.sub(lambda match: self._replacement_of(match[0]), text)
        for character in found:
            text = text.replace(character, self._replacement_of(character))
        return text

    def _choose_replacement(self, character: str) -> str:
        if character in self._replacements:
            return self._replacements[character]
        if unicodedata.category(character) in _INVISIBLE_CATEGORIES:
            return ""
        base, *_ = unicodedata.decomposition(character).split() or ["<none>"]
        candidates = [] if base.startswith("<") else [chr(int(base, 16))]
        candidates.append(unicodedata.normalize("NFKC", character))
        for candidate in candidates:
            pieces = [self._resolve(piece) for piece in candidate if candidate != character]
            if pieces and _UNKNOWN not in pieces:
                return "".join(pieces)
        return _UNKNOWN

    def _resolve(self, character: str) -> str:
        return self._replacement_of(character) if self._foreign.match(character) else character


# Contract: letters of Welsh that are kept although GSM 7-bit lacks them; they happen to cover most of French.
_CONTRACT_LETTERS: Final = "ÀÁÂÈÊËÌÍÎÏÒÓÔÙÚÛÝáâêëíîïóôúûýÿŴŵŶŷŸẀẁẂẃẄẅỲỳ"
_REPLACEMENTS: Final = {**LETTER_REPLACEMENTS, **TYPOGRAPHIC_REPLACEMENTS, **CONTRACT_REPLACEMENTS}

NEUTRAL: Final = TableAlphabet(
    "contract", kept=_CONTRACT_LETTERS, replacements=_REPLACEMENTS, context_rules=TYPOGRAPHIC_RULES
)
"""The contract's alphabet, where typographic signs get a readable replacement instead of a question mark."""

ECONOMY: Final = TableAlphabet(
    "economy",
    replacements={**_REPLACEMENTS, **ECONOMY_REPLACEMENTS},
    context_rules=(*TYPOGRAPHIC_RULES, EMOJI_RULE),
)
"""Always GSM 7-bit: the most text for the price of one part."""

FAITHFUL: Final = TableAlphabet("faithful", kept="\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff")
"""Every printable character as it was written, in UCS-2 as soon as one needs it."""
