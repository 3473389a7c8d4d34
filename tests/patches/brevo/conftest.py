"""The emulator without an API to call back, and our clients with the settings that it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from api.config import Settings, load_settings
from api.providers.emulation import Conduct, running
from patches.brevo.email import BrevoEmail
from patches.brevo.emulator import BrevoEmulator
from patches.brevo.sms import BrevoSms

API_URL = "https://api.exemple.fr"


@dataclass
class Brevo:
    emulator: BrevoEmulator
    sms: BrevoSms
    email: BrevoEmail

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The bodies of what the clients asked to send, as the emulator got them."""
        return [
            orjson.loads(exchange.body) for exchange in self.emulator.exchanges if exchange.method == "POST"
        ]


@pytest.fixture
def settings() -> Settings:
    return load_settings(
        environment="test",
        api_base_url=API_URL,
        email_domain="notifications.exemple.fr",
        provider_timeout_seconds=2,
    )


@pytest.fixture
def brevo(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Brevo]:
    emulator = BrevoEmulator(API_URL)
    emulator.conduct = Conduct(receipts=False)
    with running(emulator) as address:
        for name, value in BrevoEmulator.environment(address).items():
            monkeypatch.setenv(name, value)
        brevo = Brevo(emulator, BrevoSms.from_settings(settings), BrevoEmail.from_settings(settings))
        yield brevo
        brevo.sms.close()
        brevo.email.close()
