"""What a template may hold."""

from dataclasses import dataclass

from api.contract import MAX_EMAIL_BYTES, Channel
from api.core.command_errors import InvalidValueError
from api.core.templates.errors import ContentTooLongError, SubjectMissingError, SubjectNotAllowedError
from api.core.text_rules import clean_line, clean_text
from notifications_utils.sms.alphabet import SmsAlphabet
from notifications_utils.sms.alphabets import SmsAlphabets
from notifications_utils.templating.sms import SmsTemplate
from notifications_utils.templating.template_errors import MessageTooLongError, TooManyPartsError

MAX_SUBJECT_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class TemplateText:
    """What a version of a template says."""

    name: str
    content: str
    subject: str | None = None
    has_unsubscribe_link: bool = False
    sms_alphabet: str | None = None
    """By default that of the service."""


def clean_template_text(
    channel: Channel, text: TemplateText, alphabets: SmsAlphabets, service_alphabet: str | None = None
) -> TemplateText:
    """Raises `InvalidValueError` and its kin. An alphabet that is no longer on offer passes."""
    cleaned = TemplateText(
        name=clean_line(text.name, field="name"),
        content=clean_text(text.content, field="content"),
        subject=_clean_subject(channel, text.subject),
        has_unsubscribe_link=text.has_unsubscribe_link,
        sms_alphabet=text.sms_alphabet,
    )
    if cleaned.has_unsubscribe_link and channel != Channel.EMAIL:
        raise InvalidValueError(
            "Only e-mails have an unsubscribe link: leave it out", field="has_unsubscribe_link"
        )
    if cleaned.sms_alphabet is not None and channel != Channel.SMS:
        raise InvalidValueError("Only text messages have an alphabet: leave it out", field="sms_alphabet")
    if channel == Channel.SMS:
        _check_sms_length(cleaned.content, alphabets.choose(cleaned.sms_alphabet, service_alphabet))
    elif len(cleaned.content.encode()) > MAX_EMAIL_BYTES:
        raise ContentTooLongError(len(cleaned.content.encode()), MAX_EMAIL_BYTES, "bytes")
    return cleaned


def check_alphabet(alphabets: SmsAlphabets, name: str | None) -> str | None:
    """The name as it is, None being no choice. Raises `InvalidValueError` when it is not on offer."""
    if name is not None and name not in alphabets.offered:
        raise InvalidValueError(
            f"No alphabet of text messages is called {name!r}; there are {', '.join(alphabets.offered)}",
            field="sms_alphabet",
        )
    return name


def _clean_subject(channel: Channel, subject: str | None) -> str | None:
    if channel == Channel.SMS:
        if subject:
            raise SubjectNotAllowedError("text messages")
        return None
    if not subject or not subject.strip():
        raise SubjectMissingError("e-mails" if channel == Channel.EMAIL else "letters")
    return clean_line(subject, field="subject", limit=MAX_SUBJECT_LENGTH)


def _check_sms_length(content: str, alphabet: SmsAlphabet) -> None:
    """Placeholders count for nothing: what they are filled with is checked when sending."""
    try:
        SmsTemplate(content, alphabet=alphabet).render().check_length()
    except MessageTooLongError as error:
        raise ContentTooLongError(error.length, error.limit, "characters") from None
    except TooManyPartsError as error:
        raise ContentTooLongError(error.weight, error.limit, "units of its alphabet") from None
