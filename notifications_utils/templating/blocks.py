"""The blocks of an e-mail, as a tree that knows nothing of HTML."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from notifications_utils.templating.inline import Inlines


@dataclass(frozen=True, slots=True)
class Heading:
    level: Literal[1, 2]
    content: Inlines


@dataclass(frozen=True, slots=True)
class Paragraph:
    content: Inlines


@dataclass(frozen=True, slots=True)
class BlockList:
    """A list of items; an item begins with a paragraph, others and lists may follow."""

    is_ordered: bool
    items: tuple["Blocks", ...]


@dataclass(frozen=True, slots=True)
class Inset:
    """Text set apart from the rest."""

    blocks: "Blocks"


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line."""


@dataclass(frozen=True, slots=True)
class LanguageBlock:
    """Blocks in another language than the template; `code` is a BCP 47 tag."""

    code: str
    blocks: "Blocks"


Block: TypeAlias = Heading | Paragraph | BlockList | Inset | Rule | LanguageBlock
Blocks: TypeAlias = tuple[Block, ...]
