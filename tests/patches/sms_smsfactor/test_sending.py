"""Messages handed to SMSFactor over a socket, and what its answers mean."""

import uuid
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from api.config import InvalidConfigurationError
from api.contract import Status
from api.providers.emulation import Conduct, Fault
from api.providers.http_server import Response
from api.providers.protocol import Accepted, NotSent, Refused, SmsMessage, Unknown
from patches.sms_smsfactor.settings import SmsfactorSettings
from tests.patches.sms_smsfactor.conftest import Canned


def message(to: str = "33639980001", content: str = "Votre dossier est prêt & complet : 3 €") -> SmsMessage:
    return SmsMessage(uuid.uuid4(), to, content, "MAIRIE", international=False)


def shape(answer):
    """What it decides: the kind, and the final status when it is refused."""
    return (type(answer), answer.status) if isinstance(answer, Refused) else type(answer)


METHODS = pytest.mark.parametrize("method", ["POST", "GET"])


@METHODS
def test_accepted_message_has_the_ticket_as_its_reference(make_client, emulator, method):
    client = make_client(emulator.address, SMSFACTOR_SEND_METHOD=method)
    sent = message()
    answer = client.send(sent)
    assert isinstance(answer, Accepted)
    assert answer.reference.isdecimal()
    assert emulator.taken == [{"to": sent.to, "text": sent.content, "gsmsmsid": str(sent.id)}]


@pytest.mark.parametrize(("content", "unicode"), [("Dossier prêt à 3 €", 1), ("Pret a {3} €", 0)])
def test_number_and_text_are_in_the_body_and_letters_outside_gsm_are_kept(client, emulator, content, unicode):
    sent = message(content=content)
    client.send(sent)
    (asked,) = (exchange for exchange in emulator.exchanges if not exchange.is_ours)
    assert (asked.method, asked.target) == ("POST", "/send")
    assert orjson.loads(asked.body) == {
        "sms": {
            "message": {"text": content, "pushtype": "alert", "sender": "MAIRIE", "unicode": unicode},
            "recipients": {"gsm": [{"gsmsmsid": str(sent.id), "value": "33639980001"}]},
        }
    }


def test_get_is_for_those_who_ask_for_it(make_client, emulator):
    sent = message()
    make_client(emulator.address, SMSFACTOR_SEND_METHOD="GET").send(sent)
    (asked,) = (exchange for exchange in emulator.exchanges if not exchange.is_ours)
    target = urlsplit(asked.target)
    assert (asked.method, target.path, asked.body) == ("GET", "/send", "")
    assert parse_qs(target.query, strict_parsing=True) == {
        "to": ["33639980001"],
        "text": [sent.content],
        "pushtype": ["alert"],
        "sender": ["MAIRIE"],
        "gsmsmsid": [str(sent.id)],
    }


@METHODS
@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("invalid", (Refused, Status.PERMANENT_FAILURE)),
        ("npai", (Refused, Status.PERMANENT_FAILURE)),
        ("blacklisted", (Refused, Status.PERMANENT_FAILURE)),
        ("flood", (Refused, Status.TEMPORARY_FAILURE)),
        ("duplicated", Unknown),
        ("not_allowed", NotSent),
        ("country_limit", NotSent),
        ("-1", NotSent),
        ("-2", (Refused, Status.TECHNICAL_FAILURE)),
        ("-3", NotSent),
        ("-4", (Refused, Status.TECHNICAL_FAILURE)),
        ("-5", (Refused, Status.TECHNICAL_FAILURE)),
        ("-6", (Refused, Status.TECHNICAL_FAILURE)),
        ("-7", (Refused, Status.TECHNICAL_FAILURE)),
        ("-8", Accepted),
        ("-99", Unknown),
    ],
)
def test_answer_is_in_the_body(make_client, emulator, method, outcome, expected):
    client = make_client(emulator.address, SMSFACTOR_SEND_METHOD=method)
    emulator.conduct = Conduct(outcome=outcome, receipts=False)
    answer = client.send(message())
    assert shape(answer) == expected
    assert "3363998" not in getattr(answer, "reason", "")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("33639980042", (Refused, Status.PERMANENT_FAILURE)),
        ("33639980053", NotSent),
        ("33639980058", Accepted),
    ],
)
def test_last_digits_of_the_number_choose_the_outcome(client, number, expected):
    assert shape(client.send(message(number))) == expected


def test_message_held_for_moderation_is_never_given_again(client, emulator):
    assert isinstance(client.send(message("33639980058")), Accepted)
    assert len(emulator.taken) == 1


@pytest.mark.parametrize(("outcome", "tries"), [("-99 once", 2), ("-99 but taken", 2)])
def test_unknown_error_is_tried_once_more_and_the_text_goes_out_once(client, emulator, outcome, tries):
    emulator.conduct = Conduct(outcome=outcome, receipts=False)
    assert isinstance(client.send(message()), Accepted)
    assert len(emulator.exchanges) == tries
    assert len(emulator.taken) == 1


def test_after_an_unknown_error_no_other_provider_gets_the_message(make_client, start):
    replies = [{"status": -99}, {"status": -3}]
    canned = Canned(*(Response(200, orjson.dumps(reply)) for reply in replies))
    assert isinstance(make_client(start(canned)).send(message()), Unknown)
    assert len(canned.exchanges) == 2


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"status": 1, "ticket": "7"}', Accepted("7")),
        (200, b'{"status": "1", "ticket": 7, "sent": "1"}', Accepted("7")),
        (201, b'{"status": 1, "sent": 1}', Accepted(None)),
        (200, b'{"status": 1, "sent": 0}', Unknown),
        (200, b'{"status": "1", "sent": "0", "npai": "1"}', (Refused, Status.PERMANENT_FAILURE)),
        (200, b'{"status": -50}', Unknown),
        (200, b'{"status": null}', Unknown),
        (200, b"[]", Unknown),
        (200, b"<response><status>1</status></response>", Unknown),
        (200, b"", Unknown),
        (401, b'{"status": -1}', NotSent),
        (400, b'{"status": -7}', (Refused, Status.TECHNICAL_FAILURE)),
        (400, b'{"status": 400}', (Refused, Status.TECHNICAL_FAILURE)),
        (500, b'{"status": 1}', Unknown),
        (500, b'{"status": -3}', Unknown),
        (429, b'{"status": -99}', NotSent),
        (502, b"<html>", Unknown),
        (503, b"", NotSent),
        (403, b"", NotSent),
        (302, b"", NotSent),
    ],
)
def test_any_body_gives_an_answer(make_client, start, status, body, expected):
    answer = make_client(start(Canned(Response(status, body)))).send(message())
    assert answer == expected or shape(answer) == expected


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
def test_faults(client, emulator, fault, expected):
    emulator.conduct = Conduct(faults={fault: 1}, receipts=False)
    assert shape(client.send(message())) == expected


def test_late_answer_leaves_the_outcome_open(make_client, emulator):
    emulator.conduct = Conduct(faults={Fault.SLOW: 1}, slow_seconds=2, receipts=False)
    assert isinstance(make_client(emulator.address, timeout_seconds=0.2).send(message()), Unknown)


def test_nobody_at_the_address(make_client):
    assert isinstance(make_client("http://127.0.0.1:1").send(message()), NotSent)


@pytest.mark.parametrize("outcome", ["-1", "-3", "not_allowed", "country_limit"])
def test_operators_hear_of_what_concerns_the_account(client, emulator, caplog, outcome):
    emulator.conduct = Conduct(outcome=outcome, receipts=False)
    client.send(message())
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", "provider_account_problem")
    assert record.provider == "smsfactor"


@pytest.mark.parametrize(
    ("body", "remaining"),
    [
        (
            b'{"status": 1, "message": "OK", "credits": "44690", "postpaid": "0", "postpaid_limit": false}',
            44690,
        ),
        (b'{"status": 1, "credits": 12.5, "unlimited": false}', 12.5),
        (b'{"status": 1, "credits": "0", "postpaid": "1"}', None),
        (b'{"status": 1, "credits": "0", "unlimited": true}', None),
        (b'{"status": 1, "credits": null}', None),
        (b'{"status": 1, "credits": "nan"}', None),
        (b'{"status": -1}', None),
        (b"nonsense", None),
    ],
)
def test_credit(make_client, start, body, remaining):
    credit = make_client(start(Canned(Response(200, body)))).get_credit()
    assert (credit.remaining if credit else None) == remaining


def test_credit_falls_with_each_message(client):
    before = client.get_credit().remaining
    client.send(message())
    assert client.get_credit().remaining == before - 1


def test_doctor_finds_nothing_to_say_and_nothing_is_sent(client, emulator):
    assert client.problems() == []
    assert emulator.taken == []


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b'{"status": -1}', "SMSFACTOR_TOKEN"),
        (200, b'{"status": -3}', "credit"),
        (404, b"", "SMSFACTOR_URL"),
        (200, b"<html>", "SMSFACTOR_URL"),
    ],
)
def test_doctor_says_what_to_mend(make_client, start, status, body, words):
    (problem,) = make_client(start(Canned(Response(status, body)))).problems()
    assert words in problem


def test_doctor_meets_the_emulator_s_check_of_the_token(make_client, emulator):
    assert len(make_client(emulator.address, SMSFACTOR_TOKEN="another").problems()) == 1


def test_settings_that_are_missing_or_wrong_are_all_named(monkeypatch):
    for name in ("SMSFACTOR_TOKEN", "SMSFACTOR_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SMSFACTOR_SOURCE_ADDRESSES", "51.159.7.123, ailleurs")
    monkeypatch.setenv("SMSFACTOR_INBOUND_NUMBER", "+33 6")
    with pytest.raises(InvalidConfigurationError) as refused:
        SmsfactorSettings.load()
    assert [problem.partition(":")[0] for problem in refused.value.problems] == [
        "SMSFACTOR_TOKEN",
        "SMSFACTOR_WEBHOOK_SECRET",
        "SMSFACTOR_SOURCE_ADDRESSES",
        "SMSFACTOR_INBOUND_NUMBER",
    ]


def test_secrets_are_not_in_representations(client):
    assert "emulated-smsfactor" not in repr(SmsfactorSettings.load())
