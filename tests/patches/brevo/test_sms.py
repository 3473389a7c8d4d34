"""What goes to Brevo for a text message, and what its answers mean."""

import dataclasses
import uuid
from urllib.parse import parse_qs, urlsplit

import pytest

from api.providers.emulation import Conduct, Fault
from api.providers.http_server import Request, Response
from api.providers.protocol import (
    Accepted,
    ChecksItself,
    FindsMessages,
    GivesReceipts,
    HasCredit,
    NotSent,
    ProviderRequest,
    ReceivesTexts,
    Refused,
    SmsMessage,
    Unknown,
)
from tests.patches.brevo.conftest import API_URL, Brevo

MESSAGE = SmsMessage(
    uuid.uuid4(), "33639980001", "Votre rendez-vous est le 3 mars.", "MAIRIE", international=False
)


def to(last_digits: str) -> SmsMessage:
    return dataclasses.replace(MESSAGE, id=uuid.uuid4(), to="336399800" + last_digits)


def with_text(content: str) -> SmsMessage:
    return dataclasses.replace(MESSAGE, content=content)


def test_text_is_sent_as_documented(brevo: Brevo) -> None:
    answer = brevo.sms.send(MESSAGE)
    assert isinstance(answer, Accepted)
    assert answer.reference
    assert answer.reference.isdecimal()
    [body] = brevo.sent
    address = urlsplit(body.pop("webUrl"))
    assert body == {
        "sender": "MAIRIE",
        "recipient": "33639980001",
        "content": MESSAGE.content,
        "type": "transactional",
        "tag": str(MESSAGE.id),
        "unicodeEnabled": False,
    }
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{API_URL}/notifications/sms/brevo"
    assert parse_qs(address.query)["id"] == [str(MESSAGE.id)]


def test_address_of_receipts_holds_no_secret_and_is_good_for_one_message(brevo: Brevo) -> None:
    for message in (to("01"), to("02")):
        brevo.sms.send(message)
    first, second = (parse_qs(urlsplit(body["webUrl"]).query) for body in brevo.sent)
    assert brevo.emulator.WEBHOOK_TOKEN not in str(first)
    assert first["token"] != second["token"]


@pytest.mark.parametrize(
    ("content", "is_unicode"),
    [("à é è ù Ç", False), ("12 € [a]", False), ("ça", True), ("forêt", True), ("Bravo 🎉", True)],
)
def test_unicode_is_asked_for_only_when_needed(brevo: Brevo, content: str, is_unicode: bool) -> None:
    brevo.sms.send(with_text(content))
    assert brevo.sent[0]["unicodeEnabled"] is is_unicode


@pytest.mark.parametrize("mark", ["[STOP_CODE]", "[STOP CODE]", "[stop code]", "[ Stop-Code ]", "[STOPCODE]"])
def test_text_that_would_become_marketing_is_not_handed_over(brevo: Brevo, mark: str) -> None:
    assert isinstance(brevo.sms.send(with_text(f"Promo ! STOP au {mark}")), Refused)
    assert brevo.sent == []


def test_word_stop_alone_is_sent(brevo: Brevo) -> None:
    assert isinstance(brevo.sms.send(with_text("Arrêt STOP CODE [1]")), Accepted)


@pytest.mark.parametrize(
    ("last_digits", "kind", "reason"),
    [
        ("20", Refused, "HTTP 400 invalid_parameter"),
        ("21", NotSent, "HTTP 402 not_enough_credits"),
        ("22", NotSent, "HTTP 403 permission_denied"),
        ("23", NotSent, "HTTP 403 account_under_validation"),
        ("24", Refused, "HTTP 406 not_acceptable"),
        ("25", Refused, "HTTP 422 unprocessable_entity"),
        ("26", NotSent, "HTTP 429"),
        ("27", Unknown, "HTTP 500"),
        ("28", NotSent, "HTTP 503"),
    ],
)
def test_errors_mean_what_the_sheet_says(brevo: Brevo, last_digits: str, kind: type, reason: str) -> None:
    answer = brevo.sms.send(to(last_digits))
    assert isinstance(answer, kind)
    assert answer.reason == reason


def test_rate_limit_says_when_to_come_back(brevo: Brevo) -> None:
    answer = brevo.sms.send(to("26"))
    assert isinstance(answer, NotSent)
    assert answer.retry_after_seconds == 7


@pytest.mark.parametrize("last_digits", ["21", "22", "23"])
def test_trouble_with_the_account_is_logged_for_operators(
    brevo: Brevo, caplog: pytest.LogCaptureFixture, last_digits: str
) -> None:
    brevo.sms.send(to(last_digits))
    [record] = [record for record in caplog.records if record.message == "provider_account_problem"]
    assert record.levelname == "WARNING"
    assert MESSAGE.content not in str(record.__dict__)
    assert "3363998" not in str(record.__dict__)


def test_wrong_key_sends_nothing_and_is_safe_to_retry(brevo: Brevo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brevo.emulator, "API_KEY", "another key", raising=False)
    answer = brevo.sms.send(MESSAGE)
    assert answer == NotSent("HTTP 401 unauthorized")


@pytest.mark.parametrize("sender", ["NOM TROP LONG", "É", "MA VILLE"])
def test_sender_that_brevo_does_not_take_is_refused(brevo: Brevo, sender: str) -> None:
    answer = brevo.sms.send(dataclasses.replace(MESSAGE, sender=sender))
    assert answer == Refused("HTTP 400 invalid_parameter")


def test_lost_answer_leaves_the_outcome_open(brevo: Brevo) -> None:
    brevo.emulator.conduct = Conduct(faults={Fault.LOST_ANSWER: 1}, receipts=False)
    assert isinstance(brevo.sms.send(MESSAGE), Unknown)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"ok"', b"{}", b'{"messageId": null}'])
def test_message_that_was_surely_taken_counts_as_accepted(
    brevo: Brevo, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    async def answer(request: Request) -> Response:
        return Response(201, body)

    monkeypatch.setattr(brevo.emulator, "answer", answer)
    assert brevo.sms.send(MESSAGE) == Accepted(None)


def test_success_that_is_not_brevo_s_leaves_the_outcome_open(
    brevo: Brevo, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(request: Request) -> Response:
        return Response(200, b"<html>")

    monkeypatch.setattr(brevo.emulator, "answer", answer)
    assert isinstance(brevo.sms.send(MESSAGE), Unknown)


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"code": 3}', b'{"code": "33639980001"}'])
def test_error_in_another_shape_is_told_by_its_status_alone(
    brevo: Brevo, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    async def answer(request: Request) -> Response:
        return Response(400, body)

    monkeypatch.setattr(brevo.emulator, "answer", answer)
    assert brevo.sms.send(MESSAGE) == Refused("HTTP 400")


def test_client_offers_what_brevo_can_do(brevo: Brevo) -> None:
    for protocol in (GivesReceipts, ReceivesTexts, HasCredit, ChecksItself):
        assert isinstance(brevo.sms, protocol)
    assert not isinstance(brevo.sms, FindsMessages)


def test_answers_of_people_are_read_from_their_own_webhook(brevo: Brevo) -> None:
    body = b'{"msg_status": "replied", "to": "33639980017", "messageId": 7, "ts_event": 1764000000, "reply": "Oui"}'
    headers = {"authorization": f"Bearer {brevo.emulator.WEBHOOK_TOKEN}"}
    request = ProviderRequest("POST", "/notifications/sms/receive/brevo", headers, {}, body)
    [text] = brevo.sms.parse_received_texts(request)
    assert (text.from_number, text.to_number, text.content) == ("33639980017", "36180", "Oui")
    assert brevo.sms.parse_receipts(request) == []
