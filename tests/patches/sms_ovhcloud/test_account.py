"""What `doctor` says of an account, and its credit."""

import pytest

from api.providers.emulation import json_response
from api.providers.protocol import Credit
from patches.sms_ovhcloud.emulator import CALLBACK_SECRET


def test_all_is_well(client):
    assert client.problems() == []


def test_credit_is_what_is_left(client, emulator):
    emulator.account.properties["creditsLeft"] = 12.5
    assert client.get_credit() == Credit(12.5, "credits")
    assert client.credit_alert_below == 500
    emulator.account.properties["creditsLeft"] = None
    assert client.get_credit() is None


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"status": "disable"}, "disable"),
        ({"channel": "marketing"}, "transactional"),
        ({"channel": "both"}, "transactional"),
        ({"creditsLeft": 0}, "credit"),
        ({"callBack": ""}, "callBack"),
        ({"callBack": "https://exemple.fr/?secret=" + "x" * 20}, "callBack"),
    ],
)
def test_account_that_would_hold_messages_back_is_told(client, emulator, properties, named):
    emulator.account.properties |= properties
    [problem] = client.problems()
    assert named in problem
    assert CALLBACK_SECRET not in problem


@pytest.mark.parametrize(
    ("settings", "senders", "named"),
    [
        ({}, {"MAIRIE": "waitingValidation"}, "MAIRIE"),
        ({}, {"MAIRIE": "refused"}, "MAIRIE"),
        ({}, {"MAIRIE": "disable"}, "MAIRIE"),
        ({}, {}, "no sender"),
        ({"default_sender": "AUTRE"}, {"MAIRIE": "enable"}, "AUTRE"),
        ({"approved_senders": ["AUTRE"]}, {"MAIRIE": "refused"}, "AUTRE"),
        ({"default_sender": "33700000001"}, {"+33700000001": "disable"}, "+33700000001"),
    ],
)
def test_sender_that_may_not_send_is_told(make_client, emulator, settings, senders, named):
    emulator.account.senders = senders
    [problem] = make_client(**settings).problems()
    assert named in problem


def test_senders_that_the_settings_do_not_name_do_not_matter(make_client, emulator):
    emulator.account.senders = {"MAIRIE": "enable", "AUTRE": "refused"}
    assert make_client(default_sender="MAIRIE").problems() == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"endpoint": "http://127.0.0.1:9/1.0"}, "127.0.0.1:9"),
        ({"application_key": "wrong"}, "INVALID_KEY"),
        ({"consumer_key": "wrong"}, "INVALID_CREDENTIAL"),
        ({"application_secret": "wrong"}, "INVALID_SIGNATURE"),
        ({"service_name": "sms-xx11111-1"}, "OVHCLOUD_SERVICE_NAME"),
    ],
)
def test_setting_that_is_wrong_is_named(make_client, settings, named):
    [problem] = make_client(**settings).problems()
    assert named in problem
    assert "wrong" not in problem


@pytest.mark.parametrize(
    ("status", "code", "named"),
    [
        (403, "NOT_GRANTED_CALL", "/sms/ptts"),
        (460, "", "expired"),
        (500, "INTERNAL_SERVER_ERROR", "HTTP 500 INTERNAL_SERVER_ERROR"),
    ],
)
def test_refusal_is_explained(client, emulator, status, code, named):
    body = {"message": "", "errorCode": code}
    emulator._routes["GET", "", False] = lambda _request, _name: json_response(status, body)
    [problem] = client.problems()
    assert named in problem
