"""What SMSFactor posts to us, and how it proves that it does."""

import base64
import hashlib
import hmac
import uuid
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.config import load_settings
from api.contract import Status
from api.providers.emulation import Conduct
from api.providers.protocol import (
    ForbiddenRequestError,
    MalformedRequestError,
    OptOut,
    ProviderRequest,
    Receipt,
    UnauthenticatedRequestError,
)
from patches.sms_smsfactor.client import SmsfactorSms
from patches.sms_smsfactor.emulator import WEBHOOK_SECRET
from patches.sms_smsfactor.webhooks import parse_event, parse_text
from tests.patches.sms_smsfactor.test_sending import message

ID = uuid.UUID("0199c2a0-0000-7000-8000-000000000001")
RECEIPT = {
    "date": "2026-11-02T10:30:45+01:00",
    "status": 3,
    "destination": "33639980001",
    "message_id": str(ID),
    "campaign_id": "14672468",
    "country_code": "FR",
}
STOP = {
    "date": "2026-11-02T10:30:45+01:00",
    "message": "Stop SMS",
    "from": "33639980001",
    "account_id": "1234",
    "last_message_id": str(ID),
}


def hexadecimal(name):
    return lambda body: hmac.new(WEBHOOK_SECRET.encode(), body, name).hexdigest()


SIGNATURES = {
    "hmac-sha256-hex": hexadecimal(hashlib.sha256),
    "hmac-sha256-base64": lambda body: base64.b64encode(
        hmac.digest(WEBHOOK_SECRET.encode(), body, "sha256")
    ).decode(),
    "hmac-sha512-hex": hexadecimal(hashlib.sha512),
    "hmac-sha1-hex": hexadecimal(hashlib.sha1),
    "secret": lambda _: WEBHOOK_SECRET,
}


def posted(data, signature=SIGNATURES["hmac-sha256-hex"], **headers) -> ProviderRequest:
    body = data if isinstance(data, bytes) else orjson.dumps(data)
    proof = {"x-smsfactor-signature": signature(body)} if signature else {}
    return ProviderRequest("POST", "/notifications/sms/smsfactor", proof | headers, {}, body)


@pytest.fixture
def smsfactor(make_client):
    return lambda **variables: make_client("http://127.0.0.1:1", **variables)


@pytest.mark.parametrize("algorithm", SIGNATURES)
def test_each_algorithm_is_understood_where_it_is_set(smsfactor, algorithm):
    client = smsfactor(SMSFACTOR_SIGNATURE_ALGORITHM=algorithm)
    assert client.parse_receipts(posted(RECEIPT, SIGNATURES[algorithm]))
    assert client.parse_received_texts(posted(STOP, SIGNATURES[algorithm]))


@pytest.mark.parametrize("algorithm", [name for name in SIGNATURES if name != "hmac-sha256-hex"])
def test_log_names_the_algorithm_that_would_do(smsfactor, caplog, algorithm):
    with pytest.raises(ForbiddenRequestError):
        smsfactor().parse_receipts(posted(RECEIPT, SIGNATURES[algorithm]))
    (record,) = caplog.records
    assert (record.getMessage(), record.to) == ("signature_of_other_algorithm", algorithm)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (posted(RECEIPT, None), UnauthenticatedRequestError),
        (posted(RECEIPT, lambda _: ""), UnauthenticatedRequestError),
        (posted(RECEIPT, lambda _: "f" * 64), ForbiddenRequestError),
        (posted(RECEIPT, lambda _: "é"), ForbiddenRequestError),
        (posted(RECEIPT, lambda body: SIGNATURES["hmac-sha256-hex"](body + b" ")), ForbiddenRequestError),
    ],
)
def test_call_without_the_proof_is_refused(smsfactor, caplog, request_, error):
    client = smsfactor()
    for parse in (client.parse_receipts, client.parse_received_texts):
        with pytest.raises(error) as refused:
            parse(request_)
        assert type(refused.value) is error
    assert not caplog.records


@pytest.mark.parametrize(
    ("header", "is_let_in"),
    [
        ({"x-real-ip": "51.159.7.123"}, True),
        ({"x-real-ip": "192.0.2.1, 51.159.21.54"}, True),  # as our proxy appends to what it got
        ({"x-real-ip": "51.159.7.123, 192.0.2.1"}, False),
        ({"x-real-ip": "192.0.2.1"}, False),
        ({}, False),
    ],
)
def test_source_addresses_count_once_the_proxy_tells_them(smsfactor, header, is_let_in):
    assert smsfactor().parse_receipts(posted(RECEIPT, **header))
    watching = smsfactor(SMSFACTOR_SOURCE_ADDRESS_HEADER="X-Real-IP")
    if is_let_in:
        assert watching.parse_receipts(posted(RECEIPT, **header))
    else:
        with pytest.raises(ForbiddenRequestError):
            watching.parse_receipts(posted(RECEIPT, **header))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (0, None),
        (1, None),
        (2, Status.TEMPORARY_FAILURE),
        (3, Status.DELIVERED),
        (4, Status.PERMANENT_FAILURE),
        (5, Status.PERMANENT_FAILURE),
        (6, Status.TECHNICAL_FAILURE),
        (7, Status.TECHNICAL_FAILURE),
        (8, None),
        (9, Status.PERMANENT_FAILURE),
        (11, Status.TEMPORARY_FAILURE),
        (12, Status.TEMPORARY_FAILURE),
        (99, None),
    ],
)
def test_statuses_of_receipts(smsfactor, code, status):
    moment = datetime(2026, 11, 2, 9, 30, 45, tzinfo=UTC)
    expected = [] if status is None else [Receipt(status, str(code), ID, occurred_at=moment)]
    client = smsfactor()
    assert client.parse_receipts(posted(RECEIPT | {"status": code})) == expected
    assert client.parse_receipts(posted(RECEIPT | {"status": str(code)})) == expected


@pytest.mark.parametrize(
    "data",
    [
        RECEIPT | {"message_id": "621277"},
        RECEIPT | {"message_id": None},
        {"type": "BALANCE_ALERT", "credits": "12"},
        {},
    ],
)
def test_what_does_not_concern_us_is_acknowledged(smsfactor, data):
    assert smsfactor().parse_receipts(posted(data)) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"[]", b"3", b'"\xff"', b'{"from": null}', b'{"status": "x", "message_id": ""}'],
)
def test_call_without_sense_is_refused(smsfactor, body):
    with pytest.raises(MalformedRequestError):
        smsfactor().parse_receipts(posted(body))
    with pytest.raises(MalformedRequestError):
        smsfactor().parse_received_texts(posted(body))


def test_stop_is_an_opt_out(smsfactor):
    moment = datetime(2026, 11, 2, 9, 30, 45, tzinfo=UTC)
    assert smsfactor().parse_receipts(posted(STOP)) == [OptOut("33639980001", occurred_at=moment)]


def test_reply_at_the_wrong_address_opts_nobody_out(smsfactor):
    client = smsfactor()
    for words in ("Oui, merci", "non-stopped"):
        assert client.parse_receipts(posted(STOP | {"message": words})) == []


def test_reply_is_a_text_to_the_number_of_the_settings(smsfactor):
    (text,) = smsfactor(SMSFACTOR_INBOUND_NUMBER="36180").parse_received_texts(
        posted(STOP | {"message": "Oui, à 14 h", "from": "+33639980001", "date": "2026-07-02T10:30:45"})
    )
    assert (text.from_number, text.to_number, text.content) == ("33639980001", "36180", "Oui, à 14 h")
    assert text.received_at == datetime(2026, 7, 2, 8, 30, 45, tzinfo=UTC)


def test_text_told_twice_is_the_same_text():
    first = parse_text(STOP, "36180").reference
    assert parse_text(STOP, "36180").reference == first
    others = [{"message": "Stop"}, {"from": "33639980002"}, {"date": "2026-11-02T10:30:46+01:00"}]
    assert first not in {parse_text(STOP | other, "36180").reference for other in others}


def test_replies_without_a_number_are_dropped_and_told(smsfactor, monkeypatch, caplog):
    smsfactor()
    monkeypatch.delenv("SMSFACTOR_INBOUND_NUMBER")
    client = SmsfactorSms.from_settings(load_settings())
    assert client.parse_received_texts(posted(STOP)) == []
    assert caplog.messages == ["reply_without_inbound_number"]


VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(st.sampled_from(sorted(RECEIPT.keys() | STOP.keys())), VALUES))
def test_any_object_is_an_event_or_nothing_or_refused(data):
    try:
        event = parse_event(data)
    except MalformedRequestError:
        return
    assert event is None or isinstance(event, Receipt | OptOut)


def test_emulator_posts_what_we_read(client, emulator, api):
    asked = [message("33639980001"), message("33639980025"), message("33639980071"), message("33639980070")]
    for sent in asked:
        client.send(sent)
    events, texts = [], []
    for heard in api.wait_for(6):
        request = ProviderRequest(heard.method, heard.path, heard.headers, heard.query, heard.body)
        if heard.path.startswith("/notifications/sms/receive/"):
            texts += client.parse_received_texts(request)
        else:
            events += client.parse_receipts(request)
    assert {event.notification_id: event.status for event in events if isinstance(event, Receipt)} == {
        asked[0].id: Status.DELIVERED,
        asked[1].id: Status.PERMANENT_FAILURE,
        asked[2].id: Status.DELIVERED,
        asked[3].id: Status.DELIVERED,
    }
    assert [event.recipient for event in events if isinstance(event, OptOut)] == ["33639980071"]
    assert [text.from_number for text in texts] == ["33639980070"]


def test_emulator_signs_wrongly_when_told(client, emulator, api):
    emulator.conduct = Conduct(wrong_signature=True, receipt_delay_seconds=0)
    client.send(message())
    (heard,) = api.wait_for(1)
    request = ProviderRequest(heard.method, heard.path, heard.headers, heard.query, heard.body)
    with pytest.raises(ForbiddenRequestError):
        client.parse_receipts(request)
