"""The emulator answers as the documentation says, to clients other than ours too."""

from collections.abc import Iterator

import orjson
import pytest

from api.providers.http_client import HttpAnswer
from patches.sms_ovhcloud.emulator import CREDENTIALS, OvhcloudEmulator
from patches.sms_ovhcloud.signing import Credentials
from patches.sms_ovhcloud.transport import SignedHttp

ACCOUNT = "/sms/sms-em00000-1"


@pytest.fixture
def http(emulator: OvhcloudEmulator) -> Iterator[SignedHttp]:
    http = SignedHttp(f"{emulator.address}/1.0", CREDENTIALS, 3)
    yield http
    http.close()


def ask(http: SignedHttp, method: str, path: str, body: object = None, **query: str):
    answer = http.request(method, path, query=query, body=body)
    assert isinstance(answer, HttpAnswer)
    return answer.status, orjson.loads(answer.body)


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/sms", None, ["sms-em00000-1"]),
        ("GET", f"{ACCOUNT}/senders", None, ["NOTIF", "MAIRIE", "Belrive"]),
        ("GET", f"{ACCOUNT}/senders/MAIRIE", None, {"sender": "MAIRIE", "status": "enable", "type": "alpha"}),
        ("GET", f"{ACCOUNT}/incoming", None, []),
        ("GET", f"{ACCOUNT}/blacklists", None, []),
        (
            "POST",
            "/sms/estimate",
            {"message": "é" * 161, "noStopClause": True, "senderType": "alpha"},
            {"characters": 161, "charactersClass": "7bits", "maxCharactersPerPart": 153, "parts": 2},
        ),
        (
            "POST",
            "/sms/estimate",
            {"message": "ê", "noStopClause": True, "senderType": "alpha"},
            {"characters": 1, "charactersClass": "unicode", "maxCharactersPerPart": 70, "parts": 1},
        ),
    ],
)
def test_what_is_asked_is_answered(http, method, path, body, expected):
    assert ask(http, method, path, body) == (200, expected)


def test_codes_are_explained(http):
    assert ask(http, "GET", "/sms/ptts", ptt="24")[1]["duration"] == "temporary"
    assert ask(http, "GET", "/sms/ptts", ptt="76")[1]["duration"] == "indeterminated"
    assert ask(http, "GET", "/sms/ptts", ptt="150")[0] == 404


def test_account_can_be_changed(http):
    assert ask(http, "PUT", ACCOUNT, {"callBack": "https://exemple.fr", "unknown": 1}) == (200, None)
    account = ask(http, "GET", ACCOUNT)[1]
    assert account["callBack"] == "https://exemple.fr"
    assert "unknown" not in account


def test_stop_list_is_read_and_mended_by_number(http, emulator):
    emulator.account.receive("+33612340005", "STOP")
    path = f"{ACCOUNT}/blacklists/%2B33612340005"
    assert ask(http, "GET", path)[1]["number"] == "+33612340005"
    assert ask(http, "DELETE", path) == (200, None)
    assert ask(http, "DELETE", path)[0] == 404


JOB = {"message": "Bonjour", "receivers": ["+33612340001"], "sender": "MAIRIE", "noStopClause": True}


@pytest.mark.parametrize(
    "change",
    [
        {"message": ""},
        {"message": None},
        {"receivers": []},
        {"receivers": ["+33612340001", "+33612340002"]},
        {"sender": "INCONNU"},
        {"sender": None},
        {"charset": "latin1"},
        {"tag": "x" * 21},
    ],
)
def test_job_that_is_not_valid_is_refused(http, change):
    status, error = ask(http, "POST", f"{ACCOUNT}/jobs", JOB | change)
    assert (status, error["errorCode"], error["httpCode"]) == (400, "INVALID_PARAMETERS", "400 Bad Request")


def test_job_costs_a_credit_a_part(http, emulator):
    before = emulator.account.properties["creditsLeft"]
    status, report = ask(http, "POST", f"{ACCOUNT}/jobs", JOB | {"message": "é" * 161, "tag": "abc"})
    assert status == 200
    assert report == {
        "ids": [*emulator.account.jobs],
        "validReceivers": ["+33612340001"],
        "invalidReceivers": [],
        "totalCreditsRemoved": 2,
        "tag": "abc",
    }
    assert emulator.account.properties["creditsLeft"] == before - 2


def test_job_that_has_not_left_can_be_cancelled(http, emulator):
    emulator.conduct = emulator.conduct.model_copy(update={"receipt_delay_seconds": 60})
    [identifier] = ask(http, "POST", f"{ACCOUNT}/jobs", JOB)[1]["ids"]
    assert ask(http, "GET", f"{ACCOUNT}/jobs") == (200, [identifier])
    assert ask(http, "GET", f"{ACCOUNT}/outgoing") == (200, [])
    assert ask(http, "GET", f"{ACCOUNT}/jobs/{identifier}")[0] == 200
    assert ask(http, "DELETE", f"{ACCOUNT}/outgoing/{identifier}")[0] == 404
    assert ask(http, "DELETE", f"{ACCOUNT}/jobs/{identifier}") == (200, None)
    assert ask(http, "GET", f"{ACCOUNT}/jobs") == (200, [])


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/me", 403, "NOT_GRANTED_CALL"),
        ("GET", "/sms/sms-other-1", 404, "NOT_FOUND"),
        ("GET", f"{ACCOUNT}/nothing", 404, "NOT_FOUND"),
        ("POST", f"{ACCOUNT}/outgoing", 404, "NOT_FOUND"),
        ("GET", f"{ACCOUNT}/outgoing/x", 404, "NOT_FOUND"),
        ("GET", f"{ACCOUNT}/incoming/7", 404, "NOT_FOUND"),
    ],
)
def test_what_is_not_there_or_not_allowed_is_refused(http, method, path, status, code):
    found, error = ask(http, method, path)
    assert (found, error["errorCode"]) == (status, code)


@pytest.mark.parametrize(
    ("credentials", "status", "code"),
    [
        (Credentials("wrong", CREDENTIALS.application_secret, CREDENTIALS.consumer_key), 403, "INVALID_KEY"),
        (
            Credentials(CREDENTIALS.application_key, CREDENTIALS.application_secret, "wrong"),
            403,
            "INVALID_CREDENTIAL",
        ),
        (
            Credentials(CREDENTIALS.application_key, "wrong", CREDENTIALS.consumer_key),
            400,
            "INVALID_SIGNATURE",
        ),
    ],
)
def test_credentials_are_checked(emulator, credentials, status, code):
    http = SignedHttp(f"{emulator.address}/1.0", credentials, 3)
    found, error = ask(http, "GET", ACCOUNT)
    http.close()
    assert (found, error["errorCode"]) == (status, code)


def test_signature_of_another_time_is_refused(emulator, http):
    ask(http, "GET", ACCOUNT)
    http._clock.correct = lambda _used: None
    emulator.clock_ahead_seconds = 3600
    assert ask(http, "GET", ACCOUNT)[1]["errorCode"] == "QUERY_TIME_OUT"
