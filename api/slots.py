"""Where a country differs: each slot has a type and a neutral default that works (design D1).

Patches fill slots; nothing else knows that patches exist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from api.config import Settings
from api.core.billing.rates import FlatRates, RateRules
from api.providers.protocol import EmailProvider, SmsProvider
from notifications_utils.recipients.phone_rules import PhoneRules, RegionPhoneRules
from notifications_utils.sms.alphabet import NEUTRAL, SmsAlphabet
from notifications_utils.templating.language import ENGLISH, FRENCH, Language
from notifications_utils.templating.typography import Typography, neutral

SmsProviderFactory: TypeAlias = Callable[[Settings], SmsProvider]
EmailProviderFactory: TypeAlias = Callable[[Settings], EmailProvider]
LANGUAGES = {"en": ENGLISH, "fr": FRENCH}


def slot(about: str, **default: Any) -> Any:
    """A field of `Slots`; `about` goes into docs/reference/slots.md."""
    return field(metadata={"about": about}, **default)


def _sms_providers() -> Mapping[str, SmsProviderFactory]:
    from api.providers.sandbox.client import SandboxSms

    return {"sandbox": SandboxSms.from_settings}


def _email_providers() -> Mapping[str, EmailProviderFactory]:
    from api.providers.sandbox.client import SandboxEmail
    from api.providers.smtp import SmtpEmail

    return {"sandbox": SandboxEmail.from_settings, "smtp": SmtpEmail.from_settings}


@dataclass(frozen=True, slots=True)
class Slots:
    phone_rules: PhoneRules = slot("How phone numbers are read, and which are at home.")
    language: Language = slot("Words that templates write or understand, where a template says nothing else.")
    sms_alphabet: SmsAlphabet = slot(
        "Which characters a text message keeps, and what stands for the others.", default=NEUTRAL
    )
    typography: Typography = slot("Blanks, quotes and dashes of e-mails and letters.", default=neutral)
    rates: RateRules = slot("What a text message costs, by where it goes.", default_factory=FlatRates)
    sms_providers: Mapping[str, SmsProviderFactory] = slot(
        "Who carries text messages, by the name in `SMS_PROVIDERS`.", default_factory=_sms_providers
    )
    email_providers: Mapping[str, EmailProviderFactory] = slot(
        "Who carries e-mails, by the name in `EMAIL_PROVIDERS`.", default_factory=_email_providers
    )


KEYED_SLOTS = frozenset({"sms_providers", "email_providers"})
"""Slots that several patches fill, each under a name of its own: `sms_providers.ovhcloud`."""


def neutral_slots(settings: Settings) -> Slots:
    return Slots(
        phone_rules=RegionPhoneRules(region=settings.default_phone_region),
        language=LANGUAGES[settings.default_language],
    )
