"""`./scripts/server --emulators`: an official client's messages through each real provider's API, to `delivered`."""

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from notifications_python_client.notifications import NotificationsAPIClient

from tests.scripts.local.local_server import LocalServer

pytestmark = pytest.mark.slow

SMS_PROVIDERS = ("ovhcloud", "brevo", "smsfactor")
EMAIL_PROVIDERS = ("scaleway", "brevo", "ses", "smtp")
EMULATORS = {
    "ovhcloud": "sms_ovhcloud",
    "brevo": "brevo",
    "smsfactor": "sms_smsfactor",
    "scaleway": "email_scaleway",
}
# Each emulator delivers to this number; real ones are only asked about numbers that somebody may have.
NUMBER = "+33612345680"
DELIVERED_WITHIN_SECONDS = 120


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path)
    server.start(
        "--emulators",
        PATCHES=",".join(EMULATORS.values()),
        SMS_PROVIDERS=",".join(SMS_PROVIDERS),
        EMAIL_PROVIDERS=",".join(EMAIL_PROVIDERS),
    )
    yield server
    server.end()


def test_messages_reach_delivered_through_each_provider(server: LocalServer) -> None:
    demo = server.demo
    client = NotificationsAPIClient(demo["keys"]["live"], base_url=demo["api_url"])
    texts = [
        client.send_sms_notification(NUMBER, demo["templates"]["sms"], {"nom": f"Léa {number}"})["id"]
        for number in range(24)
    ]
    emails = [
        client.send_email_notification("lea@exemple.fr", demo["templates"]["email"], {"nom": "Léa"})["id"]
        for _ in range(32)
    ]

    waiting = set(texts + emails)
    deadline = time.monotonic() + DELIVERED_WITHIN_SECONDS
    while waiting:
        statuses = {message: client.get_notification_by_id(message)["status"] for message in waiting}
        waiting -= {message for message, status in statuses.items() if status == "delivered"}
        assert time.monotonic() < deadline, statuses
        time.sleep(0.2)
    client.request_session.close()

    for name in (*EMULATORS.values(), "ses"):
        exchanges = exchanges_of(server, name)
        assert any(not exchange["is_ours"] for exchange in exchanges), f"{name} was not asked"
        assert any(exchange["is_ours"] and exchange["status"] == 200 for exchange in exchanges), (
            f"{name} told nothing"
        )

    assert relayed_by(server) > 0


def relayed_by(server: LocalServer) -> int:
    """How many e-mails went by the relay, which has no log of its own."""
    [(count,)] = server.query(
        "SELECT count(*) FROM notifications WHERE sent_by = 'smtp' AND status = 'delivered'"
    )
    return count


def exchanges_of(server: LocalServer, name: str) -> list[dict]:
    address = next(line.split()[1] for line in server.output.splitlines() if line.split()[:1] == [name])
    with urllib.request.urlopen(f"{address}/_emulator/exchanges", timeout=10) as answer:
        return json.loads(answer.read())
