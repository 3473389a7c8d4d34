"""The official Node client through every method, where Node is installed."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.conformance_suite.deployment import Deployment

FOLDER = Path(__file__).with_name("node")
INSTALL_SECONDS = 180
SECONDS = 120
# They change the client, and send nothing.
NOT_CALLS = {"setProxy", "setClient"}


@pytest.fixture(scope="session")
def node_modules() -> None:
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("Node and npm are not installed (Debian: apt-get install nodejs npm)")
    if FOLDER.joinpath("node_modules", "notifications-node-client").exists():
        return
    done = subprocess.run(
        ["npm", "ci", "--no-progress"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"npm could not install the Node client: {done.stderr[-500:]}")


@pytest.fixture(scope="session")
def report(node_modules: None, deployment: Deployment) -> dict[str, Any]:
    settings = {
        "api_url": deployment.api_url,
        "keys": dict(deployment.keys),
        "values": deployment.placeholders,
    }
    done = subprocess.run(
        ["node", "every_method.js"],
        cwd=FOLDER,
        input=json.dumps(settings),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="session")
def outcomes(report: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = report["outcomes"]
    return found


def error_of(outcome: dict[str, Any]) -> tuple[int, str, str]:
    return outcome["status"], outcome["errors"][0]["error"], outcome["errors"][0]["message"]


def test_every_method_is_called(report: dict[str, Any]) -> None:
    assert set(report["methods"]) - NOT_CALLS <= report["outcomes"].keys()


def test_send_sms(outcomes: dict[str, Any], deployment: Deployment) -> None:
    sent = outcomes["sendSms"]
    assert sent["status"] == 201, sent
    assert sent["data"]["content"]["body"] == "Hello Ana"
    assert sent["data"]["content"]["from_number"] == deployment.values["sms-sender.other.value"]


def test_unknown_option_is_refused_by_the_client(outcomes: dict[str, Any]) -> None:
    assert "thrown" in outcomes["sendSmsWithUnknownOption"]


def test_all_faults_at_once(outcomes: dict[str, Any]) -> None:
    refused = outcomes["sendSmsWithAllFaults"]
    assert refused["status"] == 400
    assert {error["message"] for error in refused["errors"]} == {
        "phone_number Not enough digits",
        "template_id is not a valid UUID",
        "personalisation x is not of type object",
    }


def test_send_email(outcomes: dict[str, Any]) -> None:
    sent = outcomes["sendEmail"]
    assert sent["status"] == 201, sent
    assert sent["data"]["sanitised_content"]["name"]["sanitised"] == r"Ana\-Maria"
    assert sent["data"]["content"]["one_click_unsubscribe_url"] == "https://example.com/out"


def test_file_to_a_service_without_files(outcomes: dict[str, Any]) -> None:
    status, error, message = error_of(outcomes["prepareUpload"])
    assert (status, error) == (400, "BadRequestError")
    assert message.startswith("Send files by email has not been set up")


@pytest.mark.parametrize("method", ["sendLetter", "sendPrecompiledLetter"])
def test_letters_of_a_service_without_letters(outcomes: dict[str, Any], method: str) -> None:
    expected = (400, "BadRequestError", "Service is not allowed to send letters")
    assert error_of(outcomes[method]) == expected


def test_get_notification_by_id(outcomes: dict[str, Any]) -> None:
    found = outcomes["getNotificationById"]
    assert (found["status"], found["data"]["body"]) == (200, "Hello Ana")


def test_errors_of_pdfs_are_json(outcomes: dict[str, Any]) -> None:
    expected = (400, "BadRequestError", "Notification is not a letter")
    assert error_of(outcomes["getPdfForLetterNotification"]) == expected


def test_get_notifications(outcomes: dict[str, Any]) -> None:
    assert len(outcomes["getNotifications"]["data"]["notifications"]) == 250
    assert len(outcomes["getNotificationsOlderThan"]["data"]["notifications"]) == 250


def test_several_statuses_become_one_that_is_unknown(outcomes: dict[str, Any]) -> None:
    status, error, message = error_of(outcomes["getNotificationsWithSeveralStatuses"])
    assert (status, error) == (400, "ValidationError")
    assert message.startswith("status sent,delivered is not one of [")


def test_templates(outcomes: dict[str, Any]) -> None:
    assert outcomes["getTemplateById"]["data"]["version"] == 2
    assert outcomes["getTemplateByIdAndVersion"]["data"]["body"] == "First text"
    assert {template["type"] for template in outcomes["getAllTemplatesOfType"]["data"]["templates"]} == {
        "sms"
    }
    assert len(outcomes["getAllTemplates"]["data"]["templates"]) > 1


def test_previews(outcomes: dict[str, Any]) -> None:
    assert outcomes["previewTemplateById"]["status"] == 200
    assert outcomes["previewTemplateById"]["data"]["subject"] == "About Ana"
    assert outcomes["previewTemplateWithoutValues"]["data"]["body"] == "Plain text"


def test_received_texts(outcomes: dict[str, Any]) -> None:
    assert len(outcomes["getReceivedTexts"]["data"]["received_text_messages"]) == 2
    assert len(outcomes["getReceivedTextsOlderThan"]["data"]["received_text_messages"]) == 1
