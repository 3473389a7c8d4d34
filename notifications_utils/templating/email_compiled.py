"""An e-mail template for one shape of its values: parsed and rendered, only the values left open."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from notifications_utils.localisation import choose_language, gettext, use_language
from notifications_utils.templating.blocks import Blocks, Paragraph, Rule
from notifications_utils.templating.email_html import HTML, HtmlRenderer, html_text
from notifications_utils.templating.email_shape import (
    PREHEADER,
    SUBJECT,
    UNSUBSCRIBE,
    Shape,
    Slots,
    SourceWriter,
)
from notifications_utils.templating.inline import Context, Link
from notifications_utils.templating.language import Language
from notifications_utils.templating.markdown import parse_markdown
from notifications_utils.templating.page import Branding, render_page
from notifications_utils.templating.placeholders import Part
from notifications_utils.templating.plain_text import PLAIN_TEXT, PlainTextRenderer, render_preheader
from notifications_utils.templating.stencil import VERBATIM, Mode, Stencil, Values, cut, hole
from notifications_utils.templating.typography import Typography

PREHEADER_LENGTH: Final = 256
"""Contract: characters of the body that the preheader shows."""

_BLANKS: Final = re.compile(r"[ \t\n]{2,}|[\t\n]")


@dataclass(frozen=True, slots=True)
class EmailSource:
    """What all the shapes of a template share; its texts are clean."""

    subject: tuple[Part, ...]
    content: tuple[Part, ...]
    slots: Slots
    language: Language
    typography: Typography
    brandings: tuple[Branding, ...]
    redact_missing: bool


class CompiledEmail:
    """The outputs of one shape, each rendered when first asked for.

    `can_unsubscribe` tells whether the message has a link for it. With `markdown_values` the body holds those very values, parsed with it, and serves one message only.
    """

    def __init__(
        self,
        source: EmailSource,
        shape: Shape,
        *,
        can_unsubscribe: bool,
        markdown_values: Values | None = None,
    ) -> None:
        hidden = source.language.hidden_word if source.redact_missing else None
        writer = SourceWriter(source.slots, shape, redact_with=hidden)
        self._source = source
        language = source.language.code
        self._subject = source.typography(writer.write_line(source.subject), language)
        content = (
            writer.write_markdown(source.content)
            if markdown_values is None
            else writer.write_values(source.content, markdown_values)
        )
        context = Context(linkable=writer.linkable, typography=source.typography, language=language)
        self._content = parse_markdown(content, context)
        self._blocks = self._content + (_make_footer(source.language) if can_unsubscribe else ())
        self._sources = tuple(writer.sources)
        self._list_heads = frozenset(writer.list_heads)

    @cached_property
    def subject(self) -> Stencil:
        return cut(self._subject, self._sources, VERBATIM)

    @cached_property
    def subject_html(self) -> Stencil:
        return cut(html_text(self._subject), self._sources, HTML)

    @cached_property
    def preheader(self) -> Stencil:
        # A hole shows one character at least, blanks around it may merge: this much is always enough.
        text = collapse_blanks(render_preheader(self._content))[: 3 * PREHEADER_LENGTH]
        return cut(text, self._sources, VERBATIM)

    @cached_property
    def page(self) -> Stencil:
        """The whole HTML page."""
        renderer = HtmlRenderer(self._list_heads)
        page = render_page(
            renderer.render(self._blocks),
            language=self._source.language.code,
            subject=hole(SUBJECT),
            subject_attribute=hole(SUBJECT, Mode.ATTRIBUTE),
            preheader=hole(PREHEADER) if any(self.preheader.pieces) else "",
            brandings=self._source.brandings,
        )
        return cut(page, self._sources, HTML, renderer.whole_targets)

    @cached_property
    def fragment(self) -> Stencil:
        """The HTML of the body alone."""
        renderer = HtmlRenderer(self._list_heads)
        return cut(renderer.render(self._blocks), self._sources, HTML, renderer.whole_targets)

    @cached_property
    def plain_text(self) -> Stencil:
        renderer = PlainTextRenderer(self._list_heads)
        return cut(renderer.render(self._blocks), self._sources, PLAIN_TEXT)


def _make_footer(language: Language) -> Blocks:
    """Contract: a rule and a link follow the body of a message that can be unsubscribed from."""
    with use_language(choose_language(language.code)):
        text = gettext("Stop receiving these messages")
    return (Rule(), Paragraph((Link(text, hole(UNSUBSCRIBE)),)))


def collapse_blanks(text: str) -> str:
    """Blanks and line breaks as one space each run; no-break spaces stay."""
    return _BLANKS.sub(" ", text).strip()
