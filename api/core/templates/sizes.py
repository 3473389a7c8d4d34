"""What a text message weighs and costs in each alphabet on offer: for the command line and the editor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from api.contract import Channel
from api.core.billing.queries import find_rate
from api.core.services.directory import KnownService
from api.runtime import Runtime
from notifications_utils.templating.sms import SmsMessage, SmsTemplate


@dataclass(frozen=True, slots=True)
class SmsVariant:
    """A text message in one alphabet; `price` at home, in ten-thousandths, None as long as no rate is set."""

    alphabet: str
    is_chosen: bool
    message: SmsMessage
    price: int | None


def compare_alphabets(
    runtime: Runtime,
    service: KnownService,
    content: str,
    values: Mapping[str, object] | None = None,
    *,
    chosen: str | None = None,
) -> list[SmsVariant]:
    """The content as the service would send it now, in each alphabet; `chosen` is the choice of its template.

    Without any value, placeholders count for nothing; missing ones are those of the messages.
    """
    alphabets = runtime.slots.sms_alphabets
    in_use = alphabets.choose(chosen, service.sms_alphabet)
    with runtime.database.autocommit() as connection:
        rate = find_rate(connection, Channel.SMS, datetime.now(UTC))
    variants = []
    for name, alphabet in alphabets.offered.items():
        template = SmsTemplate(
            content, prefix=service.sms_prefix, language=runtime.slots.language, alphabet=alphabet
        )
        message = template.render(values)
        price = None if rate is None else rate * message.fragments
        variants.append(SmsVariant(name, alphabet is in_use, message, price))
    return variants
