"""What OVHcloud tells of messages: codes, states, and who may tell them."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.contract import Status
from api.providers.protocol import (
    ForbiddenRequestError,
    MalformedRequestError,
    ProviderRequest,
    Receipt,
    UnauthenticatedRequestError,
)
from patches.sms_ovhcloud.receipts import parse_callback, status_of

SECRET = "a secret of the tests"
SENDING = Status.SENDING
DELIVERED = Status.DELIVERED
PERMANENT = Status.PERMANENT_FAILURE
TEMPORARY = Status.TEMPORARY_FAILURE
TECHNICAL = Status.TECHNICAL_FAILURE

# French-providers §3.1, PTT codes over HTTP API.
CODES = {
    1: SENDING,
    2: SENDING,
    3: SENDING,
    4: DELIVERED,
    5: PERMANENT,
    6: TECHNICAL,
    8: TEMPORARY,
    20: PERMANENT,
    21: TEMPORARY,
    23: PERMANENT,
    24: TEMPORARY,
    25: TEMPORARY,
    26: TEMPORARY,
    27: PERMANENT,
    28: PERMANENT,
    29: PERMANENT,
    33: PERMANENT,
    39: TECHNICAL,
    73: TEMPORARY,
    74: TEMPORARY,
    76: TECHNICAL,
    202: TECHNICAL,
}


def request(**query: str) -> ProviderRequest:
    return ProviderRequest("GET", "/notifications/sms/ovhcloud", {}, query, b"")


def told(ptt: str, **query: str) -> ProviderRequest:
    date = {"date": "20261125103000", "descriptionDlr": "text"}
    return request(**{"secret": SECRET, "id": "12345", "ptt": ptt} | date | query)


@pytest.mark.parametrize(("ptt", "status"), CODES.items())
def test_code_decides_whatever_the_state(ptt, status):
    expected = [] if status is SENDING else [Receipt(status, str(ptt), reference="12345")]
    for state in ("", "0", "1", "2", "4", "8", "16"):
        assert parse_callback(told(str(ptt), description=state), SECRET) == expected


@pytest.mark.parametrize(
    ("state", "status"),
    [(0, SENDING), (1, DELIVERED), (2, None), (4, SENDING), (8, SENDING), (16, None), (99, None)],
)
@pytest.mark.parametrize("ptt", [None, 0, 99])
def test_state_decides_for_a_code_that_is_not_listed(ptt, state, status):
    assert status_of(ptt, state) is status


def test_failure_of_a_code_that_is_not_listed_is_left_to_polling():
    assert parse_callback(told("99", description="2"), SECRET) == []


def test_receipt_without_a_code_has_its_state():
    assert parse_callback(told("", description="1"), SECRET) == [Receipt(DELIVERED, "", reference="12345")]


@pytest.mark.parametrize("ptt", ["28", "29"])
def test_operators_hear_of_filtered_messages(caplog, ptt):
    parse_callback(told(ptt), SECRET)
    [record] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert (record.message, record.code) == ("provider_filters_messages", int(ptt))


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"id": "1", "ptt": "4"}, UnauthenticatedRequestError),
        ({"id": "1", "ptt": "4", "secret": ""}, ForbiddenRequestError),
        ({"id": "1", "ptt": "4", "secret": "wrong"}, ForbiddenRequestError),
        ({"id": "1", "ptt": "4", "secret": SECRET + "é"}, ForbiddenRequestError),
        ({"secret": SECRET}, MalformedRequestError),
        ({"secret": SECRET, "ptt": "4"}, MalformedRequestError),
        ({"secret": SECRET, "id": "1"}, MalformedRequestError),
        ({"secret": SECRET, "id": "x", "ptt": "4"}, MalformedRequestError),
        ({"secret": SECRET, "id": "-1", "ptt": "4"}, MalformedRequestError),
        ({"secret": SECRET, "id": "²", "ptt": "4"}, MalformedRequestError),
        ({"secret": SECRET, "id": "1" * 21, "ptt": "4"}, MalformedRequestError),
        ({"secret": SECRET, "id": "1", "ptt": "four"}, MalformedRequestError),
    ],
)
def test_request_without_proof_or_sense_is_refused(query, error):
    with pytest.raises(error) as caught:
        parse_callback(request(**query), SECRET)
    assert caught.type is error


def test_second_question_mark_in_the_address_does_no_harm():
    asked = request(secret=f"{SECRET}?id=12345", ptt="4", description="1")
    assert parse_callback(asked, SECRET) == [Receipt(DELIVERED, "4", reference="12345")]


@given(st.dictionaries(st.sampled_from(["id", "ptt", "description", "date"]), st.text(max_size=8)))
def test_no_request_makes_it_fail(query):
    try:
        receipts = parse_callback(request(**query, secret=SECRET), SECRET)
    except MalformedRequestError:
        return
    assert len(receipts) <= 1
