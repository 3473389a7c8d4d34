"""Scaleway Transactional Email through its emulator: sending, asking and checking."""

import socket
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.config import InvalidConfigurationError, load_settings
from api.contract import Status
from api.providers.emulation import Conduct, Emulator, Fault, json_response, running
from api.providers.http_client import HttpAnswer
from api.providers.http_server import Request, Response
from api.providers.protocol import Accepted, AwaitedReceipt, NotSent, Receipt, Refused, Unknown
from api.providers.registry import is_delivered_when_accepted
from patches.email_scaleway.answers import answer_of
from patches.email_scaleway.client import ScalewayEmail
from patches.email_scaleway.emulator import DOMAIN, PROJECT_ID, ScalewayEmulator
from tests.patches.email_scaleway.conftest import MESSAGE, make_client, to

QUIET = Conduct(receipts=False)


@pytest.fixture
def emulator() -> Iterator[ScalewayEmulator]:
    emulator = ScalewayEmulator("http://127.0.0.1:9")
    emulator.conduct = QUIET
    with running(emulator):
        yield emulator


@pytest.fixture
def client(emulator: ScalewayEmulator) -> Iterator[ScalewayEmail]:
    client = make_client(emulator.address)
    yield client
    client.close()


def handed_over(emulator: Emulator) -> dict[str, Any]:
    sent = [exchange for exchange in emulator.exchanges if exchange.target.endswith("/emails")]
    return orjson.loads(sent[-1].body)


def test_email_is_handed_over_with_its_headers(client: ScalewayEmail, emulator: ScalewayEmulator) -> None:
    answer = client.send(MESSAGE)
    assert isinstance(answer, Accepted)
    assert uuid.UUID(answer.reference)
    data = handed_over(emulator)
    headers = {header["key"]: header["value"] for header in data.pop("additional_headers")}
    assert data == {
        "project_id": PROJECT_ID,
        "from": {"email": MESSAGE.from_address, "name": MESSAGE.from_name},
        "to": [{"email": MESSAGE.to}],
        "subject": MESSAGE.subject,
        "text": MESSAGE.text,
        "html": MESSAGE.html,
    }
    assert headers == {
        "X-Notification-Id": str(MESSAGE.id),
        "Auto-Submitted": "auto-generated",
        "Reply-To": "contact@exemple.fr",
        "List-Unsubscribe": f"<{MESSAGE.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_plain_email_has_no_headers_to_answer_or_unsubscribe(
    client: ScalewayEmail, emulator: ScalewayEmulator
) -> None:
    client.send(replace(MESSAGE, reply_to=None, unsubscribe_url=None))
    names = [header["key"] for header in handed_over(emulator)["additional_headers"]]
    assert names == ["X-Notification-Id", "Auto-Submitted"]


def test_nothing_can_be_added_to_a_header(client: ScalewayEmail, emulator: ScalewayEmulator) -> None:
    client.send(replace(MESSAGE, subject="Bonjour\r\nBcc: autre@exemple.fr", from_name="Mairie\nX: y"))
    data = handed_over(emulator)
    assert (data["subject"], data["from"]["name"]) == ("Bonjour Bcc: autre@exemple.fr", "Mairie X: y")


def test_domains_are_written_as_in_the_dns(client: ScalewayEmail, emulator: ScalewayEmulator) -> None:
    assert isinstance(client.send(replace(MESSAGE, to="lea@hôpital.fr")), Accepted)
    assert handed_over(emulator)["to"] == [{"email": "lea@xn--hpital-ixa.fr"}]


def test_email_that_cannot_be_written_is_refused(client: ScalewayEmail) -> None:
    refused = Refused("not an e-mail: ValueError", Status.PERMANENT_FAILURE)
    assert client.send(replace(MESSAGE, to="léa@exemple.fr")) == refused


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("denied_authentication", NotSent("denied_authentication")),
        ("permissions_denied", NotSent("permissions_denied")),
        ("quotas_exceeded", NotSent("quotas_exceeded")),
        ("not_found", NotSent("not_found")),
        ("transient_state", NotSent("transient_state")),
    ],
)
def test_errors_by_their_type(client: ScalewayEmail, name: str, expected: NotSent) -> None:
    assert client.send(to(name)) == expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"type": "invalid_arguments"}, Refused("invalid_arguments")),
        (400, {"type": "invalid_arguments", "details": "?"}, Refused("invalid_arguments")),
        (
            400,
            {"type": "invalid_arguments", "details": [{"argument_name": "subject"}]},
            Refused("invalid_arguments"),
        ),
        (
            400,
            {"type": "invalid_arguments", "details": [{"argument_name": "to[0].email"}]},
            Refused("invalid_arguments", Status.PERMANENT_FAILURE),
        ),
        (400, {"message": "lea@exemple.fr is wrong"}, Refused("HTTP 400")),
        (413, None, Refused("HTTP 413")),
        (429, None, NotSent("HTTP 429")),
        (502, "<html>", Unknown("HTTP 502")),
        (503, [], NotSent("HTTP 503")),
        (302, None, NotSent("HTTP 302")),
        (200, {"emails": []}, Unknown("the answer names no e-mail")),
        (200, {"emails": {"id": "x"}}, Unknown("the answer names no e-mail")),
        (200, "text", Unknown("the answer names no e-mail")),
        (200, {"emails": [{"id": "e-1"}]}, Accepted("e-1")),
    ],
)
def test_recorded_answers(status: int, body: Any, expected: Any) -> None:
    assert answer_of("scaleway", HttpAnswer(status, {}, orjson.dumps(body))) == expected


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe"])
def test_success_that_cannot_be_read_leaves_the_outcome_open(body: bytes) -> None:
    assert isinstance(answer_of("scaleway", HttpAnswer(200, {}, body)), Unknown)


def test_refused_account_is_told_to_operators_without_names(
    client: ScalewayEmail, caplog: pytest.LogCaptureFixture
) -> None:
    client.send(to("quotas_exceeded"))
    [record] = [record for record in caplog.records if record.message == "provider_refuses_account"]
    assert (record.provider, record.reason) == ("scaleway", "quotas_exceeded")
    assert "exemple.fr" not in caplog.text


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.TOO_MANY_REQUESTS, NotSent("HTTP 429", 3)),
        (Fault.UNAVAILABLE, NotSent("HTTP 503")),
        (Fault.NO_CREDIT, NotSent("quotas_exceeded")),
        (Fault.SERVER_ERROR, Unknown("HTTP 500")),
        (Fault.LOST_ANSWER, Unknown("no answer: ProtocolError")),
    ],
)
def test_faults(client: ScalewayEmail, emulator: ScalewayEmulator, fault: Fault, expected: Any) -> None:
    emulator.conduct = Conduct(faults={fault: 1}, receipts=False)
    assert client.send(MESSAGE) == expected


def test_no_connection_means_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = make_client(f"http://127.0.0.1:{unused.getsockname()[1]}")
        assert isinstance(client.send(MESSAGE), NotSent)
        assert len(client.problems()) == 1
        assert client.poll_receipts([AwaitedReceipt(MESSAGE.id, "x", datetime.now(UTC))]) == []


def test_api_decides_about_short_texts_unless_they_are_padded(
    client: ScalewayEmail, emulator: ScalewayEmulator
) -> None:
    short = replace(to("strict"), subject="Oui", text="Oui")
    assert client.send(short) == Refused("invalid_arguments")
    assert isinstance(make_client(emulator.address, pad_short="true").send(short), Accepted)
    data = handed_over(emulator)
    assert (data["subject"], data["text"]) == ("Oui" + "\u00a0" * 7, "Oui" + "\u00a0" * 7)
    assert data["html"] == MESSAGE.html


@pytest.mark.parametrize(
    ("name", "status", "code", "is_hard"),
    [
        ("lea", Status.DELIVERED, "sent", False),
        ("silent", Status.DELIVERED, "sent", False),
        ("email_dropped", Status.PERMANENT_FAILURE, "hard_bounce", False),
        ("email_mailbox_not_found", Status.PERMANENT_FAILURE, "mailbox_not_found", True),
        ("email_spam", Status.PERMANENT_FAILURE, "spam", False),
        ("email_blocklisted", Status.PERMANENT_FAILURE, "blocklisted", False),
        ("mailbox_full", Status.TEMPORARY_FAILURE, "mailbox_full", False),
        ("soft_bounce", Status.TEMPORARY_FAILURE, "soft_bounce", False),
        ("greylisted", Status.TEMPORARY_FAILURE, "greylisted", False),
        ("send_before_expiration", Status.TECHNICAL_FAILURE, "send_before_expiration", False),
        ("failed", Status.TECHNICAL_FAILURE, "failed", False),
        ("canceled", Status.TECHNICAL_FAILURE, "canceled", False),
        ("new", None, None, None),
        ("sending", None, None, None),
    ],
)
def test_lost_events_are_made_up_for_by_asking(
    client: ScalewayEmail, name: str, status: Status | None, code: str | None, is_hard: bool | None
) -> None:
    message = to(name)
    answer = client.send(message)
    assert isinstance(answer, Accepted)
    awaited = AwaitedReceipt(message.id, answer.reference, datetime.now(UTC))
    expected = [Receipt(status, code, message.id, answer.reference, None, is_hard)] if status else []
    assert client.poll_receipts([awaited]) == expected


def test_unknown_email_is_left_out_and_the_rest_is_asked_for(
    client: ScalewayEmail, emulator: ScalewayEmulator
) -> None:
    answer = client.send(MESSAGE)
    now = datetime.now(UTC)
    awaited = [
        AwaitedReceipt(uuid.uuid4(), "../domains", now),
        AwaitedReceipt(uuid.uuid4(), str(uuid.uuid4()), now),
        AwaitedReceipt(MESSAGE.id, answer.reference, now),
    ]
    assert [receipt.notification_id for receipt in client.poll_receipts(awaited)] == [MESSAGE.id]


class Answering(Emulator):
    """Gives each path its answer."""

    display_name = "Answering"
    answers: dict[str, Response]

    def __init__(self, **answers: Response) -> None:
        super().__init__("http://127.0.0.1:9")
        self.answers = answers

    @classmethod
    def environment(cls, address: str) -> dict[str, str]:
        return {}

    def is_handing_over(self, request: Request) -> bool:
        return False

    async def answer(self, request: Request) -> Response:
        name = request.path.removeprefix("/transactional-email/v1alpha1/regions/fr-par/").partition("/")[0]
        return self.answers[name]


@pytest.mark.parametrize("answer", [Response(429), Response(500), Response(401)])
def test_asking_stops_when_the_api_cannot_be_asked(answer: Response) -> None:
    awaited = [AwaitedReceipt(uuid.uuid4(), "x", datetime.now(UTC))] * 3
    emulator = Answering(emails=answer)
    with running(emulator) as address:
        assert make_client(address).poll_receipts(awaited) == []
    assert len(emulator.exchanges) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'"sent"', b'{"status": "sent", "flags": 1}', b"\xff"])
def test_state_that_cannot_be_read_says_nothing(body: bytes) -> None:
    awaited = [AwaitedReceipt(uuid.uuid4(), "x", datetime.now(UTC))]
    with running(Answering(emails=Response(200, body))) as address:
        receipts = make_client(address).poll_receipts(awaited)
    assert receipts == [] or receipts[0].status is Status.DELIVERED


def test_healthy_account_has_no_problems(client: ScalewayEmail) -> None:
    assert client.problems() == []


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"secret_key": "wrong"}, "SCALEWAY_SECRET_KEY"),
        ({"project_id": str(uuid.uuid4())}, "SCALEWAY_SECRET_KEY"),
        ({"domains": "autre.exemple.fr"}, "SCALEWAY_DOMAINS"),
        ({"topic_arns": "arn:scw:sns:fr-par:project-x:other"}, "SCALEWAY_TOPIC_ARNS"),
    ],
)
def test_wrong_setting_is_named(emulator: ScalewayEmulator, values: dict[str, str], word: str) -> None:
    [problem] = make_client(emulator.address, **values).problems()
    assert word in problem


DOMAINS = json_response(200, {"domains": [{"name": DOMAIN, "status": "checked"}]})


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        ({"domains": Response(500)}, "500"),
        ({"domains": DOMAINS, "webhooks": Response(403)}, "webhooks"),
        (
            {
                "domains": json_response(200, {"domains": [{"name": DOMAIN, "status": "pending"}]}),
                "webhooks": json_response(
                    200,
                    {
                        "webhooks": [
                            {
                                "sns_arn": ScalewayEmulator.topic_arn,
                                "event_types": [
                                    "email_delivered",
                                    "email_dropped",
                                    "email_mailbox_not_found",
                                    "email_spam",
                                    "email_blocklisted",
                                ],
                            }
                        ]
                    },
                ),
            },
            "pending",
        ),
        (
            {
                "domains": DOMAINS,
                "webhooks": json_response(
                    200,
                    {
                        "webhooks": [
                            {"sns_arn": ScalewayEmulator.topic_arn, "event_types": ["email_delivered"]}
                        ]
                    },
                ),
            },
            "email_spam",
        ),
        ({"domains": DOMAINS, "webhooks": Response(200, b"[]")}, "email_delivered"),
    ],
)
def test_state_of_the_account_is_told(answers: dict[str, Response], word: str) -> None:
    with running(Answering(**answers)) as address:
        [problem] = make_client(address).problems()
    assert word in problem


def test_environment_of_the_emulator_makes_a_client(
    emulator: ScalewayEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.environment(emulator.address).items():
        monkeypatch.setenv(name, value)
    client = ScalewayEmail.from_settings(load_settings())
    assert isinstance(client.send(MESSAGE), Accepted)
    assert not is_delivered_when_accepted(client)


def test_missing_settings_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEWAY_SNS_ORIGINS", "http://sns.exemple.fr")
    with pytest.raises(InvalidConfigurationError) as raised:
        ScalewayEmail.from_settings(load_settings())
    assert {problem.partition(":")[0] for problem in raised.value.problems} == {
        "SCALEWAY_SECRET_KEY",
        "SCALEWAY_PROJECT_ID",
        "SCALEWAY_WEBHOOK_SECRET",
        "SCALEWAY_TOPIC_ARNS",
        "SCALEWAY_SNS_ORIGINS",
    }


def test_trust_chain_must_hold_certificates(tmp_path: Path) -> None:
    (tmp_path / "chain.pem").write_text("nothing")
    with pytest.raises(InvalidConfigurationError):
        make_client("http://127.0.0.1:9", trust_chain_file=tmp_path / "chain.pem")


def test_secrets_stay_out_of_representations() -> None:
    settings = make_client("http://127.0.0.1:9")._own
    shown = f"{settings!r} {settings}"
    assert "emulated-webhook-secret" not in shown
    assert "11111111" not in shown
