"""Blocks as the plain-text part of an e-mail, and as the preheader that mail clients show in their lists."""

from collections.abc import Collection, Iterator
from typing import Final

from notifications_utils.templating.blocks import (
    Block,
    BlockList,
    Blocks,
    Heading,
    Inset,
    LanguageBlock,
    Paragraph,
)
from notifications_utils.templating.inline import Inlines, Link
from notifications_utils.templating.links import quote_target
from notifications_utils.templating.stencil import VERBATIM, Format, Mode, move_holes

_WIDTH: Final = 65
_UNDERLINES: Final = {1: "=" * _WIDTH, 2: "-" * _WIDTH}
_RULE: Final = ("=-" * _WIDTH)[:_WIDTH]

# A value in an address is percent-encoded here too: a blank would end the link in the reader's mail client.
PLAIN_TEXT: Final = Format(
    text=VERBATIM.text,
    target=quote_target,
    whole_target=quote_target,
    attribute=VERBATIM.attribute,
    between_items="\n• ",
    marker=VERBATIM.marker,
)


class PlainTextRenderer:
    """Renders blocks into one text with holes; trim it once filled."""

    def __init__(self, list_heads: Collection[str] = ()) -> None:
        self._list_heads = list_heads

    def render(self, blocks: Blocks) -> str:
        return "".join(map(self._render_block, blocks))

    def _render_block(self, block: Block) -> str:
        match block:
            case Heading(level, content):
                return f"\n\n\n{_render_inlines(content)}\n{_UNDERLINES[level]}"
            case Paragraph(content):
                return f"\n\n{_render_inlines(content)}"
            case BlockList():
                return f"\n{self._render_list(block)}"
            case Inset(blocks) | LanguageBlock(_, blocks):
                return self.render(blocks)
            case _:
                return f"\n\n{_RULE}"

    def _render_list(self, block: BlockList) -> str:
        """Contract: lists within lists are not indented."""
        signs = (f"{number}. " if block.is_ordered else "• " for number in range(1, len(block.items) + 1))
        return "".join(
            f"\n{sign}{self._render_item(item)}" for sign, item in zip(signs, block.items, strict=True)
        )

    def _render_item(self, blocks: Blocks) -> str:
        rendered = (
            self._render_list(block) if isinstance(block, BlockList) else f"\n{self._render_text(block)}"
            for block in blocks
        )
        return "".join(rendered).removeprefix("\n")

    def _render_text(self, block: Block) -> str:
        match block:
            case Paragraph((str(text),)) if text in self._list_heads:
                return move_holes(text, Mode.ITEMS)
            case Paragraph(content):
                return _render_inlines(content)
            case _:
                return self._render_block(block).strip()


def _render_inlines(content: Inlines) -> str:
    return "".join(part if isinstance(part, str) else _render_link(part) for part in content)


def _render_link(link: Link) -> str:
    target = move_holes(link.target, Mode.TARGET)
    if not link.text:
        return target
    return f"{link.text} ({link.title}): {target}" if link.title else f"{link.text}: {target}"


def render_preheader(blocks: Blocks) -> str:
    """The words of the blocks on one line, with holes; links show their text only."""
    return " ".join(filter(None, _find_texts(blocks)))


def _find_texts(blocks: Blocks) -> Iterator[str]:
    for block in blocks:
        match block:
            case Heading(_, content) | Paragraph(content):
                yield "".join(part if isinstance(part, str) else part.text or part.target for part in content)
            case BlockList(_, items):
                for item in items:
                    yield f"• {' '.join(_find_texts(item))}"
            case Inset(inside) | LanguageBlock(_, inside):
                yield from _find_texts(inside)
            case _:
                pass
