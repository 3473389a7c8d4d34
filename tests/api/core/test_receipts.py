"""What receipts change, in a real database: early, late, repeated, out of order, and about strangers."""

import itertools
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from kombu import Connection
from sqlalchemy import Row, select

from api.contract import CallbackType, Channel, Status
from api.core.callbacks.commands import CALLBACK_PAYLOAD, set_callback
from api.core.callbacks.models import CallbackDelivery
from api.core.delivery.claims import claim, record_accepted
from api.core.delivery.receipts import (
    ReceiptOutcome,
    apply_postponed_receipt,
    apply_receipt,
    apply_receipts,
)
from api.core.notifications.models import Notification, NotificationEvent
from api.core.templates.models import Template
from api.providers.protocol import Receipt
from api.queue import QueueName
from api.runtime import Runtime
from tests.factories import make_notification, make_service, make_template

APPLIED, UNCHANGED, POSTPONED = ReceiptOutcome.APPLIED, ReceiptOutcome.UNCHANGED, ReceiptOutcome.POSTPONED
FINAL = [Status.DELIVERED, Status.TEMPORARY_FAILURE, Status.PERMANENT_FAILURE, Status.TECHNICAL_FAILURE]
CLOSED = [*FINAL, Status.CANCELLED, Status.VALIDATION_FAILED, Status.RETURNED_LETTER]


@pytest.fixture
def template(runtime: Runtime) -> Template:
    return make_template(runtime, make_service(runtime))


def make_sent(runtime: Runtime, template: Template, **values: Any) -> Notification:
    """A message in the hands of the sandbox."""
    handed_over = {"status": Status.SENDING, "sent_by": "sandbox", "claimed_at": datetime.now(UTC)}
    return make_notification(runtime, template, **handed_over | values)


def apply(runtime: Runtime, status: Status, **which: Any) -> ReceiptOutcome:
    return apply_receipt(runtime, Channel.SMS, "sandbox", Receipt(status, "x", **which))


def read(runtime: Runtime, notification_id: uuid.UUID) -> Row[Any]:
    with runtime.database.autocommit() as connection:
        return connection.execute(
            select(Notification.__table__).where(Notification.id == notification_id)
        ).one()


def events(runtime: Runtime, notification_id: uuid.UUID) -> list[tuple[str, str, str]]:
    query = select(NotificationEvent.kind, NotificationEvent.provider, NotificationEvent.detail).where(
        NotificationEvent.notification_id == notification_id
    )
    with runtime.database.autocommit() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(NotificationEvent.id))]


def callbacks(runtime: Runtime, notification_id: uuid.UUID) -> list[dict[str, Any]]:
    query = select(CallbackDelivery.payload).where(CallbackDelivery.subject_id == notification_id)
    with runtime.database.autocommit() as connection:
        sealed = connection.scalars(query).all()
    return [orjson.loads(runtime.keyring.open(CALLBACK_PAYLOAD, payload)) for payload in sealed]


@pytest.mark.parametrize("before", [Status.SENDING, Status.PENDING, Status.SENT])
@pytest.mark.parametrize("told", FINAL)
def test_final_receipt_ends_an_open_message(
    runtime: Runtime, template: Template, before: Status, told: Status
) -> None:
    message = make_sent(runtime, template, status=before, outcome_unknown=True, due_at=datetime.now(UTC))
    assert apply(runtime, told, notification_id=message.id) is APPLIED
    row = read(runtime, message.id)
    assert (row.status, row.outcome_unknown, row.due_at) == (told, False, None)
    assert events(runtime, message.id) == [("receipt", "sandbox", f"{told} x")]


@pytest.mark.parametrize("before", CLOSED)
@pytest.mark.parametrize("told", [*FINAL, Status.PENDING])
def test_final_status_never_changes_again(
    runtime: Runtime, template: Template, before: Status, told: Status
) -> None:
    message = make_sent(runtime, template, status=before)
    assert apply(runtime, told, notification_id=message.id) is UNCHANGED
    assert read(runtime, message.id).status == before
    assert events(runtime, message.id) == []


@pytest.mark.parametrize(
    ("before", "outcome", "after"),
    [
        (Status.SENDING, APPLIED, Status.PENDING),
        (Status.PENDING, UNCHANGED, Status.PENDING),
        (Status.SENT, UNCHANGED, Status.SENT),
    ],
)
def test_intermediate_receipt_only_moves_forward(
    runtime: Runtime, template: Template, before: Status, outcome: ReceiptOutcome, after: Status
) -> None:
    message = make_sent(runtime, template, status=before)
    assert apply(runtime, Status.PENDING, notification_id=message.id) is outcome
    assert read(runtime, message.id).status == after


@pytest.mark.parametrize("told", [Status.CREATED, Status.SENDING, Status.SENT, Status.CANCELLED])
def test_receipt_cannot_say_what_is_not_a_provider_s_to_say(
    runtime: Runtime, template: Template, told: Status
) -> None:
    message = make_sent(runtime, template)
    assert apply(runtime, told, notification_id=message.id) is UNCHANGED
    assert read(runtime, message.id).status == Status.SENDING


def test_any_order_of_pending_and_delivered_ends_delivered(runtime: Runtime, template: Template) -> None:
    told = [Status.PENDING, Status.DELIVERED, Status.PENDING, Status.DELIVERED]
    for order in set(itertools.permutations(told)):
        message = make_sent(runtime, template)
        for status in order:
            apply(runtime, status, notification_id=message.id)
        assert read(runtime, message.id).status == Status.DELIVERED


def test_receipt_that_beats_the_worker_s_note_stays(runtime: Runtime, template: Template) -> None:
    message = make_notification(runtime, template, billable_units=0)
    assert claim(runtime.database, message.id, "sandbox") is not None
    assert apply(runtime, Status.DELIVERED, notification_id=message.id, reference="r1") is APPLIED
    record_accepted(runtime, message.id, "sandbox", "r1", 2, Status.SENDING)
    row = read(runtime, message.id)
    assert (row.status, row.reference, row.billable_units) == (Status.DELIVERED, "r1", 2)
    assert row.sent_at is not None


def test_message_given_back_for_another_try_is_not_sent_again_once_delivered(
    runtime: Runtime, template: Template
) -> None:
    message = make_sent(runtime, template, status=Status.CREATED, sent_by=None, due_at=datetime.now(UTC))
    assert apply(runtime, Status.DELIVERED, notification_id=message.id) is APPLIED
    assert claim(runtime.database, message.id, "sandbox") is None
    assert read(runtime, message.id).sent_by == "sandbox"


def test_message_that_nobody_was_given_cannot_be_delivered(runtime: Runtime, template: Template) -> None:
    message = make_notification(runtime, template)
    assert apply(runtime, Status.DELIVERED, notification_id=message.id) is UNCHANGED
    assert read(runtime, message.id).status == Status.CREATED


def test_receipt_about_another_provider_s_message_changes_nothing(
    runtime: Runtime, template: Template
) -> None:
    message = make_sent(runtime, template, sent_by="pigeon")
    assert apply(runtime, Status.DELIVERED, notification_id=message.id) is UNCHANGED


def test_receipt_on_the_other_channel_changes_nothing(runtime: Runtime, template: Template) -> None:
    message = make_sent(runtime, template)
    receipt = Receipt(Status.DELIVERED, "x", notification_id=message.id)
    assert apply_receipt(runtime, Channel.EMAIL, "sandbox", receipt) is UNCHANGED


def test_receipt_for_an_unknown_id_changes_nothing(runtime: Runtime) -> None:
    assert apply(runtime, Status.DELIVERED, notification_id=uuid.uuid4()) is UNCHANGED


def test_receipts_that_come_at_the_same_moment_are_applied_once(runtime: Runtime, template: Template) -> None:
    message = make_sent(runtime, template)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(
            pool.map(lambda _: apply(runtime, Status.DELIVERED, notification_id=message.id), range(8))
        )
    assert sorted(outcomes) == sorted([APPLIED, *[UNCHANGED] * 7])
    assert len(events(runtime, message.id)) == 1


def test_several_receipts_are_applied_in_their_order(runtime: Runtime, template: Template) -> None:
    first, second = make_sent(runtime, template), make_sent(runtime, template)
    receipts = [
        Receipt(Status.DELIVERED, "x", notification_id=first.id),
        Receipt(Status.PENDING, "x", notification_id=second.id),
        Receipt(Status.PERMANENT_FAILURE, "x", notification_id=first.id),
        Receipt(Status.TEMPORARY_FAILURE, "x", notification_id=second.id),
    ]
    outcomes = apply_receipts(runtime, Channel.SMS, "sandbox", receipts)
    assert outcomes == [APPLIED, APPLIED, UNCHANGED, APPLIED]
    assert read(runtime, first.id).status == Status.DELIVERED
    assert read(runtime, second.id).status == Status.TEMPORARY_FAILURE


def test_long_codes_of_providers_are_cut(runtime: Runtime, template: Template) -> None:
    message = make_sent(runtime, template)
    receipt = Receipt(Status.DELIVERED, "x" * 1000, notification_id=message.id)
    apply_receipt(runtime, Channel.SMS, "sandbox", receipt)
    assert len(events(runtime, message.id)[0][2]) == 200


def test_service_hears_of_a_final_status_once(runtime: Runtime, template: Template) -> None:
    set_callback(
        runtime, template.service_id, CallbackType.DELIVERY_STATUS, "https://exemple.fr/c", "0123456789"
    )
    message = make_sent(runtime, template, client_reference="rdv-1")
    apply(runtime, Status.PENDING, notification_id=message.id)
    assert callbacks(runtime, message.id) == []
    apply(runtime, Status.DELIVERED, notification_id=message.id)
    apply(runtime, Status.PERMANENT_FAILURE, notification_id=message.id)
    [told] = callbacks(runtime, message.id)
    assert (told["id"], told["status"], told["reference"]) == (str(message.id), "delivered", "rdv-1")
    assert told["sent_at"]
    assert told["completed_at"]


def test_service_without_a_callback_is_told_nothing(runtime: Runtime, template: Template) -> None:
    message = make_sent(runtime, template)
    apply(runtime, Status.DELIVERED, notification_id=message.id)
    assert callbacks(runtime, message.id) == []


def test_fragments_that_a_dead_worker_owes_are_counted(runtime: Runtime) -> None:
    service = make_service(runtime, prefix_sms=False)
    template = make_template(runtime, service, content="((nom))")
    message = make_sent(
        runtime,
        template,
        personalisation={"nom": "a" * 161},
        billable_units=0,
        claimed_at=datetime.now(UTC) - timedelta(minutes=5),
    )
    apply(runtime, Status.DELIVERED, notification_id=message.id)
    assert read(runtime, message.id).billable_units == 2


def test_fragments_of_a_worker_at_work_are_left_to_it(runtime: Runtime, template: Template) -> None:
    message = make_sent(runtime, template, billable_units=0)
    apply(runtime, Status.DELIVERED, notification_id=message.id)
    assert read(runtime, message.id).billable_units == 0


def test_message_is_found_by_the_provider_s_reference(runtime: Runtime, template: Template) -> None:
    reference = uuid.uuid4().hex
    message = make_sent(runtime, template, reference=reference)
    assert apply(runtime, Status.DELIVERED, reference=reference) is APPLIED
    assert apply(runtime, Status.DELIVERED, reference=reference) is UNCHANGED
    assert read(runtime, message.id).status == Status.DELIVERED


def test_receipt_with_a_reference_that_nobody_wrote_yet_is_postponed_and_applied_later(
    runtime: Runtime, template: Template
) -> None:
    reference = uuid.uuid4().hex
    message = make_sent(runtime, template)
    assert apply(runtime, Status.DELIVERED, reference=reference) is POSTPONED
    [document] = take_postponed(runtime)
    assert apply_postponed_receipt(runtime, document) is POSTPONED
    assert take_postponed(runtime) == []
    record_accepted(runtime, message.id, "sandbox", reference, 1, Status.SENDING)
    assert apply_postponed_receipt(runtime, document) is APPLIED
    assert apply_postponed_receipt(runtime, document) is UNCHANGED
    assert read(runtime, message.id).status == Status.DELIVERED


def test_reference_that_stays_unknown_is_given_up_after_five_minutes(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    apply(runtime, Status.DELIVERED, reference="never")
    [document] = take_postponed(runtime)
    old = orjson.loads(document) | {"received_at": datetime.now(UTC) - timedelta(minutes=5, seconds=1)}
    assert apply_postponed_receipt(runtime, orjson.dumps(old).decode()) is UNCHANGED
    assert "receipt_for_unknown_reference" in caplog.text
    assert "never" not in caplog.text


def take_postponed(runtime: Runtime) -> list[str]:
    """The arguments of the tasks that wait on the queue."""
    found: list[str] = []
    with Connection(runtime.settings.broker) as connection:
        while message := connection.default_channel.basic_get(str(QueueName.RECEIPTS), no_ack=True):
            found.append(message.decode()[0][0])
    return found
