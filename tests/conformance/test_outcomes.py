"""A message of each channel and key type, followed until it is delivered through the sandbox provider."""

import time

import pytest
from notifications_python_client.notifications import NotificationsAPIClient

from scripts.conformance_suite.deployment import Deployment

SECONDS = 20


def wait_for_end(client: NotificationsAPIClient, identifier: str) -> dict[str, object]:
    deadline = time.monotonic() + SECONDS
    while True:
        found: dict[str, object] = client.get_notification_by_id(identifier)
        if found["completed_at"] or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


@pytest.mark.parametrize("client", ["live", "team", "test"], indirect=True)
def test_sms_is_delivered(client: NotificationsAPIClient, deployment: Deployment) -> None:
    values = deployment.placeholders
    sent = client.send_sms_notification(
        values["recipient.sms.guest"], values["template.sms"], {"name": "Ana"}
    )
    found = wait_for_end(client, sent["id"])
    assert found["status"] == "delivered"
    assert found["created_at"] < found["sent_at"] <= found["completed_at"]  # type: ignore[operator]


@pytest.mark.parametrize("client", ["live", "team", "test"], indirect=True)
def test_email_is_delivered(client: NotificationsAPIClient, deployment: Deployment) -> None:
    values = deployment.placeholders
    sent = client.send_email_notification(
        values["recipient.email.guest"], values["template.email"], {"name": "Ana"}
    )
    found = wait_for_end(client, sent["id"])
    assert found["status"] == "delivered"
    assert found["created_at"] < found["sent_at"] <= found["completed_at"]  # type: ignore[operator]
