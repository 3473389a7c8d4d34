"""Complaints, opt-outs and hard bounces that providers tell of, beside ordinary receipts."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from kombu import Connection
from sqlalchemy import select

from api.contract import CallbackType, Channel, KeyType, Status
from api.core.callbacks.commands import CALLBACK_PAYLOAD, set_callback
from api.core.callbacks.models import CallbackDelivery
from api.core.complaints.models import Complaint as StoredComplaint
from api.core.delivery.claims import record_accepted
from api.core.delivery.receipts import ReceiptOutcome, apply_events, apply_postponed_receipt
from api.core.notifications.models import Notification
from api.core.suppressions.models import Suppression
from api.core.templates.models import Template
from api.providers.protocol import Complaint, OptOut, ProviderEvent, Receipt
from api.queue import QueueName, QueueUnavailableError
from api.runtime import Runtime
from tests.api.core.delivery.scripted import reload
from tests.factories import make_history, make_notification, make_service, make_template

MOMENT = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


@pytest.fixture
def template(runtime: Runtime) -> Template:
    service = make_service(runtime)
    set_callback(runtime, service.id, CallbackType.COMPLAINT, "https://exemple.fr/plaintes", "0123456789")
    return make_template(runtime, service, Channel.EMAIL)


def make_sent(runtime: Runtime, template: Template, **values: Any) -> Notification:
    """An e-mail in the hands of the sandbox, to an address of its own."""
    address = f"lea.{uuid.uuid4().hex}@exemple.fr"
    sent = {"status": Status.SENDING, "sent_by": "sandbox", "claimed_at": datetime.now(UTC)}
    return make_notification(runtime, template, to=address.title(), normalised_to=address, **sent | values)


def tell(runtime: Runtime, *events: ProviderEvent, channel: Channel = Channel.EMAIL) -> None:
    apply_events(runtime, channel, "sandbox", events)


def bounce(**which: Any) -> Receipt:
    return Receipt(Status.PERMANENT_FAILURE, "5.1.1", is_hard_bounce=True, **which)


def complaints(runtime: Runtime, notification_id: uuid.UUID) -> list[StoredComplaint]:
    with runtime.database.session() as session:
        return list(
            session.scalars(select(StoredComplaint).where(StoredComplaint.notification_id == notification_id))
        )


def told(runtime: Runtime, notification_id: uuid.UUID) -> list[dict[str, Any]]:
    query = select(CallbackDelivery.payload).where(
        CallbackDelivery.subject_id == notification_id, CallbackDelivery.callback_type == "complaint"
    )
    with runtime.database.session() as session:
        return [
            orjson.loads(runtime.keyring.open(CALLBACK_PAYLOAD, value)) for value in session.scalars(query)
        ]


def suppression_of(runtime: Runtime, recipient: str) -> Suppression | None:
    with runtime.database.session() as session:
        return session.scalar(select(Suppression).where(Suppression.recipient == recipient))


def reason_for(runtime: Runtime, message: Notification) -> str | None:
    found = suppression_of(runtime, message.normalised_to)
    return found and found.reason


def test_complaint_is_kept_told_and_heeded_and_the_status_stays(runtime: Runtime, template: Template) -> None:
    message = make_sent(runtime, template, client_reference="dossier-7", status=Status.DELIVERED)
    feedback_id = uuid.uuid4().hex
    tell(runtime, Complaint(feedback_id, "abuse", notification_id=message.id, occurred_at=MOMENT))
    [stored] = complaints(runtime, message.id)
    assert (stored.service_id, stored.provider, stored.feedback_id) == (
        template.service_id,
        "sandbox",
        feedback_id,
    )
    assert (stored.complaint_type, stored.complained_at) == ("abuse", MOMENT)
    assert told(runtime, message.id) == [
        {
            "notification_id": str(message.id),
            "complaint_id": str(stored.id),
            "reference": "dossier-7",
            "to": message.to,
            "complaint_date": "2026-11-25T09:30:00.000000Z",
        }
    ]
    assert reload(runtime, message.id).status == Status.DELIVERED
    suppression = suppression_of(runtime, message.normalised_to)
    assert suppression is not None
    assert (suppression.channel, suppression.reason, suppression.detail) == ("email", "complaint", "abuse")
    assert suppression.notification_id == message.id


def test_complaint_told_twice_counts_once(runtime: Runtime, template: Template) -> None:
    message = make_sent(runtime, template)
    complaint = Complaint(uuid.uuid4().hex, notification_id=message.id)
    tell(runtime, complaint, complaint)
    tell(runtime, complaint)
    assert (len(complaints(runtime, message.id)), len(told(runtime, message.id))) == (1, 1)


def test_service_that_does_not_want_to_hear_of_complaints_does_not(runtime: Runtime) -> None:
    message = make_sent(runtime, make_template(runtime, make_service(runtime), Channel.EMAIL))
    tell(runtime, Complaint(uuid.uuid4().hex, notification_id=message.id))
    assert (len(complaints(runtime, message.id)), told(runtime, message.id)) == (1, [])


@pytest.mark.parametrize("changes", [{"sent_by": "pigeon"}, {"id": uuid.uuid4()}])
def test_complaint_about_somebody_else_s_message_is_nothing(
    runtime: Runtime, template: Template, changes: dict[str, Any]
) -> None:
    message = make_sent(runtime, template, **changes)
    which = message.id if "sent_by" in changes else uuid.uuid4()
    tell(runtime, Complaint(uuid.uuid4().hex, notification_id=which, recipient=message.normalised_to))
    assert complaints(runtime, message.id) == []
    assert reason_for(runtime, message) is None


def test_complaint_about_a_message_past_its_retention_is_heeded(runtime: Runtime, template: Template) -> None:
    past = make_history(
        runtime, template, notification_type="email", sent_by="sandbox", client_reference="d-7"
    )
    address = f"{uuid.uuid4().hex}@exemple.fr"
    tell(runtime, Complaint(uuid.uuid4().hex, notification_id=past.id, recipient=address.title()))
    [payload] = told(runtime, past.id)
    assert (payload["reference"], payload["to"]) == ("d-7", address.title())
    found = suppression_of(runtime, address)
    assert found is not None
    assert found.reason == "complaint"


def test_complaint_that_beats_the_reference_it_names_is_put_off(runtime: Runtime, template: Template) -> None:
    reference = uuid.uuid4().hex
    message = make_sent(runtime, template)
    about = Complaint(
        uuid.uuid4().hex, "abuse", reference=reference, recipient=message.to, occurred_at=MOMENT
    )
    tell(runtime, about)
    [document] = take_postponed(runtime)
    assert message.to not in document
    assert apply_postponed_receipt(runtime, document) is ReceiptOutcome.POSTPONED
    record_accepted(runtime, message.id, "sandbox", reference, 0, Status.SENDING)
    assert apply_postponed_receipt(runtime, document) is ReceiptOutcome.APPLIED
    assert apply_postponed_receipt(runtime, document) is ReceiptOutcome.UNCHANGED
    [stored] = complaints(runtime, message.id)
    assert (stored.feedback_id, stored.complained_at) == (about.feedback_id, MOMENT)


def test_complaint_about_a_reference_that_stays_unknown_is_given_up(runtime: Runtime) -> None:
    tell(runtime, Complaint(uuid.uuid4().hex, reference=uuid.uuid4().hex))
    [document] = take_postponed(runtime)
    old = orjson.loads(document) | {"received_at": datetime.now(UTC) - timedelta(minutes=5, seconds=1)}
    assert apply_postponed_receipt(runtime, orjson.dumps(old).decode()) is ReceiptOutcome.UNCHANGED


def test_hard_bounce_suppresses_with_the_receipt(runtime: Runtime, template: Template) -> None:
    message = make_sent(runtime, template)
    tell(runtime, bounce(notification_id=message.id))
    assert reload(runtime, message.id).status == Status.PERMANENT_FAILURE
    assert reason_for(runtime, message) == "hard-bounce"


def test_failure_that_is_no_hard_bounce_suppresses_nobody(runtime: Runtime, template: Template) -> None:
    message = make_sent(runtime, template)
    tell(runtime, Receipt(Status.PERMANENT_FAILURE, "5.2.1", notification_id=message.id))
    assert reason_for(runtime, message) is None


@pytest.mark.parametrize("changes", [{"sent_by": "pigeon"}, {"key_type": KeyType.TEST}])
def test_hard_bounce_of_another_provider_s_or_a_test_message_suppresses_nobody(
    runtime: Runtime, template: Template, changes: dict[str, Any]
) -> None:
    message = make_sent(runtime, template, **changes)
    tell(runtime, bounce(notification_id=message.id))
    assert reason_for(runtime, message) is None


def test_hard_bounce_that_beats_its_reference_suppresses_when_it_is_applied(
    runtime: Runtime, template: Template
) -> None:
    reference = uuid.uuid4().hex
    message = make_sent(runtime, template)
    tell(runtime, bounce(reference=reference))
    [document] = take_postponed(runtime)
    assert reason_for(runtime, message) is None
    record_accepted(runtime, message.id, "sandbox", reference, 0, Status.SENDING)
    assert apply_postponed_receipt(runtime, document) is ReceiptOutcome.APPLIED
    assert reason_for(runtime, message) == "hard-bounce"


def test_what_a_person_asked_for_outweighs_a_bounce_and_is_never_replaced(
    runtime: Runtime, template: Template
) -> None:
    message = make_sent(runtime, template)
    tell(runtime, bounce(notification_id=message.id))
    tell(runtime, Complaint(uuid.uuid4().hex, notification_id=message.id))
    assert reason_for(runtime, message) == "complaint"
    tell(runtime, bounce(notification_id=message.id))
    assert reason_for(runtime, message) == "complaint"


def test_stop_is_recorded_by_number_once(runtime: Runtime) -> None:
    number = f"336{uuid.uuid4().int % 10**8:08}"
    tell(runtime, OptOut(f"+{number}"), OptOut(number), channel=Channel.SMS)
    found = suppression_of(runtime, number)
    assert found is not None
    assert (found.channel, found.reason, found.provider) == ("sms", "opt-out", "sandbox")


def test_unsubscribing_by_e_mail_is_left_to_the_service(runtime: Runtime) -> None:
    address = f"{uuid.uuid4().hex}@exemple.fr"
    tell(runtime, OptOut(address))
    assert suppression_of(runtime, address) is None


def test_all_kinds_in_one_call(runtime: Runtime, template: Template) -> None:
    first, second = make_sent(runtime, template), make_sent(runtime, template)
    tell(
        runtime,
        Complaint(uuid.uuid4().hex, notification_id=first.id),
        Receipt(Status.DELIVERED, "ok", notification_id=first.id),
        bounce(notification_id=second.id),
    )
    assert reload(runtime, first.id).status == Status.DELIVERED
    assert [reason_for(runtime, message) for message in (first, second)] == ["complaint", "hard-bounce"]


def test_provider_is_asked_to_come_again_when_a_complaint_cannot_be_put_off(
    runtime: Runtime, redis_server: Any
) -> None:
    redis_server.stop()
    with pytest.raises(QueueUnavailableError):
        tell(runtime, Complaint(uuid.uuid4().hex, reference=uuid.uuid4().hex))


def take_postponed(runtime: Runtime) -> list[str]:
    found: list[str] = []
    with Connection(runtime.settings.broker) as connection:
        while message := connection.default_channel.basic_get(str(QueueName.RECEIPTS), no_ack=True):
            found.append(message.decode()[0][0])
    return found
