"""Text message templates: compiled once, filled many times."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from notifications_utils.sms.alphabet import NEUTRAL, Replacement, SmsAlphabet
from notifications_utils.sms.analysis import find_costly
from notifications_utils.sms.counting import Encoding, SmsSize, count_units, measure, utf16_length
from notifications_utils.sms.whitespace import prepare
from notifications_utils.templating.filling import fill
from notifications_utils.templating.language import ENGLISH, Language
from notifications_utils.templating.personalisation import Personalisation
from notifications_utils.templating.placeholders import Part, Slot, parse, placeholder_names
from notifications_utils.templating.template_errors import (
    EmptyMessageError,
    MessageTooLongError,
    MissingPersonalisationError,
    TooManyPartsError,
)

# Contract: in UTF-16 code units, without the prefix, whatever the encoding.
MAX_CHARACTERS: Final = 918
DEFAULT_MAX_PARTS: Final = 6


@dataclass(frozen=True, slots=True)
class SmsTemplate:
    """A text message with placeholders, and how the service writes it.

    `prefix` is shown as `prefix: body` when it is not blank. `max_parts` limits the weight of the body in the
    encoding of the whole message (ours: the contract's limit lets 14 parts of accented text pass); None lifts it.
    """

    content: str
    prefix: str | None = None
    language: Language = ENGLISH
    alphabet: SmsAlphabet = NEUTRAL
    max_parts: int | None = DEFAULT_MAX_PARTS
    prefix_separator: str = ": "
    parts: tuple[Part, ...] = field(init=False, repr=False, compare=False)
    placeholders: tuple[str, ...] = field(init=False, compare=False)
    """Names in order, each once, in the spelling of the template."""
    _lead: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        prefix = self.alphabet.sanitise(prepare(self.prefix or ""))
        parts = parse(self.content)
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "placeholders", placeholder_names(parts))
        object.__setattr__(self, "_lead", prefix and prefix + self.prefix_separator)

    def render(self, values: Mapping[str, object] | None = None) -> "SmsMessage":
        """The message for one recipient; never raises, the message tells whether it can be sent.

        Contract: without any value, placeholders count for nothing; with some, those missing show their marker.
        """
        personalisation = Personalisation.of(values)
        marker = None if personalisation else _nothing
        written = prepare(fill(self.parts, personalisation, language=self.language, marker=marker))
        body = self.alphabet.sanitise(written)
        text = self._lead + body if body else self._lead.rstrip()
        return SmsMessage(self, personalisation, text, body, written, measure(text))


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """A text message as it is sent; texts stay out of its repr because they are personal data."""

    template: SmsTemplate = field(repr=False)
    values: Personalisation = field(repr=False)
    text: str = field(repr=False)
    """What the provider gets, prefix included."""
    body: str = field(repr=False)
    """The same without the prefix."""
    written: str = field(repr=False)
    """The body before its alphabet: what people wrote, white space apart."""
    size: SmsSize
    """Of the text, prefix included."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Placeholders without a value, as the template spells them."""
        return self.values.find_missing(self.template.placeholders)

    @property
    def character_count(self) -> int:
        return self.size.characters

    @property
    def body_character_count(self) -> int:
        return utf16_length(self.body)

    @property
    def encoding(self) -> Encoding:
        return self.size.encoding

    @property
    def fragments(self) -> int:
        return self.size.fragments

    @property
    def septets(self) -> int | None:
        """None when the message travels as UCS-2."""
        return self.size.units if self.encoding is Encoding.GSM7 else None

    @property
    def body_weight(self) -> int:
        """Septets or UTF-16 code units of the body, in the encoding of the whole message."""
        return count_units(self.body, self.encoding)

    @property
    def max_weight(self) -> int | None:
        """What `max_parts` allows for the body: 918 septets or 402 units for six parts."""
        parts = self.template.max_parts
        return None if parts is None else parts * self.encoding.units_per_part

    @property
    def is_empty(self) -> bool:
        return not self.body

    @property
    def is_too_long(self) -> bool:
        return self.body_character_count > MAX_CHARACTERS

    @property
    def has_too_many_parts(self) -> bool:
        limit = self.max_weight
        # The body weighs no more than the whole, which is known already.
        return limit is not None and self.size.units > limit and self.body_weight > limit

    @property
    def replacements(self) -> tuple[Replacement, ...]:
        """What the alphabet replaced in the body as it was written."""
        return self.template.alphabet.find_replacements(self.written)

    @property
    def costly(self) -> tuple[Replacement, ...]:
        """What made the body travel as UCS-2, in the body as it was written, and what would spare it."""
        return find_costly(self.written, self.template.alphabet)

    @property
    def additional(self) -> tuple[str, ...]:
        """Supplied names that no placeholder uses."""
        return self.values.find_additional(self.template.placeholders)

    def check_content(self) -> None:
        """Raises MissingPersonalisationError or, everything being filled, EmptyMessageError."""
        if missing := self.missing:
            raise MissingPersonalisationError(missing)
        if self.is_empty:
            raise EmptyMessageError

    def check_length(self) -> None:
        """Raises MessageTooLongError (contract's limit) or TooManyPartsError (ours)."""
        if self.is_too_long:
            raise MessageTooLongError(self.body_character_count, MAX_CHARACTERS)
        if self.max_weight is not None and self.has_too_many_parts:
            raise TooManyPartsError(self.body_weight, self.max_weight)


def _nothing(_slot: Slot) -> str:
    return ""
