"""Where a country differs: each slot has a type and a neutral default that works (design D1).

Patches fill slots; nothing else knows that patches exist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

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


def _sms_providers() -> Mapping[str, SmsProviderFactory]:
    from api.providers.sandbox.client import SandboxSms

    return {"sandbox": SandboxSms.from_settings}


def _email_providers() -> Mapping[str, EmailProviderFactory]:
    from api.providers.sandbox.client import SandboxEmail
    from api.providers.smtp import SmtpEmail

    return {"sandbox": SandboxEmail.from_settings, "smtp": SmtpEmail.from_settings}


@dataclass(frozen=True, slots=True)
class Slots:
    phone_rules: PhoneRules
    language: Language
    sms_alphabet: SmsAlphabet = NEUTRAL
    typography: Typography = neutral
    rates: RateRules = field(default_factory=FlatRates)
    sms_providers: Mapping[str, SmsProviderFactory] = field(default_factory=_sms_providers)
    email_providers: Mapping[str, EmailProviderFactory] = field(default_factory=_email_providers)


def neutral_slots(settings: Settings) -> Slots:
    return Slots(
        phone_rules=RegionPhoneRules(region=settings.default_phone_region),
        language=LANGUAGES[settings.default_language],
    )
