"""What was left behind is found: due, unanswered, waiting for a receipt that never comes."""

import threading
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import redis
from sqlalchemy import text

from api.contract import CallbackType, KeyType, Status
from api.core.callbacks.commands import CALLBACK_PAYLOAD, set_callback
from api.core.delivery.claims import claim, record_accepted
from api.core.delivery.sweeps import republish_due_notifications, resolve_unknown_outcomes, time_out_sending
from api.providers.protocol import Accepted, NotSent
from api.queue import QueueName
from api.runtime import Runtime
from tests.api.core.delivery.scripted import Finding, Scripted, events_of, make_dispatcher, reload
from tests.factories import make_notification, make_notifications, make_service, make_template

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def only_these_messages(runtime: Runtime) -> None:
    with runtime.database.autocommit() as connection:
        connection.execute(text("TRUNCATE notifications, notification_events, callback_deliveries"))


@pytest.fixture
def template(runtime: Runtime):
    return make_template(runtime, make_service(runtime))


def published(runtime: Runtime, queue: QueueName) -> list[str]:
    """Identifiers in the messages of a queue, which is emptied."""
    client = redis.Redis.from_url(runtime.settings.broker)
    messages = [orjson.loads(raw) for raw in client.lrange(queue, 0, -1)]
    client.delete(queue)
    client.close()
    return [orjson.loads(b64decode(message["body"]))[0][0] for message in messages]


def now() -> datetime:
    return datetime.now(UTC)


def test_due_messages_are_published_to_their_queues_once(runtime, template):
    due = make_notification(runtime, template, due_at=now() - timedelta(seconds=1))
    test = make_notification(runtime, template, due_at=now(), key_type=KeyType.TEST)
    make_notification(runtime, template, due_at=now() + HOUR)
    make_notification(runtime, template, due_at=now() - HOUR, status="sending")
    assert republish_due_notifications(runtime) == 2
    assert published(runtime, QueueName.SEND_SMS) == [str(due.id)]
    assert published(runtime, QueueName.RESEARCH) == [str(test.id)]
    assert republish_due_notifications(runtime) == 0


@pytest.mark.parametrize(
    ("age", "wait"),
    [(timedelta(0), 300), (timedelta(minutes=12), 720), (timedelta(hours=9), 1800)],
    ids=["new", "waits for a while", "waits for long"],
)
def test_message_that_waits_in_a_long_queue_is_published_ever_more_rarely(runtime, template, age, wait):
    message = make_notification(runtime, template, created_at=now() - age, due_at=now())
    republish_due_notifications(runtime)
    due_in = reload(runtime, message.id).due_at - now()
    assert wait - 10 < due_in.total_seconds() <= wait + 10


def test_scheduled_message_counts_its_age_from_its_time(runtime, template):
    message = make_notification(
        runtime, template, created_at=now() - 50 * HOUR, scheduled_for=now(), due_at=now()
    )
    republish_due_notifications(runtime)
    assert (reload(runtime, message.id).due_at - now()).total_seconds() < 310


def test_sweeps_that_run_at_once_publish_each_message_once(runtime, template):
    ids = make_notifications(runtime, template, 2500, due_at=now() - HOUR)
    sweeps = [threading.Thread(target=republish_due_notifications, args=[runtime]) for _ in range(3)]
    for sweep in sweeps:
        sweep.start()
    for sweep in sweeps:
        sweep.join()
    republish_due_notifications(runtime)
    assert sorted(published(runtime, QueueName.SEND_SMS)) == [str(message_id) for message_id in ids]


def test_messages_come_due_again_when_the_queue_is_away(runtime, template, redis_server):
    message = make_notification(runtime, template, due_at=now())
    redis_server.stop()
    republish_due_notifications(runtime)
    redis_server.start()
    assert reload(runtime, message.id).due_at > now()


def lost(runtime: Runtime, template, **values):
    """Claimed by a worker that died."""
    message = make_notification(runtime, template)
    claim(runtime.database, message.id, "alpha")
    with runtime.database.autocommit() as connection:
        connection.execute(
            text("UPDATE notifications SET claimed_at = claimed_at - interval '3 minutes' WHERE id = :id"),
            {"id": message.id},
        )
    return message


def test_claim_without_an_answer_is_of_unknown_outcome(runtime, template):
    message = lost(runtime, template)
    fresh = make_notification(runtime, template)
    claim(runtime.database, fresh.id, "alpha")
    dispatcher = make_dispatcher(runtime, alpha=Scripted(Accepted("r")))
    assert resolve_unknown_outcomes(dispatcher) == 1
    found = reload(runtime, message.id)
    assert (found.status, found.outcome_unknown) == ("sending", True)
    assert events_of(runtime, message.id) == [("outcome-unknown", "alpha", "no answer was kept")]
    assert not reload(runtime, fresh.id).outcome_unknown
    assert resolve_unknown_outcomes(dispatcher) == 0, "it is noted once"


def test_provider_that_has_the_message_tells_its_reference(runtime, template):
    message = lost(runtime, template)
    provider = Finding(Accepted("r"))
    provider.found = Accepted("ref-9")
    resolve_unknown_outcomes(make_dispatcher(runtime, alpha=provider))
    found = reload(runtime, message.id)
    assert (found.status, found.outcome_unknown, found.reference) == ("sending", False, "ref-9")
    assert (found.sent_by, found.billable_units) == ("alpha", 1)
    assert found.sent_at is not None


def test_message_that_the_provider_never_had_is_tried_again(runtime, template):
    message = lost(runtime, template)
    provider = Finding(Accepted("r"))
    provider.found = NotSent("never had it")
    resolve_unknown_outcomes(make_dispatcher(runtime, alpha=provider))
    found = reload(runtime, message.id)
    assert (found.status, found.outcome_unknown, found.sent_by) == ("created", False, None)
    assert republish_due_notifications(runtime) == 1


def test_provider_that_cannot_tell_is_asked_again_later(runtime, template):
    message = lost(runtime, template)
    provider = Finding(Accepted("r"))
    dispatcher = make_dispatcher(runtime, alpha=provider)
    for _ in range(2):
        resolve_unknown_outcomes(dispatcher)
    assert provider.asked == 1
    found = reload(runtime, message.id)
    assert 170 < (found.due_at - now()).total_seconds() < 200
    with runtime.database.autocommit() as connection:
        connection.execute(text("UPDATE notifications SET due_at = now()"))
    resolve_unknown_outcomes(dispatcher)
    assert provider.asked == 2
    assert len(events_of(runtime, message.id)) == 1


def test_after_a_day_nobody_is_asked_any_more(runtime, template):
    message = lost(runtime, template)
    with runtime.database.autocommit() as connection:
        connection.execute(text("UPDATE notifications SET claimed_at = now() - interval '25 hours'"))
    dispatcher = make_dispatcher(runtime, alpha=Finding(Accepted("r")))
    resolve_unknown_outcomes(dispatcher)
    assert reload(runtime, message.id).due_at is None
    assert resolve_unknown_outcomes(dispatcher) == 0


def test_answer_that_comes_after_all_settles_it(runtime, template):
    message = lost(runtime, template)
    resolve_unknown_outcomes(make_dispatcher(runtime, alpha=Scripted(Accepted("r"))))
    record_accepted(runtime, message.id, "alpha", "late", 2, Status.SENDING)
    found = reload(runtime, message.id)
    assert (found.status, found.outcome_unknown, found.reference) == ("sending", False, "late")


@pytest.mark.parametrize(
    ("status", "hours", "ended"),
    [
        ("sending", 73, True),
        ("pending", 73, True),
        ("sending", 71, False),
        ("sent", 100, False),
        ("delivered", 100, False),
        ("created", 100, False),
    ],
)
@pytest.mark.parametrize("sent", [True, None], ids=["answered", "unanswered"])
def test_receipts_are_awaited_for_72_hours(runtime, template, status, hours, ended, sent):
    set_callback(
        runtime, template.service_id, CallbackType.DELIVERY_STATUS, "https://exemple.fr/s", "jeton-secret"
    )
    moment = now() - hours * HOUR
    message = make_notification(
        runtime, template, status=status, claimed_at=moment, sent_at=sent and moment, client_reference="rdv-1"
    )
    assert time_out_sending(runtime) == int(ended)
    assert time_out_sending(runtime) == 0
    assert reload(runtime, message.id).status == ("temporary-failure" if ended else status)
    with runtime.database.autocommit() as connection:
        payloads = connection.scalars(text("SELECT payload FROM callback_deliveries")).all()
    told = [orjson.loads(runtime.keyring.open(CALLBACK_PAYLOAD, payload)) for payload in payloads]
    assert [(data["status"], data["reference"]) for data in told] == [("temporary-failure", "rdv-1")] * ended


def test_many_are_ended_in_batches(runtime, template, monkeypatch):
    monkeypatch.setattr("api.core.delivery.sweeps._BATCH", 10)
    make_notifications(runtime, template, 35, status="sending", claimed_at=now() - 80 * HOUR)
    assert time_out_sending(runtime) == 35
