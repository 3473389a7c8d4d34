import pytest

from api.config import InvalidConfigurationError, load_settings
from api.contract import Channel
from api.providers.registry import build_providers, display_names, is_delivered_when_accepted
from api.slots import neutral_slots


def build(**values: object) -> dict:
    settings = load_settings(**values)
    return build_providers(settings, neutral_slots(settings))


def test_providers_come_in_the_configured_order() -> None:
    providers = build(email_providers="smtp,sandbox", smtp_host="relay.exemple.fr")
    assert {channel: list(names) for channel, names in providers.items()} == {
        Channel.SMS: ["sandbox"],
        Channel.EMAIL: ["smtp", "sandbox"],
    }
    assert display_names(providers)[Channel.EMAIL] == {"smtp": "SMTP", "sandbox": "Sandbox"}


def test_channel_may_have_no_provider() -> None:
    assert build(sms_providers="")[Channel.SMS] == {}


def test_all_unknown_names_are_told_with_the_known_ones() -> None:
    with pytest.raises(InvalidConfigurationError) as raised:
        build(sms_providers="sandbox,pigeon", email_providers="telex")
    assert raised.value.problems == [
        "SMS_PROVIDERS: no provider is called 'pigeon'; there are: sandbox",
        "EMAIL_PROVIDERS: no provider is called 'telex'; there are: sandbox, ses, smtp",
    ]


def test_settings_that_a_provider_misses_are_told() -> None:
    with pytest.raises(InvalidConfigurationError, match="SMTP_HOST"):
        build(email_providers="smtp")


def test_sandbox_tells_later_what_became_of_an_email() -> None:
    assert not is_delivered_when_accepted(build()[Channel.EMAIL]["sandbox"])
