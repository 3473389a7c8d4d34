"""What a template may hold."""

from dataclasses import dataclass

from api.contract import MAX_EMAIL_BYTES, Channel
from api.core.command_errors import InvalidValueError
from api.core.templates.errors import ContentTooLongError, SubjectMissingError, SubjectNotAllowedError
from api.core.text_rules import clean_line, clean_text
from notifications_utils.sms.alphabet import SmsAlphabet
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


def clean_template_text(channel: Channel, text: TemplateText, alphabet: SmsAlphabet) -> TemplateText:
    """Raises `InvalidValueError` and its kin."""
    cleaned = TemplateText(
        name=clean_line(text.name, field="name"),
        content=clean_text(text.content, field="content"),
        subject=_clean_subject(channel, text.subject),
        has_unsubscribe_link=text.has_unsubscribe_link,
    )
    if cleaned.has_unsubscribe_link and channel != Channel.EMAIL:
        raise InvalidValueError(
            "Only e-mails have an unsubscribe link: leave it out", field="has_unsubscribe_link"
        )
    if channel == Channel.SMS:
        _check_sms_length(cleaned.content, alphabet)
    elif len(cleaned.content.encode()) > MAX_EMAIL_BYTES:
        raise ContentTooLongError(len(cleaned.content.encode()), MAX_EMAIL_BYTES, "bytes")
    return cleaned


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
