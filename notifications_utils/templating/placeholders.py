"""The placeholder language of templates: `((name))` and `((name??text shown when true))`."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from notifications_utils.characters import NO_BREAK_SPACES, ZERO_WIDTH

_OPENING: Final = re.compile(r"\(\(([^()]+)")
_PARENTHESES: Final = re.compile(r"\(\(|[()]")
_IGNORED_IN_NAMES: Final = str.maketrans("’", "'", f" _-{NO_BREAK_SPACES}{ZERO_WIDTH}")


@lru_cache(maxsize=4096)
def normalise_name(name: str) -> str:
    """The form under which placeholder names, API keys and column headings are compared.

    Contract: spaces, `_` and `-` are dropped, case is ignored, accents count. Ours besides: NFC, no-break
    and zero-width characters dropped, the typographic apostrophe equals the straight one.
    """
    return unicodedata.normalize("NFC", name.translate(_IGNORED_IN_NAMES).lower())


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`((name))`; the name keeps the spelling of the template."""

    name: str

    @property
    def key(self) -> str:
        return normalise_name(self.name)

    @property
    def source(self) -> str:
        return f"(({self.name}))"


@dataclass(frozen=True, slots=True)
class Conditional:
    """`((name??text))`: the text is shown when the value of the name is true."""

    name: str
    text: str

    @property
    def key(self) -> str:
        return normalise_name(self.name)

    @property
    def source(self) -> str:
        return f"(({self.name}??{self.text}))"


Slot: TypeAlias = Placeholder | Conditional
Part: TypeAlias = str | Placeholder | Conditional


@lru_cache(maxsize=256)
def parse(content: str) -> tuple[Part, ...]:
    """The literal texts and placeholders of a template, in order; never fails.

    Whatever is not a complete placeholder stays literal text. Contract: a name holds no parenthesis, and
    placeholders do not nest. Ours besides: the text of a conditional may hold balanced single parentheses.
    """
    parts: list[Part] = []
    literal_start = position = 0
    while opening := _OPENING.search(content, position):
        name, has_condition, _ = opening[1].partition("??")
        end = _find_end(content, opening.end()) if has_condition else opening.end()
        if end is None or not content.startswith("))", end):
            position = opening.end()
            continue
        if opening.start() > literal_start:
            parts.append(content[literal_start : opening.start()])
        body_start = opening.start(1)
        parts.append(
            Conditional(name, content[body_start + len(name) + 2 : end])
            if has_condition
            else Placeholder(name)
        )
        literal_start = position = end + 2
    if literal_start < len(content):
        parts.append(content[literal_start:])
    return tuple(parts)


def _find_end(content: str, start: int) -> int | None:
    """Where the unmatched closing parenthesis after `start` stands.

    Gives up at the next `((`, which keeps parsing linear in the size of hostile templates.
    """
    depth = 0
    for parenthesis in _PARENTHESES.finditer(content, start):
        match parenthesis[0]:
            case "((":
                return None
            case "(":
                depth += 1
            case _ if depth:
                depth -= 1
            case _:
                return parenthesis.start()
    return None


def placeholder_names(parts: Iterable[Part]) -> tuple[str, ...]:
    """Names in order of appearance, once each; the first spelling wins."""
    names: dict[str, str] = {}
    for part in parts:
        if not isinstance(part, str):
            names.setdefault(part.key, part.name)
    return tuple(names.values())
