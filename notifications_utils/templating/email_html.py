"""Blocks as HTML for mail clients: styles inline, because many of them drop style sheets."""

import html
import re
from collections.abc import Collection
from typing import Final

from notifications_utils.templating.blocks import (
    Block,
    BlockList,
    Blocks,
    Heading,
    Inset,
    LanguageBlock,
    Paragraph,
    Rule,
)
from notifications_utils.templating.inline import Inlines, Link
from notifications_utils.templating.links import NOWHERE, quote_target, resolve_target
from notifications_utils.templating.stencil import (
    MAX_SOURCES,
    Format,
    Mode,
    hole,
    move_holes,
    split_at_holes,
)

_MARGIN: Final = "margin:0 0 20px"
_HEADINGS: Final = {
    1: ("h2", "margin:32px 0 16px;font-size:26px;line-height:32px;font-weight:bold"),
    2: ("h3", "margin:28px 0 12px;font-size:20px;line-height:28px;font-weight:bold"),
}
_LIST: Final = "margin:0 0 20px;padding:0 0 0 28px"
_ITEM: Final = '<li style="margin:0 0 8px;padding:0 0 0 4px">'
_INSET: Final = (
    '<div class="inset" style="margin:0 0 20px;padding:4px 0 4px 16px;border-left:8px solid #8a8a8a">'
)
_RULE: Final = '<hr style="margin:28px 0;border:0;border-top:1px solid #8a8a8a">'
_LINK: Final = "color:#0b4f9e;text-decoration:underline;word-wrap:break-word"

# An address has to name its host before its first hole, or the value decides where the link leads.
_IS_SETTLED: Final = re.compile(r"[:/?#]")


def html_text(text: str) -> str:
    """Contract: quotes stay as they are in texts."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("\n", "<br>")


def html_attribute(text: str) -> str:
    return html.escape(text)


def _html_target(target: str) -> str:
    return quote_target(target).replace("&", "&amp;")


def _html_whole_target(target: str) -> str:
    return _html_target(resolve_target(target))


HTML: Final = Format(
    text=html_text,
    target=_html_target,
    whole_target=_html_whole_target,
    attribute=html_attribute,
    between_items=f"</li>\n{_ITEM}",
    marker=lambda marker: marker.html,
)


class HtmlRenderer:
    """Renders blocks into one text with holes; `whole_targets` then holds the link targets that open with one.

    `list_heads` are the holes that stand for several items of a list.
    """

    def __init__(self, list_heads: Collection[str] = ()) -> None:
        self._list_heads = list_heads
        self._whole_targets: dict[str, int] = {}

    @property
    def whole_targets(self) -> tuple[str, ...]:
        return tuple(self._whole_targets)

    def render(self, blocks: Blocks) -> str:
        return "\n".join(map(self._render_block, blocks))

    def _render_block(self, block: Block) -> str:
        match block:
            case Heading(level, content):
                name, style = _HEADINGS[level]
                return f'<{name} style="{style}">{self._render_inlines(content)}</{name}>'
            case Paragraph(content):
                return f'<p style="{_MARGIN}">{self._render_inlines(content)}</p>'
            case BlockList(is_ordered, items):
                name = "ol" if is_ordered else "ul"
                inside = "\n".join(f"{_ITEM}{self._render_item(item)}</li>" for item in items)
                return f'<{name} style="{_LIST}">\n{inside}\n</{name}>'
            case Inset(blocks):
                return f"{_INSET}\n{self.render(blocks)}\n</div>"
            case LanguageBlock(code, blocks):
                attribute = 'dir="rtl"' if code == "rtl" else f'lang="{code}"'
                return f"<div {attribute}>\n{self.render(blocks)}\n</div>"
            case Rule():
                return _RULE

    def _render_item(self, blocks: Blocks) -> str:
        match blocks:
            case (Paragraph((str(text),)),) if text in self._list_heads:
                return move_holes(text, Mode.ITEMS)
            case (Paragraph(content), *others):
                rest = "".join(f"\n{self._render_block(block)}" for block in others)
                return f"{self._render_inlines(content)}{rest}"
            case _:
                return self.render(blocks)

    def _render_inlines(self, content: Inlines) -> str:
        return "".join(
            html_text(part) if isinstance(part, str) else self._render_link(part) for part in content
        )

    def _render_link(self, link: Link) -> str:
        title = f' title="{move_holes(html_attribute(link.title), Mode.ATTRIBUTE)}"' if link.title else ""
        shown = html_text(link.text or link.target)
        return f'<a href="{self._render_target(link.target)}"{title} style="{_LINK}">{shown}</a>'

    def _render_target(self, target: str) -> str:
        first, *others = split_at_holes(target)
        if not others or _IS_SETTLED.search(first):
            settled = resolve_target(first)
            if settled == NOWHERE:
                return NOWHERE
            return "".join([_html_target(settled), *map(_render_target_piece, others)])
        place = self._whole_targets.setdefault(target, len(self._whole_targets))
        return hole(place, Mode.WHOLE_TARGET) if place < MAX_SOURCES else NOWHERE


def _render_target_piece(piece: str) -> str:
    return move_holes(piece, Mode.TARGET) if split_at_holes(piece)[1:] else _html_target(piece)
