"""What Scaleway's topic tells: proof, subscription, and what each event makes of a message."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from prometheus_client import REGISTRY

from api.contract import Status
from api.providers.emulation import Conduct, running
from api.providers.protocol import (
    Accepted,
    Complaint,
    ForbiddenRequestError,
    MalformedRequestError,
    ProviderRequest,
    Receipt,
    UnauthenticatedRequestError,
)
from api.providers.sns_emulation import signing_certificate
from api.runtime import Runtime
from patches.email_scaleway.client import ScalewayEmail
from patches.email_scaleway.emulator import ScalewayEmulator
from patches.email_scaleway.outcomes import read_event
from tests.api.providers.topics import (
    ReceivingApi,
    api_with,
    deliver_emails,
    make_certificate,
    receiving_api,
    settle,
    status_of,
    wait_until,
)
from tests.patches.email_scaleway.conftest import make_client, to

PROMPT = Conduct(receipt_delay_seconds=0)


@pytest.fixture
def api() -> Iterator[ReceivingApi]:
    with receiving_api() as api:
        yield api


@pytest.fixture
def emulator(api: ReceivingApi) -> Iterator[ScalewayEmulator]:
    emulator = ScalewayEmulator(api.url)
    emulator.conduct = PROMPT
    with running(emulator):
        yield emulator
        settle(emulator)


@pytest.fixture
def client(api: ReceivingApi, emulator: ScalewayEmulator) -> Iterator[ScalewayEmail]:
    client = make_client(emulator.address)
    api.provider = client
    yield client
    client.close()


@pytest.mark.parametrize(
    ("name", "status", "code", "is_hard"),
    [
        ("lea", Status.DELIVERED, "email_delivered 250", False),
        ("email_deferred", Status.DELIVERED, "email_delivered 250", False),
        ("email_dropped", Status.PERMANENT_FAILURE, "email_dropped 550", False),
        ("email_mailbox_not_found", Status.PERMANENT_FAILURE, "email_mailbox_not_found 550", True),
        ("email_spam", Status.PERMANENT_FAILURE, "email_spam 550", False),
    ],
)
def test_events_become_receipts(
    api: ReceivingApi, client: ScalewayEmail, name: str, status: Status, code: str, is_hard: bool
) -> None:
    message = to(name)
    answer = client.send(message)
    assert isinstance(answer, Accepted)
    receipt, *_ = api.wait_for_events(1, message.id)
    assert isinstance(receipt, Receipt)
    assert (receipt.status, receipt.code, receipt.is_hard_bounce) == (status, code, is_hard)
    assert (receipt.notification_id, receipt.reference) == (message.id, answer.reference)
    assert receipt.occurred_at is not None


@pytest.mark.parametrize(
    ("name", "status", "code", "is_hard"),
    [
        ("email_blocklisted", Status.PERMANENT_FAILURE, "email_blocklisted mailbox_not_found", True),
        ("blocklisted_full", Status.TEMPORARY_FAILURE, "email_blocklisted mailbox_full", False),
    ],
)
def test_refusal_by_a_blocklist_is_matched_by_our_header(
    api: ReceivingApi, client: ScalewayEmail, name: str, status: Status, code: str, is_hard: bool
) -> None:
    """The event has no `email_id`."""
    message = to(name)
    client.send(message)
    [receipt] = api.wait_for_events(1, message.id)
    assert (receipt.status, receipt.code, receipt.reference) == (status, code, None)
    assert receipt.is_hard_bounce is is_hard


def test_refusal_by_a_blocklist_that_nothing_identifies_is_counted() -> None:
    def count() -> float:
        labels = {"provider": "scaleway", "outcome": "unmatched"}
        return REGISTRY.get_sample_value("provider_receipts_total", labels) or 0

    before = count()
    event = {"id": "1", "type": "email_blocklisted", "email_to": "lea@exemple.fr", "email_headers": []}
    assert read_event("scaleway", orjson.dumps(event).decode()) == []
    assert count() == before + 1


def test_spam_is_a_complaint_too(api: ReceivingApi, client: ScalewayEmail) -> None:
    message = to("email_spam")
    client.send(message)
    receipt, complaint = api.wait_for_events(2, message.id)
    assert isinstance(complaint, Complaint)
    assert (complaint.recipient, complaint.reference) == (message.to, receipt.reference)
    assert complaint.feedback_id


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "email_queued"}, []),
        ({"type": "email_deferred"}, []),
        ({"type": "blocklist_created", "blocklist_type": "mailbox_full"}, []),
        ({"type": "unknown_type"}, []),
        (
            {"type": "email_delivered", "email_id": "e-1", "email_headers": None},
            [Receipt(Status.DELIVERED, "email_delivered", reference="e-1")],
        ),
        (
            {"type": "email_blocklisted", "email_id": "e-1", "blocklist_type": "by_hand"},
            [Receipt(Status.PERMANENT_FAILURE, "email_blocklisted", reference="e-1")],
        ),
        (
            {"type": "email_dropped", "email_id": "e-1", "email_response_code": "550 lea@exemple.fr"},
            [Receipt(Status.PERMANENT_FAILURE, "email_dropped", reference="e-1")],
        ),
    ],
)
def test_other_events(event: dict[str, Any], expected: list[Receipt]) -> None:
    assert read_event("scaleway", orjson.dumps(event).decode()) == expected


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        {"type": ["email_delivered"]},
        {"type": "email_delivered", "email_id": "x", "email_sent_at": "yesterday"},
        {"type": "email_delivered", "email_id": "x", "email_headers": [{}]},
        {"type": "email_delivered", "email_headers": [{"key": "X-Notification-Id", "value": "x"}]},
        {"type": "email_spam", "email_id": "x"},
    ],
)
def test_event_without_sense_is_malformed(event: Any) -> None:
    with pytest.raises(MalformedRequestError):
        read_event("scaleway", orjson.dumps(event).decode())


def test_wrong_proof_is_refused_until_it_is_right(
    api: ReceivingApi, client: ScalewayEmail, emulator: ScalewayEmulator
) -> None:
    emulator.conduct = Conduct(receipt_delay_seconds=0, wrong_signature=True)
    message = to("lea")
    client.send(message)
    api.wait_for_status(403)
    assert not api.events_of(message.id)
    emulator.conduct = PROMPT
    api.wait_for_events(1, message.id)


def recorded(api: ReceivingApi, client: ScalewayEmail) -> ProviderRequest:
    """A true request about a message that was delivered."""
    message = to("lea")
    client.send(message)
    api.wait_for_events(1, message.id)
    return next(asked for asked in api.requests[::-1] if b"email_delivered" in asked.body)


def changed(request: ProviderRequest, **fields: str) -> ProviderRequest:
    return replace(request, headers={}, body=orjson.dumps(orjson.loads(request.body) | fields))


def test_each_proof_is_asked_for(api: ReceivingApi, client: ScalewayEmail) -> None:
    request = recorded(api, client)
    assert len(client.parse_receipts(request)) == 1
    for wrong, error in [
        (replace(request, query={}), UnauthenticatedRequestError),
        (replace(request, query={"secret": "é"}), ForbiddenRequestError),
        (changed(request, TopicArn="arn:scw:sns:fr-par:project-x:other"), ForbiddenRequestError),
        (changed(request, MessageId="another"), ForbiddenRequestError),
        (changed(request, Signature=""), UnauthenticatedRequestError),
    ]:
        with pytest.raises(error):
            client.parse_receipts(wrong)


def test_without_signatures_the_secret_and_the_topic_are_the_proof(
    api: ReceivingApi, client: ScalewayEmail, emulator: ScalewayEmulator
) -> None:
    unsigned = changed(recorded(api, client), Signature="")
    trusting = make_client(emulator.address, verify_signature="false")
    assert len(trusting.parse_receipts(unsigned)) == 1
    for wrong in (
        replace(unsigned, query={"secret": "wrong"}),
        changed(unsigned, TopicArn="arn:scw:sns:fr-par:project-x:other"),
    ):
        with pytest.raises(ForbiddenRequestError):
            trusting.parse_receipts(wrong)


def test_certificate_of_another_authority_is_refused(
    api: ReceivingApi, client: ScalewayEmail, emulator: ScalewayEmulator, tmp_path: Path
) -> None:
    request = recorded(api, client)
    own, other = tmp_path / "own.pem", tmp_path / "other.pem"
    own.write_bytes(signing_certificate())
    other.write_bytes(make_certificate(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    assert len(make_client(emulator.address, trust_chain_file=own).parse_receipts(request)) == 1
    with pytest.raises(ForbiddenRequestError):
        make_client(emulator.address, trust_chain_file=other).parse_receipts(request)


def test_email_ends_as_its_events_say(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the worker to Scaleway and back over the route of receipts, with the subscription confirmed on the way."""
    expected = {
        "lea": "delivered",
        "email_dropped": "permanent-failure",
        "blocklisted_full": "temporary-failure",
    }
    emulator = ScalewayEmulator("http://127.0.0.1:9")
    emulator.conduct = PROMPT
    slots = replace(runtime.slots, email_providers={"scaleway": ScalewayEmail.from_settings})
    with running(emulator) as address:
        for name, value in emulator.environment(address).items():
            monkeypatch.setenv(name, value)
        with api_with(runtime, slots, email_providers=["scaleway"]) as (own, emulator.api_url):
            provider = ScalewayEmail.from_settings(own.settings)
            sent = deliver_emails(own, "scaleway", provider, list(expected))
            wait_until(lambda: {name: status_of(own, key) for name, key in sent.items()} == expected)
            settle(emulator)
