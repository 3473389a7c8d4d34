"""The sandbox's client against the sandbox's server, over HTTP like any provider."""

import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from api.contract import Status
from api.providers.protocol import (
    Accepted,
    ChecksItself,
    EmailMessage,
    FindsMessages,
    ForbiddenRequestError,
    GivesReceipts,
    MalformedRequestError,
    NotSent,
    ProviderRequest,
    ReceivesTexts,
    Refused,
    SmsMessage,
    UnauthenticatedRequestError,
    Unknown,
)
from api.providers.sandbox.behaviour import Behaviour, ReceiptMode
from api.providers.sandbox.client import SandboxEmail, SandboxSms
from api.providers.sandbox.server import SandboxOptions, parse_options, running_sandbox
from api.providers.sandbox.signing import TIMESTAMP_HEADER, signature_headers
from tests.api.providers.conftest import SECRET, ListeningApi, Sandbox

SMS = SmsMessage(uuid.uuid4(), "33639980001", "Bonjour Léa", "MAIRIE", international=False)
EMAIL = EmailMessage(
    id=uuid.uuid4(),
    to="lea@exemple.fr",
    from_name="Mairie",
    from_address="mairie@notifications.exemple.fr",
    reply_to="contact@exemple.fr",
    subject="Votre dossier",
    html="<p>Bonjour</p>",
    text="Bonjour",
    unsubscribe_url="https://exemple.fr/u",
)


def new_sms() -> SmsMessage:
    return replace(SMS, id=uuid.uuid4())


def signed(body: bytes, **headers: str) -> ProviderRequest:
    names = {name.lower(): value for name, value in signature_headers(SECRET.encode(), body).items()}
    return ProviderRequest("POST", "/notifications/sms/sandbox", names | headers, {}, body)


def test_text_message_arrives_as_it_was_sent(sandbox: Sandbox) -> None:
    answer = sandbox.sms.send(SMS)
    [message] = sandbox.messages
    assert answer == Accepted(message["reference"])
    assert {name: message[name] for name in ("notification_id", "channel", "to", "sender", "content")} == {
        "notification_id": str(SMS.id),
        "channel": "sms",
        "to": "33639980001",
        "sender": "MAIRIE",
        "content": "Bonjour Léa",
    }


def test_email_arrives_as_it_was_sent(sandbox: Sandbox) -> None:
    assert isinstance(sandbox.email.send(EMAIL), Accepted)
    [message] = sandbox.messages
    assert message["sender"] == "Mairie <mairie@notifications.exemple.fr>"
    assert (message["subject"], message["content"], message["html"]) == (
        "Votre dossier",
        "Bonjour",
        "<p>Bonjour</p>",
    )
    assert (message["reply_to"], message["unsubscribe_url"]) == ("contact@exemple.fr", "https://exemple.fr/u")


def test_message_handed_over_twice_is_kept_once_and_counted(sandbox: Sandbox) -> None:
    assert sandbox.sms.send(SMS) == sandbox.sms.send(SMS)
    statistics = sandbox.statistics
    assert (statistics["messages"], statistics["repeated"]) == (1, 1)
    assert statistics["repeated_ids"] == [str(SMS.id)]


def test_what_a_provider_may_offer_is_offered(sandbox: Sandbox) -> None:
    for capability in (GivesReceipts, FindsMessages, ChecksItself):
        assert isinstance(sandbox.sms, capability)
        assert isinstance(sandbox.email, capability)
    assert isinstance(sandbox.sms, ReceivesTexts)
    assert not isinstance(sandbox.email, ReceivesTexts)


def test_sandbox_tells_whether_it_has_a_message(sandbox: Sandbox) -> None:
    accepted = sandbox.sms.send(SMS)
    assert sandbox.sms.find(SMS.id) == accepted
    assert isinstance(sandbox.sms.find(uuid.uuid4()), NotSent)


def test_sandbox_that_does_not_answer_cannot_tell() -> None:
    client = SandboxSms("http://127.0.0.1:1", SECRET, 1)
    assert client.find(SMS.id) is None
    assert client.problems() == [
        "The sandbox does not answer at http://127.0.0.1:1: start it, or correct SANDBOX_URL."
    ]


def test_other_secret_is_refused_and_named_as_the_problem(sandbox: Sandbox) -> None:
    client = SandboxSms(sandbox.url, "another secret", 5)
    assert client.send(SMS) == NotSent("HTTP 403")
    assert client.problems() == [
        "The sandbox refuses our signature: give both sides the same SANDBOX_SECRET."
    ]
    client.close()
    assert sandbox.sms.problems() == []


@pytest.mark.parametrize(
    ("fault", "expected", "is_kept"),
    [
        ("server_error", Unknown("HTTP 500"), False),
        ("lost_answer", Unknown("no answer: ConnectionResetError"), True),
        ("too_many_requests", NotSent("HTTP 429"), False),
        ("no_credit", NotSent("HTTP 402"), False),
        ("unavailable", NotSent("HTTP 503"), False),
    ],
)
def test_faults_look_like_those_of_real_providers(
    sandbox: Sandbox, fault: str, expected: object, is_kept: bool
) -> None:
    sandbox.behave(faults={fault: 1})
    message = new_sms()
    answer = sandbox.sms.send(message)
    assert type(answer) is type(expected)
    assert answer == expected or fault == "lost_answer"
    assert isinstance(sandbox.sms.find(message.id), Accepted) is is_kept


def test_message_without_sense_is_refused(sandbox: Sandbox) -> None:
    broken = replace(SMS, id="not a uuid")  # type: ignore[arg-type]
    assert sandbox.sms.send(broken) == Refused("HTTP 400")


def test_slow_sandbox_leaves_the_outcome_unknown(sandbox: Sandbox) -> None:
    sandbox.behave(latency_ms=500)
    client = SandboxSms(sandbox.url, SECRET, 0.1)
    assert isinstance(client.send(SMS), Unknown)
    client.close()


def test_behaviour_is_checked_shown_and_reset(sandbox: Sandbox) -> None:
    assert (
        sandbox.call("PUT", "/v1/behaviour", {"faults": {"lost_answer": 0.7, "no_credit": 0.7}}).status == 400
    )
    assert sandbox.call("PUT", "/v1/behaviour", {"latency": 3}).status == 400
    sandbox.behave(latency_ms=3)
    assert orjson.loads(sandbox.call("GET", "/v1/behaviour").body)["latency_ms"] == 3
    sandbox.call("DELETE", "/v1/behaviour")
    assert orjson.loads(sandbox.call("GET", "/v1/behaviour").body)["latency_ms"] == 0
    assert sandbox.call("GET", "/v1/nothing").status == 404


def test_automatic_receipt_comes_after_the_message(sandbox: Sandbox, listening_api: ListeningApi) -> None:
    sandbox.behave(receipts="auto", receipt_delay_ms=20)
    accepted = sandbox.sms.send(SMS)
    [request] = listening_api.wait_for(1)
    assert request.path == "/notifications/sms/sandbox"
    [receipt] = sandbox.sms.parse_receipts(
        ProviderRequest("POST", request.path, request.headers, {}, request.body)
    )
    assert isinstance(accepted, Accepted)
    assert (receipt.notification_id, receipt.reference) == (SMS.id, accepted.reference)
    assert receipt.status is Status.DELIVERED
    assert receipt.occurred_at is not None
    assert receipt.occurred_at.tzinfo is not None


def test_receipt_of_an_email_goes_to_its_own_route(sandbox: Sandbox, listening_api: ListeningApi) -> None:
    sandbox.behave(receipts="auto", receipt_status="permanent-failure")
    sandbox.email.send(EMAIL)
    [request] = listening_api.wait_for(1)
    assert request.path == "/notifications/email/sandbox"
    assert listening_api.bodies[0]["status"] == "permanent-failure"


def test_immediate_receipt_arrives_before_the_answer(sandbox: Sandbox, listening_api: ListeningApi) -> None:
    sandbox.behave(receipts="immediate")
    sandbox.sms.send(SMS)
    assert len(listening_api.requests) == 1


def test_receipts_can_be_repeated_out_of_order_and_about_strangers(
    sandbox: Sandbox, listening_api: ListeningApi
) -> None:
    sandbox.behave(receipts="immediate", receipt_copies=2, pending="after", unknown_ids=True)
    sandbox.sms.send(SMS)
    listening_api.wait_for(4)
    assert [body["status"] for body in listening_api.bodies] == [
        "delivered",
        "delivered",
        "pending",
        "delivered",
    ]
    ours = [body["notification_id"] == str(SMS.id) for body in listening_api.bodies]
    assert ours == [True, True, True, False]


def test_receipts_can_name_the_reference_only(sandbox: Sandbox, listening_api: ListeningApi) -> None:
    sandbox.behave(receipts="immediate", by_reference=True, pending="before")
    accepted = sandbox.sms.send(SMS)
    assert isinstance(accepted, Accepted)
    assert [(body["status"], body["reference"]) for body in listening_api.bodies] == [
        ("pending", accepted.reference),
        ("delivered", accepted.reference),
    ]
    assert "notification_id" not in listening_api.bodies[0]


def test_receipt_is_sent_again_until_the_api_takes_it(sandbox: Sandbox, listening_api: ListeningApi) -> None:
    listening_api.answers = [503, 500]
    sandbox.behave(receipts="auto")
    sandbox.sms.send(SMS)
    listening_api.wait_for(3)
    assert len({request.body for request in listening_api.requests}) == 1


def test_messages_stay_when_the_sandbox_restarts_and_owed_receipts_go_out(
    tmp_path: Path, listening_api: ListeningApi
) -> None:
    silent = SandboxOptions(
        SECRET, listening_api.url, data_dir=tmp_path / "data", behaviour=Behaviour(receipts=ReceiptMode.OFF)
    )
    with running_sandbox(silent) as url:
        first = Sandbox(url)
        accepted = first.sms.send(SMS)
        first.close()
    assert not listening_api.requests
    with running_sandbox(replace(silent, behaviour=Behaviour(receipt_delay_ms=0))) as url:
        second = Sandbox(url)
        assert second.sms.send(SMS) == accepted
        listening_api.wait_for(1)
        second.close()


@pytest.mark.parametrize("offered", ["auto", "off", "immediate"])
def test_command_line_takes_what_the_scripts_need(offered: str, tmp_path: Path) -> None:
    where = ["--port", "0", "--data-dir", str(tmp_path), "--receipts-url", "http://127.0.0.1:1"]
    how = ["--receipts", offered, "--receipt-delay", "0.5", "--latency-ms", "50"]
    options = parse_options([*where, *how])
    assert options.behaviour == Behaviour(receipts=ReceiptMode(offered), receipt_delay_ms=500, latency_ms=50)
    assert (options.port, options.data_dir, options.host) == (0, tmp_path, "127.0.0.1")


def test_server_is_a_program_that_says_where_it_is_and_stops_on_request() -> None:
    command = [sys.executable, "-m", "api.providers.sandbox.server", "--port", "0"]
    with subprocess.Popen(
        [*command, "--receipts-url", "http://127.0.0.1:1"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("Sandbox: ").strip()
        client = SandboxEmail(address, "another secret", 5)
        assert client.send(EMAIL) == NotSent("HTTP 403")
        client.close()
        process.terminate()
        assert process.wait(10) == 0


RECEIPT = {"status": "delivered", "notification_id": str(SMS.id)}


def test_unsigned_and_wrongly_signed_receipts_are_not_the_sandbox_s(sandbox: Sandbox) -> None:
    body = orjson.dumps(RECEIPT)
    unsigned = ProviderRequest("POST", "/", {}, {}, body)
    with pytest.raises(UnauthenticatedRequestError) as raised:
        sandbox.sms.parse_receipts(unsigned)
    assert not isinstance(raised.value, ForbiddenRequestError)
    for request in (
        replace(signed(body), body=body + b" "),
        signed(body, **{TIMESTAMP_HEADER.lower(): "1"}),
        signed(body, **{TIMESTAMP_HEADER.lower(): "soon"}),
    ):
        with pytest.raises(ForbiddenRequestError):
            sandbox.sms.parse_receipts(request)


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[1]",
        b"{}",
        b"null",
        orjson.dumps({"status": "delivered"}),
        orjson.dumps(RECEIPT | {"status": "created"}),
        orjson.dumps(RECEIPT | {"status": "unheard-of"}),
        orjson.dumps(RECEIPT | {"notification_id": "x"}),
        orjson.dumps(RECEIPT | {"notification_id": 3}),
        orjson.dumps(RECEIPT | {"occurred_at": "yesterday"}),
    ],
    ids=["text", "list", "empty", "null", "nobody", "created", "unheard-of", "no-uuid", "number", "no-time"],
)
def test_receipts_without_sense_are_malformed(sandbox: Sandbox, body: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        sandbox.sms.parse_receipts(signed(body))


def test_several_receipts_can_come_at_once(sandbox: Sandbox) -> None:
    receipts = sandbox.sms.parse_receipts(signed(orjson.dumps([RECEIPT, RECEIPT | {"status": "pending"}])))
    assert [receipt.status for receipt in receipts] == [Status.DELIVERED, Status.PENDING]


def test_received_text_without_sense_is_malformed(sandbox: Sandbox) -> None:
    with pytest.raises(MalformedRequestError):
        sandbox.sms.parse_received_texts(signed(orjson.dumps({"from": "33639980001"})))
