"""Amazon SES through its emulator: what each answer and each event makes of a message."""

import asyncio
import base64
import contextlib
import email
import socket
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from api.config import InvalidConfigurationError, Settings, load_settings
from api.contract import Status
from api.providers.emulation import Conduct, Fault, running
from api.providers.http_server import Request, Response, serve
from api.providers.protocol import (
    Accepted,
    Complaint,
    MalformedRequestError,
    NotSent,
    Receipt,
    Refused,
    Unknown,
)
from api.providers.registry import is_delivered_when_accepted
from api.providers.ses.client import SesEmail
from api.providers.ses.emulator import SesEmulator
from api.providers.ses.events import read_event
from api.providers.sns_emulation import signing_certificate, signing_key
from api.runtime import Runtime
from tests.api.providers.test_mime import MESSAGE
from tests.api.providers.topics import (
    ReceivingApi,
    api_with,
    deliver_emails,
    receiving_api,
    settle,
    status_of,
    wait_until,
)

PROMPT = Conduct(receipt_delay_seconds=0)


def own_settings(address: str) -> dict[str, Any]:
    own = {name.lower(): value for name, value in SesEmulator.environment(address).items()}
    return {"email_domain": "exemple.fr", "email_providers": ["ses"], "provider_timeout_seconds": 3} | own


def settings_for(address: str, **values: Any) -> Settings:
    return load_settings(**own_settings(address) | values)


def make_client(address: str, **values: Any) -> SesEmail:
    return SesEmail.from_settings(settings_for(address, **values))


@pytest.fixture(scope="module")
def api() -> Iterator[ReceivingApi]:
    with receiving_api() as api:
        yield api


@pytest.fixture(scope="module")
def shared_emulator(api: ReceivingApi) -> Iterator[SesEmulator]:
    emulator = SesEmulator(api.url)
    with running(emulator):
        yield emulator
        settle(emulator)


@pytest.fixture(scope="module")
def shared_client(api: ReceivingApi, shared_emulator: SesEmulator) -> Iterator[SesEmail]:
    """A client of boto3 takes a third of a second to make."""
    client = make_client(shared_emulator.address)
    api.provider = client
    yield client
    client.close()


@pytest.fixture
def emulator(shared_emulator: SesEmulator) -> SesEmulator:
    shared_emulator.conduct = PROMPT
    shared_emulator.exchanges.clear()
    return shared_emulator


@pytest.fixture
def client(shared_client: SesEmail, emulator: SesEmulator) -> SesEmail:
    return shared_client


def to(local_part: str) -> Any:
    return replace(MESSAGE, id=uuid.uuid4(), to=f"{local_part}@exemple.fr")


def test_email_is_handed_over_as_mime_with_its_tag(client: SesEmail, emulator: SesEmulator) -> None:
    answer = client.send(MESSAGE)
    assert isinstance(answer, Accepted)
    sent = next(exchange for exchange in emulator.exchanges if exchange.target == "/v2/email/outbound-emails")
    data = orjson.loads(sent.body)
    content = email.message_from_bytes(base64.b64decode(data["Content"]["Raw"]["Data"]))
    assert data["FromEmailAddress"] == MESSAGE.from_address
    assert data["Destination"] == {"ToAddresses": [MESSAGE.to]}
    assert data["ConfigurationSetName"] == "emulated"
    assert data["EmailTags"] == [{"Name": "notification_id", "Value": str(MESSAGE.id)}]
    assert content["To"] == MESSAGE.to
    assert MESSAGE.unsubscribe_url in content["List-Unsubscribe"]


def test_email_that_cannot_be_written_is_refused(client: SesEmail) -> None:
    answer = client.send(replace(MESSAGE, to="léa@exemple.fr"))
    assert answer == Refused("not an e-mail: ValueError", Status.PERMANENT_FAILURE)


@pytest.mark.parametrize(
    ("local_part", "expected"),
    [
        ("access-denied", NotSent("AccessDeniedException")),
        ("bad-request", Refused("BadRequestException")),
        ("limit", NotSent("LimitExceededException")),
        ("not-found", NotSent("NotFoundException")),
        ("paused", NotSent("SendingPausedException")),
        ("rejected", Refused("MessageRejected")),
        ("suspended", NotSent("AccountSuspendedException")),
        ("unverified", NotSent("MailFromDomainNotVerifiedException")),
    ],
)
def test_error_codes(client: SesEmail, local_part: str, expected: NotSent | Refused) -> None:
    assert client.send(to(local_part)) == expected


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.TOO_MANY_REQUESTS, NotSent("TooManyRequestsException")),
        (Fault.UNAVAILABLE, NotSent("HTTP 503")),
        (Fault.NO_CREDIT, NotSent("LimitExceededException")),
        (Fault.SERVER_ERROR, Unknown("HTTP 500")),
        (Fault.LOST_ANSWER, Unknown("no answer: ConnectionClosedError")),
    ],
)
def test_faults(client: SesEmail, emulator: SesEmulator, fault: Fault, expected: NotSent | Unknown) -> None:
    emulator.conduct = Conduct(faults={fault: 1}, receipts=False)
    assert client.send(MESSAGE) == expected
    asked = [
        exchange for exchange in emulator.exchanges if exchange.method == "POST" and not exchange.is_ours
    ]
    assert len(asked) == 1  # botocore tries nothing again


def test_answer_that_does_not_come_leaves_the_outcome_open(emulator: SesEmulator) -> None:
    emulator.conduct = Conduct(faults={Fault.SLOW: 1}, slow_seconds=1, receipts=False)
    client = make_client(emulator.address, provider_timeout_seconds=0.2)
    assert client.send(MESSAGE) == Unknown("no answer: ReadTimeoutError")


@pytest.mark.parametrize("account", [{"ses_access_key_id": "AKIAWRONG"}, {"ses_region": "us-east-1"}])
def test_wrong_credentials_send_nothing_and_are_told(
    emulator: SesEmulator, account: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client(emulator.address, **account)
    assert client.send(MESSAGE) == NotSent("UnrecognizedClientException")
    assert "provider_refuses_account" in caplog.messages
    assert MESSAGE.to not in caplog.text
    assert len(client.problems()) == 1


def test_no_connection_means_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = make_client(f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert client.send(MESSAGE) == NotSent("no connection: EndpointConnectionError")
        assert len(client.problems()) == 1


def test_untrusted_certificate_means_not_sent(tmp_path: Path) -> None:
    key = signing_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "own.pem").write_bytes(key + signing_certificate())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "own.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def shake_hands() -> None:
            connection, _ = listener.accept()
            with contextlib.suppress(ssl.SSLError), tls.wrap_socket(connection, server_side=True):
                pass

        thread = threading.Thread(target=shake_hands, daemon=True)
        thread.start()
        client = make_client(f"https://127.0.0.1:{listener.getsockname()[1]}")
        assert client.send(MESSAGE) == NotSent("no connection: SSLError")
        thread.join(5)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b"[]", b'{"MessageId": null}', b"\xff"])
def test_malformed_success_leaves_the_outcome_open(body: bytes) -> None:
    with answering(Response(200, body)) as address:
        assert isinstance(make_client(address).send(MESSAGE), Unknown)


def test_retry_after_is_kept() -> None:
    headers = (("x-amzn-ErrorType", "TooManyRequestsException"), ("Retry-After", "7"))
    with answering(Response(429, b"{}", headers=headers)) as address:
        assert make_client(address).send(MESSAGE) == NotSent("TooManyRequestsException", 7)


@pytest.mark.parametrize(
    ("local_part", "status", "code", "is_hard"),
    [
        ("lea", Status.DELIVERED, "Delivery", False),
        ("delay", Status.DELIVERED, "Delivery", False),
        ("bounce", Status.PERMANENT_FAILURE, "Bounce Permanent General", True),
        ("no-email", Status.PERMANENT_FAILURE, "Bounce Permanent NoEmail", True),
        ("suppressionlist", Status.PERMANENT_FAILURE, "Bounce Permanent OnAccountSuppressionList", True),
        ("mailbox-full", Status.TEMPORARY_FAILURE, "Bounce Transient MailboxFull", False),
        ("content-rejected", Status.TEMPORARY_FAILURE, "Bounce Transient ContentRejected", False),
        ("undetermined", Status.TEMPORARY_FAILURE, "Bounce Undetermined Undetermined", False),
        ("reject", Status.TECHNICAL_FAILURE, "Reject", False),
        ("rendering-failure", Status.TECHNICAL_FAILURE, "Rendering Failure", False),
    ],
)
def test_events_become_receipts(
    api: ReceivingApi, client: SesEmail, local_part: str, status: Status, code: str, is_hard: bool
) -> None:
    message = to(local_part)
    answer = client.send(message)
    assert isinstance(answer, Accepted)
    [receipt] = api.wait_for_events(1, message.id)
    assert isinstance(receipt, Receipt)
    assert (receipt.status, receipt.code, receipt.is_hard_bounce) == (status, code, is_hard)
    assert (receipt.notification_id, receipt.reference) == (message.id, answer.reference)


def test_complaint_names_the_message_and_the_person(api: ReceivingApi, client: SesEmail) -> None:
    message = to("complaint")
    client.send(message)
    events = api.wait_for_events(2, message.id)
    [complaint] = [event for event in events if isinstance(event, Complaint)]
    assert (complaint.notification_id, complaint.recipient) == (message.id, message.to)
    assert (complaint.complaint_type, bool(complaint.feedback_id)) == ("abuse", True)
    assert complaint.occurred_at is not None


def test_event_with_a_wrong_signature_is_refused_until_it_is_right(
    api: ReceivingApi, client: SesEmail, emulator: SesEmulator
) -> None:
    emulator.conduct = Conduct(receipt_delay_seconds=0, wrong_signature=True)
    message = to("lea")
    client.send(message)
    api.wait_for_status(403)
    assert not api.events_of(message.id)
    emulator.conduct = PROMPT
    api.wait_for_events(1, message.id)


def test_feedback_of_an_identity_is_understood_too() -> None:
    """`notificationType`, no tags."""
    event = {
        "notificationType": "Bounce",
        "mail": {"messageId": "0102-1", "destination": ["lea@exemple.fr"]},
        "bounce": {"bounceType": "Permanent", "bounceSubType": "UnsubscribedRecipient", "feedbackId": "f"},
    }
    code = "Bounce Permanent UnsubscribedRecipient"
    expected = Receipt(Status.PERMANENT_FAILURE, code, reference="0102-1")
    assert read_event(orjson.dumps(event).decode()) == [expected]


@pytest.mark.parametrize("kind", ["Send", "Open", "Click", "Subscription", "DeliveryDelay", "Renewal"])
def test_events_that_change_nothing(kind: str) -> None:
    assert read_event(orjson.dumps({"eventType": kind, "mail": {"messageId": "x"}}).decode()) == []


def test_trial_of_a_topic_is_no_event() -> None:
    assert read_event("The topic works.") == []


@pytest.mark.parametrize(
    "event",
    [
        {},
        [],
        "text",
        {"eventType": "Delivery"},
        {"eventType": "Delivery", "mail": {}},
        {"eventType": "Delivery", "mail": {"messageId": "x"}},
        {"eventType": "Bounce", "mail": {"messageId": "x"}, "bounce": []},
        {"eventType": "Complaint", "mail": {"messageId": "x"}, "complaint": {}},
        {"eventType": "Reject", "mail": {"messageId": "x", "tags": {"notification_id": ["x"]}}},
        {"eventType": "Delivery", "mail": {"messageId": "x"}, "delivery": {"timestamp": "yesterday"}},
    ],
)
def test_event_without_sense_is_malformed(event: Any) -> None:
    with pytest.raises(MalformedRequestError):
        read_event(orjson.dumps(event).decode())


def test_healthy_account_has_no_problems(client: SesEmail) -> None:
    assert client.problems() == []


@pytest.mark.parametrize("domain", ["unknown.exemple.fr", "pending.exemple.fr"])
def test_domain_that_is_not_verified_is_a_problem(emulator: SesEmulator, domain: str) -> None:
    [problem] = make_client(emulator.address, email_domain=domain).problems()
    assert domain in problem


def test_sandbox_and_stopped_accounts_are_problems() -> None:
    account = {"SendingEnabled": False, "ProductionAccessEnabled": False, "VerifiedForSendingStatus": True}
    with answering(Response(200, orjson.dumps(account))) as address:
        assert len(make_client(address).problems()) == 2


@pytest.mark.parametrize(
    ("values", "setting"),
    [
        ({"ses_topic_arns": []}, "SES_TOPIC_ARNS"),
        ({"ses_sns_origins": ["http://sns.example"]}, "SES_SNS_ORIGINS"),
    ],
)
def test_unsafe_configuration_is_refused(values: dict[str, Any], setting: str) -> None:
    with pytest.raises(InvalidConfigurationError) as raised:
        make_client("http://127.0.0.1:9", **values)
    assert [problem.partition(":")[0] for problem in raised.value.problems] == [setting]


def test_secret_stays_out_of_representations() -> None:
    settings = settings_for("http://127.0.0.1:9")
    assert "emulated-secret-access-key" not in repr(settings)


def test_what_it_accepts_is_not_yet_delivered(client: SesEmail) -> None:
    assert not is_delivered_when_accepted(client)


def test_email_ends_as_its_events_say(runtime: Runtime) -> None:
    """From the worker to SES and back over the route of receipts, with the subscription confirmed on the way."""
    emulator = SesEmulator("http://127.0.0.1:9")
    emulator.conduct = PROMPT
    with running(emulator) as address, api_with(runtime, **own_settings(address)) as (own, emulator.api_url):
        expected = {"lea": "delivered", "bounce": "permanent-failure", "mailbox-full": "temporary-failure"}
        sent = deliver_emails(own, "ses", SesEmail.from_settings(own.settings), list(expected))
        wait_until(lambda: {name: status_of(own, key) for name, key in sent.items()} == expected)
        settle(emulator)


@contextmanager
def answering(response: Response) -> Iterator[str]:
    """A server with one answer to everything."""

    async def handle(_request: Request) -> Response:
        return response

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(serve(handle, "127.0.0.1", 0), loop).result(5)
    yield f"http://127.0.0.1:{server.port}"
    asyncio.run_coroutine_threadsafe(server.close(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()
