"""E-mail templates: compiled once for each shape of their values, then filled with a few joins a message."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from typing import Final

from notifications_utils.characters import NO_BREAK_SPACES, ZERO_WIDTH
from notifications_utils.templating.cleaning import clean
from notifications_utils.templating.email_compiled import (
    PREHEADER_LENGTH,
    CompiledEmail,
    EmailSource,
    collapse_blanks,
)
from notifications_utils.templating.email_shape import Slots
from notifications_utils.templating.filling import fill, to_text_with_bullets
from notifications_utils.templating.language import ENGLISH, Language
from notifications_utils.templating.page import Branding
from notifications_utils.templating.personalisation import Personalisation
from notifications_utils.templating.placeholders import Conditional, Part, parse, placeholder_names
from notifications_utils.templating.stencil import Values
from notifications_utils.templating.template_errors import (
    EmptyMessageError,
    MessageTooLongError,
    MissingPersonalisationError,
)
from notifications_utils.templating.typography import Typography, neutral

MAX_BYTES: Final = 2_000_000
"""Contract: size of the filled content in UTF-8."""

_SHAPES_KEPT: Final = 32
_WITHOUT_ZERO_WIDTH: Final = str.maketrans("", "", ZERO_WIDTH)
_SPACES: Final = re.compile(r"\s+")
_UNTIDY: Final = re.compile(rf"\s{{2,}}|[^\S {NO_BREAK_SPACES}]")


@dataclass(frozen=True, slots=True)
class EmailTemplate:
    """An e-mail with placeholders, and how the service shows it.

    Values are text, whatever they hold; `markdown_values` lets those of the body be Markdown as upstream does
    (contract), for senders whose values are safe, and gives up the speed. `link_addresses` shows a value that
    is a web address as a link. `redact_missing` hides which placeholders have no value. Raises ValueError
    when the template holds too many different placeholders (`MAX_PLACEHOLDERS`).
    """

    subject: str
    content: str
    language: Language = ENGLISH
    typography: Typography = neutral
    brandings: tuple[Branding, ...] = ()
    markdown_values: bool = False
    link_addresses: bool = False
    redact_missing: bool = False
    placeholders: tuple[str, ...] = field(init=False, compare=False)
    """Names, each once: those of the subject, then those of the content, in the spelling of the template."""
    _source: EmailSource = field(init=False, repr=False, compare=False)
    _compile: Callable[..., CompiledEmail] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = (*parse(self.subject), *parse(self.content))
        source = EmailSource(
            subject=_clean_parts(self.subject),
            content=_clean_parts(self.content),
            slots=Slots(parts, self.language, link_addresses=self.link_addresses),
            language=self.language,
            typography=self.typography,
            brandings=self.brandings,
            redact_missing=self.redact_missing,
        )
        compiled = lru_cache(maxsize=_SHAPES_KEPT)(partial(CompiledEmail, source))
        object.__setattr__(self, "placeholders", placeholder_names(parts))
        object.__setattr__(self, "_source", source)
        object.__setattr__(self, "_compile", compiled)

    def render(
        self, values: Mapping[str, object] | None = None, *, unsubscribe_link: str | None = None
    ) -> "EmailMessage":
        """The message for one recipient; never raises, ask the message whether it can be sent."""
        personalisation = Personalisation.of(values)
        shape, texts = self._source.slots.read(personalisation)
        texts.unsubscribe_link = unsubscribe_link or ""
        can_unsubscribe = unsubscribe_link is not None
        compiled = (
            CompiledEmail(self._source, shape, can_unsubscribe=can_unsubscribe, markdown_values=texts)
            if self.markdown_values
            else self._compile(shape, can_unsubscribe=can_unsubscribe)
        )
        return EmailMessage(self, personalisation, compiled, texts)


class EmailMessage:
    """An e-mail for one recipient; each part is made when first asked for. It has no repr: it is personal data."""

    def __init__(
        self, template: EmailTemplate, values: Personalisation, compiled: CompiledEmail, texts: Values
    ) -> None:
        self.template = template
        self.values = values
        self._compiled = compiled
        self._texts = texts

    @cached_property
    def subject(self) -> str:
        """One line of plain text."""
        return _write_line(self._compiled.subject.fill(self._texts))

    @property
    def subject_html(self) -> str:
        """The same for people who write templates, with highlighted markers."""
        return _write_line(self._compiled.subject_html.fill(self._texts))

    @cached_property
    def preheader(self) -> str:
        """Contract: the first 256 characters of the text, in plain text; the page adds an ellipsis."""
        text = collapse_blanks(self._compiled.preheader.fill(self._texts))
        return text[:PREHEADER_LENGTH].rstrip()

    @property
    def html(self) -> str:
        """The whole page, with the link to unsubscribe if there is one."""
        self._texts.subject = self.subject
        self._texts.preheader = self.preheader
        return self._compiled.page.fill(self._texts)

    @property
    def html_body(self) -> str:
        """What stands inside the page, for previews."""
        return self._compiled.fragment.fill(self._texts)

    @property
    def plain_text(self) -> str:
        """Contract: trimmed, one newline at its end."""
        return self._compiled.plain_text.fill(self._texts).strip() + "\n"

    @cached_property
    def body(self) -> str:
        """Contract: the content with placeholders filled in, neither rendered nor escaped, trimmed."""
        template = self.template
        return fill(
            parse(template.content),
            self.values,
            language=template.language,
            value_text=to_text_with_bullets,
        ).strip()

    @property
    def missing(self) -> tuple[str, ...]:
        """Placeholders without a value, as the template spells them."""
        return self.values.find_missing(self.template.placeholders)

    @property
    def additional(self) -> tuple[str, ...]:
        """Supplied names that no placeholder uses."""
        return self.values.find_additional(self.template.placeholders)

    @property
    def is_empty(self) -> bool:
        """Contract: only a content made of placeholders alone can be empty once filled."""
        content = self.template.content
        if content and not (content.startswith("((") and content.endswith("))")):
            return False
        return not self.body

    @property
    def size(self) -> int:
        """Bytes of the body in UTF-8."""
        return len(self.body.encode("utf-8", "surrogatepass"))

    @property
    def is_too_long(self) -> bool:
        return self.size > MAX_BYTES

    def check_content(self) -> None:
        """Raises MissingPersonalisationError or, everything being filled, EmptyMessageError."""
        if missing := self.missing:
            raise MissingPersonalisationError(missing)
        if self.is_empty:
            raise EmptyMessageError

    def check_length(self) -> None:
        """Raises MessageTooLongError, in bytes."""
        if self.is_too_long:
            raise MessageTooLongError(self.size, MAX_BYTES)


def _clean_parts(content: str) -> tuple[Part, ...]:
    return tuple(map(_clean_part, parse(content)))


def _clean_part(part: Part) -> Part:
    if isinstance(part, str):
        return clean(part)
    return Conditional(part.name, clean(part.text)) if isinstance(part, Conditional) else part


def _write_line(text: str) -> str:
    """Contract: white space and zero-width characters as one space; ours besides: one no-break space stays."""
    text = text.translate(_WITHOUT_ZERO_WIDTH)
    return (_SPACES.sub(_merge_spaces, text) if _UNTIDY.search(text) else text).strip()


def _merge_spaces(run: re.Match[str]) -> str:
    return next((space for space in run[0] if space in NO_BREAK_SPACES), " ")
