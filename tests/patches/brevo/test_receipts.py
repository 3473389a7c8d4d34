"""Brevo's events, as documented and as they might come."""

import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.contract import Status
from api.providers.protocol import Complaint, MalformedRequestError, OptOut, Receipt
from patches.brevo.receipts import parse_email_events, parse_sms_events, read_time
from patches.brevo.replies import parse_replies

ID = uuid.UUID("0192f6a0-0000-7000-8000-000000000001")
OTHER_ID = uuid.UUID("0192f6a0-0000-7000-8000-000000000002")
SMS = {
    "id": 26570,
    "to": "33639980001",
    "sms_count": 1,
    "credits_used": 1.5,
    "messageId": 1511882900176220,
    "remaining_credit": 11488.845,
    "date": "2026-03-03 10:00:00",
    "type": "transactional",
    "reference": "ab1cde2fgh3i4jklmno",
    "tag": str(ID),
}
EMAIL = {
    "email": "lea@exemple.fr",
    "id": 26571,
    "date": "2026-03-03 10:00:00",
    "ts": 1772528400,
    "message-id": "<202603031000.1@smtp-relay.mailin.fr>",
    "ts_event": 1772528400,
    "subject": "Votre dossier",
    "X-Mailin-custom": str(ID),
    "sending_ip": "192.0.2.1",
    "ts_epoch": 1772528400000,
    "template_id": 0,
    "tags": [],
}
MOMENT = datetime(2026, 3, 3, 9, tzinfo=UTC)


def sms(word: str, **fields: Any) -> bytes:
    return orjson.dumps(SMS | {"msg_status": word} | fields)


def email(word: str, **fields: Any) -> bytes:
    return orjson.dumps(EMAIL | {"event": word} | fields)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("delivered", Status.DELIVERED),
        ("soft_bounce", Status.TEMPORARY_FAILURE),
        ("hard_bounce", Status.PERMANENT_FAILURE),
        ("rejected", Status.PERMANENT_FAILURE),
        ("blocked", Status.PERMANENT_FAILURE),
        ("blacklisted", Status.PERMANENT_FAILURE),
        ("skip", Status.PERMANENT_FAILURE),
    ],
)
def test_sms_status(word: str, status: Status) -> None:
    assert parse_sms_events(sms(word)) == [Receipt(status, word, ID, "1511882900176220", MOMENT)]


@pytest.mark.parametrize("word", ["sent", "accepted", "subscribe", "replied", "something_new"])
def test_sms_event_that_changes_no_status(word: str) -> None:
    assert parse_sms_events(sms(word)) == []


@pytest.mark.parametrize("word", ["unsubscribed", "unsubscribe", "unsubscription"])
def test_stop_is_an_opt_out(word: str) -> None:
    assert parse_sms_events(sms(word, to="+33639980001")) == [
        OptOut("33639980001", "1511882900176220", MOMENT)
    ]
    assert parse_sms_events(sms(word, to=None)) == []


@pytest.mark.parametrize(
    ("word", "status", "is_hard_bounce"),
    [
        ("delivered", Status.DELIVERED, False),
        ("soft_bounce", Status.TEMPORARY_FAILURE, False),
        ("hard_bounce", Status.PERMANENT_FAILURE, True),
        ("invalid_email", Status.PERMANENT_FAILURE, True),
        ("blocked", Status.PERMANENT_FAILURE, False),
        ("error", Status.TECHNICAL_FAILURE, False),
    ],
)
def test_email_status(word: str, status: Status, is_hard_bounce: bool) -> None:
    reference = "202603031000.1@smtp-relay.mailin.fr"
    expected = Receipt(status, word, ID, reference, MOMENT, is_hard_bounce=is_hard_bounce)
    assert parse_email_events(email(word)) == [expected]


@pytest.mark.parametrize(
    "word",
    ["request", "deferred", "opened", "unique_opened", "proxy_open", "click", "unsubscribed", "new_one"],
)
def test_email_event_that_changes_no_status(word: str) -> None:
    assert parse_email_events(email(word)) == []


@pytest.mark.parametrize("word", ["spam", "complaint"])
def test_spam_is_a_complaint_that_is_stored_once(word: str) -> None:
    first, second = (
        parse_email_events(email(word, ts_event=moment))[0] for moment in (1772528400, 1772528401)
    )
    assert isinstance(first, Complaint)
    assert isinstance(second, Complaint)
    assert first.feedback_id == second.feedback_id
    assert (first.notification_id, first.recipient, first.complaint_type) == (ID, "lea@exemple.fr", "spam")
    assert first.occurred_at == MOMENT


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tag": [str(ID)]}, ID),
        ({"tag": ["autre", str(ID)]}, ID),
        ({"tag": None, "tags": [str(ID)]}, ID),
        ({"tag": "", "tags": []}, None),
        ({"tag": None}, None),
    ],
)
def test_tag_comes_back_in_several_shapes(fields: dict[str, Any], expected: uuid.UUID | None) -> None:
    [receipt] = parse_sms_events(sms("delivered", **fields))
    assert isinstance(receipt, Receipt)
    assert (receipt.notification_id, receipt.reference) == (expected, "1511882900176220")


def test_address_made_for_one_message_speaks_of_no_other() -> None:
    [receipt] = parse_sms_events(sms("delivered"), OTHER_ID)
    assert isinstance(receipt, Receipt)
    assert receipt.notification_id == OTHER_ID
    assert parse_sms_events(sms("unsubscribed"), ID) == []


def test_messages_that_others_send_through_the_account_are_not_ours() -> None:
    assert parse_sms_events(sms("delivered", tag="accountValidation")) == []
    assert parse_sms_events(sms("delivered", tag=None, messageId=None)) == []
    for word in ("delivered", "spam"):
        assert parse_email_events(email(word, **{"X-Mailin-custom": "some_custom_header"})) == []
        assert parse_email_events(email(word, **{"X-Mailin-custom": None, "message-id": None})) == []


def test_email_without_our_header_is_known_by_brevo_s_name_for_it() -> None:
    [receipt] = parse_email_events(email("delivered", **{"X-Mailin-custom": ""}))
    assert isinstance(receipt, Receipt)
    assert (receipt.notification_id, receipt.reference) == (None, "202603031000.1@smtp-relay.mailin.fr")


def test_batch_is_read_in_order_and_a_broken_item_spoils_nothing() -> None:
    items = [
        EMAIL | {"event": "request"},
        None,
        {"event": 4},
        EMAIL | {"event": "delivered"},
        EMAIL | {"event": "hard_bounce", "X-Mailin-custom": str(OTHER_ID)},
    ]
    events = parse_email_events(orjson.dumps(items))
    assert [(event.code, event.notification_id) for event in events if isinstance(event, Receipt)] == [
        ("delivered", ID),
        ("hard_bounce", OTHER_ID),
    ]
    batch = orjson.dumps([SMS | {"msg_status": "sent"}, SMS | {"msg_status": "delivered"}])
    assert len(parse_sms_events(batch)) == 1


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"\xff", b"3", b'"delivered"', b"[]", b"[1]", b"{}", b'{"event": 1}']
)
def test_calls_without_sense_are_malformed(body: bytes) -> None:
    for parse in (parse_sms_events, parse_email_events):
        with pytest.raises(MalformedRequestError):
            parse(body)


@pytest.mark.parametrize(
    ("event", "moment"),
    [
        ({"ts_epoch": 1772528400000}, MOMENT),
        ({"ts_epoch": 1772528400}, MOMENT),  # as Brevo's own example shows it
        ({"ts_event": 1772528400, "date": "2020-01-01 00:00:00"}, MOMENT),
        ({"date": "2026-03-03 10:00:00"}, MOMENT),  # Paris, winter
        ({"date": "2026-07-03 11:00:00"}, datetime(2026, 7, 3, 9, tzinfo=UTC)),  # Paris, summer
        ({"date": "2026-03-03T09:00:00Z"}, MOMENT),
        ({"date": "hier"}, None),
        ({"ts_event": True, "date": None}, None),
        ({"ts_epoch": 10**40}, None),
        ({}, None),
    ],
)
def test_time_of_an_event(event: dict[str, Any], moment: datetime | None) -> None:
    assert read_time(event) == moment


def test_unknown_word_is_noted_without_what_people_wrote(caplog: pytest.LogCaptureFixture) -> None:
    parse_sms_events(sms("new_word"))
    parse_sms_events(sms("appelez 0639980001"))
    codes = [record.__dict__["code"] for record in caplog.records if record.message == "receipt_code_unknown"]
    assert codes == ["new_word", "?"]


def test_answer_is_a_received_text_of_the_number_that_people_answer_to() -> None:
    body = sms("replied", reply="Oui, merci", ts_event=1772528400)
    [text] = parse_replies(body, "36180")
    assert (text.from_number, text.to_number, text.content) == ("33639980001", "36180", "Oui, merci")
    assert text.received_at == MOMENT
    assert parse_replies(body, "36180")[0].reference == text.reference
    assert (
        parse_replies(sms("replied", reply="Non", ts_event=1772528400), "36180")[0].reference
        != text.reference
    )


def test_answers_are_dropped_where_no_number_is_set() -> None:
    assert parse_replies(sms("replied", reply="Oui"), None) == []


@pytest.mark.parametrize("fields", [{"reply": None}, {"to": "?"}, {"msg_status": "delivered"}])
def test_what_is_no_answer_is_left_out(fields: dict[str, Any]) -> None:
    assert (
        parse_replies(orjson.dumps(SMS | {"msg_status": "replied", "reply": "Oui"} | fields), "36180") == []
    )


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = [
    "to",
    "tag",
    "tags",
    "messageId",
    "message-id",
    "X-Mailin-custom",
    "ts_epoch",
    "ts_event",
    "date",
    "reply",
]


@given(
    word=st.sampled_from(["delivered", "unsubscribed", "hard_bounce", "spam", "replied"]) | _JSON,
    fields=st.dictionaries(st.sampled_from(_FIELDS), _JSON),
)
def test_no_value_of_any_field_is_too_strange(word: Any, fields: dict[str, Any]) -> None:
    body = orjson.dumps(fields | {"event": word, "msg_status": word})
    for parse in (parse_sms_events, parse_email_events, lambda body: parse_replies(body, "36180")):
        try:
            parse(body)
        except MalformedRequestError:
            assert not isinstance(word, str)
