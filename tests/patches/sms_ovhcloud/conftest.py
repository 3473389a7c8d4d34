"""A running emulator whose receipts go nowhere, and clients of it."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api.providers.emulation import Conduct, running
from api.providers.protocol import SmsMessage
from patches.sms_ovhcloud.client import OvhcloudSms
from patches.sms_ovhcloud.emulator import OvhcloudEmulator
from patches.sms_ovhcloud.settings import OvhcloudSettings

API_URL = "http://127.0.0.1:9"
MakeClient = Callable[..., OvhcloudSms]


@pytest.fixture
def emulator() -> Iterator[OvhcloudEmulator]:
    """Jobs leave at once."""
    emulator = OvhcloudEmulator(API_URL)
    emulator.conduct = Conduct(receipts=False, receipt_delay_seconds=0)
    with running(emulator):
        yield emulator


@pytest.fixture
def make_client(emulator: OvhcloudEmulator) -> Iterator[MakeClient]:
    """`make_client(**settings)`, in place of the emulator's own."""
    made: list[OvhcloudSms] = []

    def make(timeout_seconds: float = 3, **settings: Any) -> OvhcloudSms:
        environment = emulator.environment(emulator.address)
        values = {name.removeprefix("OVHCLOUD_").lower(): value for name, value in environment.items()}
        made.append(OvhcloudSms(OvhcloudSettings(**(values | settings)), API_URL, timeout_seconds))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> OvhcloudSms:
    return make_client()


def text_to(number: str = "33612340001", **values: Any) -> SmsMessage:
    return SmsMessage(
        **{"id": uuid.uuid4(), "to": number, "content": "Bonjour Léa", "sender": "MAIRIE"}
        | {"international": False}
        | values
    )


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
