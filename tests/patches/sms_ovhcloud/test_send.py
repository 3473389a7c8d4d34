"""One text message to OVHcloud: what is sent, and what each answer means for the message."""

import logging

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.config import InvalidConfigurationError, load_settings
from api.contract import Status
from api.providers.emulation import Conduct, Fault
from api.providers.http_client import HttpAnswer
from api.providers.protocol import (
    Accepted,
    ChecksItself,
    FindsMessages,
    GivesReceipts,
    HasCredit,
    KeepsHistory,
    NotSent,
    PollsOptOuts,
    PollsReceipts,
    PollsReceivedTexts,
    Refused,
    Unknown,
)
from patches.sms_ovhcloud.answers import answer_of_error, answer_of_report
from patches.sms_ovhcloud.client import OvhcloudSms, tag_of
from patches.sms_ovhcloud.settings import OvhcloudSettings
from tests.patches.sms_ovhcloud.conftest import text_to, wait_until

CREDIT = ["credit"]


def asked(emulator, method="POST"):
    return [exchange for exchange in emulator.exchanges if exchange.method == method]


def test_client_is_all_that_it_should_be(client):
    for protocol in (ChecksItself, FindsMessages, GivesReceipts, HasCredit, KeepsHistory):
        assert isinstance(client, protocol)
    for protocol in (PollsOptOuts, PollsReceipts, PollsReceivedTexts):
        assert isinstance(client, protocol)


def test_job_is_a_service_message_with_our_tag(client, emulator):
    message = text_to("33612340001")
    answer = client.send(message)
    [job] = emulator.account.jobs.values()
    assert answer == Accepted(str(job.id))
    [exchange] = asked(emulator)
    assert exchange.target == "/1.0/sms/sms-em00000-1/jobs"
    assert orjson.loads(exchange.body) == {
        "charset": "UTF-8",
        "message": "Bonjour Léa",
        "noStopClause": True,
        "priority": "high",
        "receivers": ["+33612340001"],
        "sender": "MAIRIE",
        "tag": message.id.hex[-20:],
    }


def test_sending_costs_one_request_a_message(client, emulator):
    for _ in range(5):
        client.send(text_to())
    assert len(asked(emulator)) == 5
    assert len(asked(emulator, "GET")) == 1, "the time, once"


def test_body_is_signed_as_it_is_whatever_it_holds(client):
    assert isinstance(client.send(text_to(content='«\u00a0é + € 😀\n"%2B&=')), Accepted)


@pytest.mark.parametrize(
    ("default", "approved", "wanted", "expected"),
    [
        (None, [], "MAIRIE", "MAIRIE"),
        ("NOTIF", [], "MAIRIE", "NOTIF"),
        ("NOTIF", ["MAIRIE"], "MAIRIE", "MAIRIE"),
        ("NOTIF", ["MAIRIE"], "AUTRE", "NOTIF"),
        (None, ["MAIRIE"], "AUTRE", "AUTRE"),
        (None, [], "38063", "38063"),
        (None, [], "33700000001", "+33700000001"),
        ("33700000001", [], "MAIRIE", "+33700000001"),
    ],
)
def test_sender_that_is_not_approved_gives_way_to_the_default(
    make_client, default, approved, wanted, expected
):
    own = make_client(default_sender=default, approved_senders=approved)._own
    assert own.sender_of(wanted) == expected


def number_for(code: int) -> str:
    return f"3361234{9000 + code}"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (400, Refused("HTTP 400 INVALID_PARAMETERS")),
        (402, NotSent("HTTP 400")),
        (403, NotSent("HTTP 403 FORBIDDEN")),
        (404, NotSent("HTTP 404 NOT_FOUND")),
        (409, Refused("HTTP 409 CONFLICT")),
        (429, NotSent("HTTP 429 TOO_MANY_REQUESTS")),
        (460, NotSent("HTTP 460 SERVICE_EXPIRED")),
        (500, Unknown("HTTP 500 INTERNAL_SERVER_ERROR")),
        (502, Unknown("HTTP 502 BAD_GATEWAY")),
        (503, NotSent("HTTP 503 SERVICE_UNAVAILABLE")),
        (999, Refused("the provider calls the number invalid", Status.PERMANENT_FAILURE)),
    ],
)
def test_error_says_whether_the_message_may_go_elsewhere(client, code, expected):
    assert client.send(text_to(number_for(code))) == expected


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.SERVER_ERROR, Unknown),
        (Fault.UNAVAILABLE, NotSent),
        (Fault.TOO_MANY_REQUESTS, NotSent),
        (Fault.NO_CREDIT, NotSent),
        (Fault.LOST_ANSWER, Unknown),
    ],
)
def test_fault_says_so_too(client, emulator, fault, expected):
    emulator.conduct = Conduct(faults={fault: 1}, receipts=False)
    assert isinstance(client.send(text_to()), expected)


def test_empty_account_sends_nothing(client, emulator):
    emulator.account.properties["creditsLeft"] = 0
    assert isinstance(client.send(text_to()), NotSent)


def test_nobody_at_the_address_means_not_sent(make_client):
    assert isinstance(make_client(endpoint="http://127.0.0.1:9/1.0").send(text_to()), NotSent)


def test_answer_that_does_not_come_leaves_the_outcome_open(make_client, emulator):
    client = make_client(timeout_seconds=0.3)
    client.send(text_to())
    emulator.conduct = Conduct(faults={Fault.SLOW: 1}, slow_seconds=0.6, receipts=False)
    assert isinstance(client.send(text_to()), Unknown)
    wait_until(lambda: len(asked(emulator)) == 2)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"application_key": "wrong"}, "HTTP 403 INVALID_KEY"),
        ({"consumer_key": "wrong"}, "HTTP 403 INVALID_CREDENTIAL"),
        ({"application_secret": "wrong"}, "HTTP 400 INVALID_SIGNATURE"),
    ],
)
def test_refused_credentials_concern_the_account_not_the_message(make_client, caplog, settings, code):
    assert make_client(**settings).send(text_to()) == NotSent(code)
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
        "provider_needs_an_operator"
    ]


def test_wrong_secret_is_not_tried_again_and_again(make_client, emulator):
    make_client(application_secret="wrong").send(text_to())
    assert len(asked(emulator)) == 1


def test_clock_that_went_wrong_is_corrected_once(client, emulator):
    client.send(text_to())
    emulator.clock_ahead_seconds = 3600
    assert isinstance(client.send(text_to()), Accepted)
    assert len(asked(emulator)) == 3, "one was refused"
    assert isinstance(client.send(text_to()), Accepted)
    assert len(asked(emulator)) == 4


def test_log_names_the_request_for_the_support_and_nobody(client, caplog):
    caplog.set_level(logging.DEBUG)
    client.send(text_to(number_for(403)))
    refused = next(record for record in caplog.records if record.message == "provider_call_refused")
    assert refused.query_id.startswith("EU.ext-")
    assert (refused.status, refused.code) == (403, "FORBIDDEN")
    ours = [str(vars(record)) for record in caplog.records if record.name.startswith("patches.")]
    assert not any("612349403" in line or "Bonjour" in line for line in ours)


def test_message_of_unknown_outcome_is_found_by_its_tag(client, emulator):
    emulator.conduct = Conduct(faults={Fault.LOST_ANSWER: 1}, receipts=False, receipt_delay_seconds=0)
    message = text_to()
    assert isinstance(client.send(message), Unknown)
    [job] = emulator.account.jobs.values()
    assert client.find(message.id) == Accepted(str(job.id))
    assert client.find(text_to().id) is None


def test_tag_fits_and_tells_messages_apart():
    tags = {tag_of(text_to().id) for _ in range(100)}
    assert len(tags) == 100
    assert {len(tag) for tag in tags} == {20}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "credit", "INVALID_SIGNATURE"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ids", "invalidReceivers", "message", "errorCode"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
bodies = st.binary(max_size=40) | json_values.map(orjson.dumps)


@given(bodies, st.integers(200, 599))
def test_no_answer_makes_the_client_fail(body, status):
    answer = HttpAnswer(status, {}, body)
    if answer.is_success:
        assert isinstance(answer_of_report(answer), Accepted | Refused | Unknown)
    else:
        assert isinstance(answer_of_error(answer, CREDIT), Refused | NotSent | Unknown)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"ids":[7],"invalidReceivers":[]}', Accepted("7")),
        (b'{"ids":[7],"invalidReceivers":["x"]}', Accepted("7")),
        (b'{"ids":[{}]}', Accepted(None)),
        (b'{"ids":[],"invalidReceivers":["x"]}', Refused),
        (b'{"ids":[],"invalidReceivers":[]}', Unknown),
        (b"{}", Unknown),
        (b"[]", Unknown),
        (b"<html>", Unknown),
        (b"", Unknown),
    ],
)
def test_report_without_a_job_is_not_taken_for_a_success(body, expected):
    answer = answer_of_report(HttpAnswer(200, {}, body))
    assert isinstance(answer, expected) if isinstance(expected, type) else answer == expected


@pytest.mark.parametrize(
    ("status", "text", "is_about_the_account"),
    [
        (402, "", True),
        (400, "Not enough credits", True),
        (403, "No more credit", True),
        (409, "CREDIT exhausted", True),
        (400, "Invalid message", False),
        (400, "Invalid signature", True),
        (401, "", True),
    ],
)
def test_account_s_trouble_is_recognised_by_status_or_text(status, text, is_about_the_account):
    answer = HttpAnswer(status, {"Retry-After": "7"}, orjson.dumps({"message": text}))
    found = answer_of_error(answer, CREDIT)
    assert isinstance(found, NotSent) is is_about_the_account
    if isinstance(found, NotSent):
        assert found == NotSent(f"HTTP {status}", 7)


def test_words_of_an_empty_account_can_be_set():
    answer = HttpAnswer(400, {}, b'{"message":"Solde insuffisant"}')
    assert isinstance(answer_of_error(answer, CREDIT), Refused)
    assert isinstance(answer_of_error(answer, ["solde"]), NotSent)


def test_strange_error_code_goes_nowhere():
    answer = HttpAnswer(403, {}, b'{"errorCode":"+33612340001 is barred"}')
    assert answer_of_error(answer, CREDIT) == NotSent("HTTP 403")


def test_settings_come_from_the_environment(monkeypatch, emulator):
    for name, value in emulator.environment(emulator.address).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OVHCLOUD_APPROVED_SENDERS", "MAIRIE, NOTIF")
    assert OvhcloudSettings.load().approved_senders == ["MAIRIE", "NOTIF"]
    client = OvhcloudSms.from_settings(load_settings(environment="test"))
    assert isinstance(client.send(text_to()), Accepted)
    client.close()


def test_missing_settings_are_all_named(monkeypatch):
    with pytest.raises(InvalidConfigurationError) as caught:
        OvhcloudSettings.load()
    for name in ("APPLICATION_KEY", "APPLICATION_SECRET", "CONSUMER_KEY", "SERVICE_NAME", "CALLBACK_SECRET"):
        assert f"OVHCLOUD_{name}" in str(caught.value)


def test_messages_do_not_travel_in_clear_in_production(monkeypatch, emulator):
    for name, value in emulator.environment(emulator.address).items():
        monkeypatch.setenv(name, value)
    settings = load_settings(environment="test").model_copy(update={"environment": "production"})
    with pytest.raises(InvalidConfigurationError, match="OVHCLOUD_ENDPOINT"):
        OvhcloudSms.from_settings(settings)
