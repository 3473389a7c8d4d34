"""The providers that this deployment may send through, made from its configuration once a process."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from api.config import InvalidConfigurationError, Settings
from api.contract import Channel
from api.providers.protocol import EmailProvider, GivesReceipts, ReadsBounces, SmsProvider
from api.slots import Slots

Provider = TypeVar("Provider")


def build_providers(
    settings: Settings, slots: Slots
) -> dict[Channel, dict[str, SmsProvider | EmailProvider]]:
    """By channel and name, in the configured order; opens no connection. Raises `InvalidConfigurationError`."""
    problems = [
        *_find_unknown("SMS_PROVIDERS", settings.sms_providers, slots.sms_providers),
        *_find_unknown("EMAIL_PROVIDERS", settings.email_providers, slots.email_providers),
    ]
    if problems:
        raise InvalidConfigurationError(problems)
    return {
        Channel.SMS: {**_make(settings, settings.sms_providers, slots.sms_providers)},
        Channel.EMAIL: {**_make(settings, settings.email_providers, slots.email_providers)},
    }


def display_names(
    providers: Mapping[Channel, Mapping[str, SmsProvider | EmailProvider]],
) -> dict[Channel, dict[str, str]]:
    """What operators see, for the rows of `provider_details`."""
    return {
        channel: {name: provider.display_name for name, provider in of_channel.items()}
        for channel, of_channel in providers.items()
    }


def is_delivered_when_accepted(provider: EmailProvider) -> bool:
    """An e-mail given to a provider that tells nothing afterwards has reached all that we shall know of it.

    The contract has no `sent` for e-mails, and `sending` would turn into a failure after three days.
    """
    reads_bounces = isinstance(provider, ReadsBounces) and provider.reads_bounces
    return not (reads_bounces or isinstance(provider, GivesReceipts))


def _find_unknown(
    setting: str, names: Sequence[str], factories: Mapping[str, Callable[[Settings], Provider]]
) -> list[str]:
    known = ", ".join(sorted(factories))
    return [
        f"{setting}: no provider is called {name!r}; there are: {known}"
        for name in names
        if name not in factories
    ]


def _make(
    settings: Settings, names: Sequence[str], factories: Mapping[str, Callable[[Settings], Provider]]
) -> dict[str, Provider]:
    """A factory that misses a setting raises `InvalidConfigurationError`; all of them are asked, to tell everything."""
    made, problems = {}, []
    for name in names:
        try:
            made[name] = factories[name](settings)
        except InvalidConfigurationError as error:
            problems += error.problems
    if problems:
        raise InvalidConfigurationError(problems)
    return made
