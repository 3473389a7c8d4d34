"""Where a country differs: each slot has a type and a neutral default that works (design D1).

Patches fill slots; nothing else knows that patches exist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from api.config import Settings
from api.core.billing.rates import FlatRates, RateRules
from api.core.organisations.membership import OpenPublicSector, PublicSectorRules
from api.deployment import (
    EMAIL_LINK,
    NEUTRAL_LEGAL_PAGES,
    NEUTRAL_THEME,
    PASSWORD,
    LegalPage,
    SignInMethod,
    Theme,
)
from api.providers.protocol import EmailProvider, SmsProvider
from notifications_utils.calendar import Calendar, NeutralCalendar
from notifications_utils.recipients.phone_rules import PhoneRules, RegionPhoneRules
from notifications_utils.recipients.postal_address import PlainAddressRules, PostalAddressRules
from notifications_utils.sending_hours import AlwaysOpen, SendingHours
from notifications_utils.sms.alphabets import CONTRACT_ALPHABETS, SmsAlphabets
from notifications_utils.sms.sender import ContractSenderRules, SenderRules
from notifications_utils.templating.language import ENGLISH, FRENCH, Language
from notifications_utils.templating.page import Branding
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
    from api.providers.smtp.client import SmtpEmail

    return {"sandbox": SandboxEmail.from_settings, "ses": _make_ses, "smtp": SmtpEmail.from_settings}


def _make_ses(settings: Settings) -> EmailProvider:
    from api.providers.ses.client import SesEmail  # botocore is large: only for those who use it

    return SesEmail.from_settings(settings)


@dataclass(frozen=True, slots=True)
class Slots:
    phone_rules: PhoneRules = slot("How phone numbers are read, and which are at home.")
    language: Language = slot("Words that templates write or understand, where a template says nothing else.")
    sms_alphabets: SmsAlphabets = slot(
        "Which characters a text message keeps, what stands for the others, and what teams may choose.",
        default=CONTRACT_ALPHABETS,
    )
    sender_rules: SenderRules = slot(
        "Which names text messages may come from.", default_factory=ContractSenderRules
    )
    typography: Typography = slot("Blanks, quotes and dashes of e-mails and letters.", default=neutral)
    rates: RateRules = slot("What a text message costs, by where it goes.", default_factory=FlatRates)
    calendar: Calendar = slot(
        "The time zone of the country, its public holidays and working days.", default_factory=NeutralCalendar
    )
    sending_hours: SendingHours = slot(
        "How long a text message waits for the end of its service's quiet hours, where the recipient lives.",
        default_factory=AlwaysOpen,
    )
    postal_address: PostalAddressRules = slot(
        "How postal addresses are read and printed.", default_factory=PlainAddressRules
    )
    public_sector: PublicSectorRules = slot(
        "Which organisations count as public sector, and what kinds there are.",
        default_factory=OpenPublicSector,
    )
    email_branding: tuple[Branding, ...] = slot(
        "What stands above every e-mail of a service without a branding of its own.", default=()
    )
    sign_in_methods: tuple[SignInMethod, ...] = slot(
        "How people sign in to the web application.", default=(PASSWORD, EMAIL_LINK)
    )
    theme: Theme = slot("What the web application looks like.", default=NEUTRAL_THEME)
    legal_pages: tuple[LegalPage, ...] = slot(
        "Pages that the law or good practice asks for, linked from the footer.", default=NEUTRAL_LEGAL_PAGES
    )
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
