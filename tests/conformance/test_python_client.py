"""The official Python client through every method, and what it makes of errors."""

import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from notifications_python_client import prepare_upload
from notifications_python_client.errors import HTTPError
from notifications_python_client.notifications import NotificationsAPIClient

from scripts.conformance_suite.deployment import Deployment

WHATEVER = str(uuid.uuid4())


def refusal(call: Callable[[], Any]) -> tuple[int, Any]:
    with pytest.raises(HTTPError) as caught:
        call()
    return caught.value.status_code, caught.value.message


@pytest.fixture
def values(deployment: Deployment) -> dict[str, str]:
    return deployment.placeholders


def test_send_sms_notification(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    sent = client.send_sms_notification(
        phone_number=values["recipient.sms"],
        template_id=values["template.sms"],
        personalisation={"name": "Ana"},
        reference="python",
        sms_sender_id=values["sms-sender.other"],
    )
    assert sent["content"] == {"body": "Hello Ana", "from_number": values["sms-sender.other.value"]}
    assert (sent["reference"], sent["template"]["id"]) == ("python", values["template.sms"])


def test_send_email_notification(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    sent = client.send_email_notification(
        email_address=values["recipient.email"],
        template_id=values["template.email"],
        personalisation={"name": "Ana-Maria"},
        reference="python",
        email_reply_to_id=values["reply-to.other"],
        one_click_unsubscribe_url="https://example.com/out",
        sanitise_content_for=["name"],
    )
    assert sent["content"]["body"] == r"Dear Ana\-Maria"
    assert sent["content"]["one_click_unsubscribe_url"] == "https://example.com/out"
    assert sent["sanitised_content"] == {"name": {"unsanitised": "Ana-Maria", "sanitised": r"Ana\-Maria"}}


def test_sets_are_sent_as_lists(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    sent = client.send_sms_notification(values["recipient.sms"], values["template.sms"], {"name": {"Ana"}})
    assert sent["content"]["body"] == "Hello Ana"


def test_prepare_upload_to_a_service_without_files(
    client: NotificationsAPIClient, values: dict[str, str]
) -> None:
    file = prepare_upload(io.BytesIO(b"a,b\n"), filename="a.csv", confirm_email_before_download=True)
    status, message = refusal(
        lambda: client.send_email_notification(
            values["recipient.email"], values["template.email"], {"name": file}
        )
    )
    assert (status, message[0]["error"]) == (400, "BadRequestError")
    assert message[0]["message"].startswith("Send files by email has not been set up")


def test_letters_of_a_service_without_letters(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    expected = (
        400,
        [{"error": "BadRequestError", "message": "Service is not allowed to send letters"}],
    )
    address = {"address_line_1": "Ana", "address_line_2": "1 Street", "postcode": "SW1 1AA"}
    assert refusal(lambda: client.send_letter_notification(values["template.letter"], address)) == expected
    pdf = io.BytesIO(b"%PDF-1.4\n")
    assert refusal(lambda: client.send_precompiled_letter_notification("python", pdf, "first")) == expected


def test_get_notification_by_id(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    sent = client.send_sms_notification(values["recipient.sms"], values["template.sms"], {"name": "Ana"})
    found = client.get_notification_by_id(sent["id"])
    assert (found["id"], found["body"], found["type"]) == (sent["id"], "Hello Ana", "sms")


def test_get_pdf_for_letter(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    sent = client.send_sms_notification(values["recipient.sms"], values["template.sms"], {"name": "Ana"})
    assert refusal(lambda: client.get_pdf_for_letter(sent["id"])) == (
        400,
        [{"error": "BadRequestError", "message": "Notification is not a letter"}],
    )


@pytest.mark.parametrize("client", ["pages"], indirect=True)
def test_get_all_notifications(client: NotificationsAPIClient) -> None:
    page = client.get_all_notifications(
        status=["delivered", "failed"], template_type="sms", include_jobs=True
    )
    assert len(page["notifications"]) == 250
    assert set(page["links"]) == {"current", "next"}
    last = page["notifications"][-1]["id"]
    assert len(client.get_all_notifications(older_than=last)["notifications"]) == 1


@pytest.mark.parametrize("client", ["pages"], indirect=True)
def test_get_all_notifications_iterator(client: NotificationsAPIClient) -> None:
    found = [message["id"] for message in client.get_all_notifications_iterator()]
    assert len(found) == len(set(found)) == 251


@pytest.mark.parametrize("client", ["pages"], indirect=True)
def test_iterator_with_a_uuid_as_reference(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    found = list(client.get_all_notifications_iterator(reference=values["pages.reference"]))
    assert len(found) == 251


@pytest.mark.parametrize("client", ["inbound"], indirect=True)
def test_get_received_texts(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    page = client.get_received_texts()
    assert [text["content"] for text in page["received_text_messages"]] == ["second reply", "first reply"]
    older = client.get_received_texts(older_than=values["inbound.newest"])
    assert [text["content"] for text in older["received_text_messages"]] == ["first reply"]


@pytest.mark.parametrize("client", ["inbound-many"], indirect=True)
def test_get_received_texts_iterator(client: NotificationsAPIClient) -> None:
    found = [text["id"] for text in client.get_received_texts_iterator()]
    assert len(found) == len(set(found)) == 251


def test_get_template(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    template = client.get_template(values["template.sms-versions"])
    assert (template["version"], template["body"], template["subject"]) == (2, "Second text", None)


def test_get_template_version(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    assert client.get_template_version(values["template.sms-versions"], 1)["body"] == "First text"


def test_get_all_templates(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    every = {template["id"] for template in client.get_all_templates()["templates"]}
    texts = client.get_all_templates(template_type="sms")["templates"]
    assert {values["template.sms"], values["template.email"]} <= every
    assert {template["type"] for template in texts} == {"sms"}


def test_post_template_preview(client: NotificationsAPIClient, values: dict[str, str]) -> None:
    preview = client.post_template_preview(values["template.email"], {"name": "Ana"})
    assert (preview["subject"], preview["body"]) == ("About Ana", "Dear Ana")
    assert "Dear Ana" in preview["html"]


def test_post_template_preview_without_personalisation(
    client: NotificationsAPIClient, values: dict[str, str]
) -> None:
    assert refusal(lambda: client.post_template_preview(values["template.sms-plain"], None)) == (
        400,
        [{"error": "ValidationError", "message": "personalisation None is not of type object"}],
    )


def test_get_all_template_versions_asks_for_a_route_that_is_not_public(
    client: NotificationsAPIClient, values: dict[str, str]
) -> None:
    """Upstream answers 401 to a service's key; a server without that route 404."""
    status, _ = refusal(lambda: client.get_all_template_versions(values["template.sms"]))
    assert status in {401, 404}


@pytest.mark.parametrize(
    ("call", "status", "error"),
    [
        (lambda client: client.get_notification_by_id(WHATEVER), 404, "NoResultFound"),
        (lambda client: client.get_notification_by_id("x"), 400, "ValidationError"),
        (lambda client: client.send_sms_notification("", WHATEVER), 400, "ValidationError"),
        (lambda client: client.send_sms_notification("+447700900123", WHATEVER), 400, "BadRequestError"),
        (lambda client: client.get_all_notifications(status="orange"), 400, "ValidationError"),
    ],
)
def test_errors_carry_a_list_of_messages(
    client: NotificationsAPIClient,
    call: Callable[[NotificationsAPIClient], Any],
    status: int,
    error: str,
) -> None:
    seen, message = refusal(lambda: call(client))
    assert (seen, message[0]["error"]) == (status, error)


def test_error_of_an_unknown_path_is_a_text(client: NotificationsAPIClient) -> None:
    status, message = refusal(lambda: client.get("/v2/nothing"))
    assert status == 404
    assert isinstance(message, str)
