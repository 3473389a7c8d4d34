"""Texts that meet quiet hours on their way: when accepted, in a job, when their turn comes."""

import uuid
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import redis
from sqlalchemy import text, update

from api.app import create_app
from api.contract import SIMULATED_PHONE_NUMBERS, Channel, JobStatus, KeyType
from api.core.delivery.deliver import deliver
from api.core.delivery.sweeps import republish_due_notifications
from api.core.events.commands import Actor
from api.core.jobs.models import Job
from api.core.jobs.process import process_job
from api.core.jobs.rows import JobRow, object_key, write_rows
from api.core.notifications.holding import count_held, release_held
from api.core.notifications.models import Notification
from api.core.services.models import Service
from api.core.templates.models import Template
from api.db.ids import uuid7
from api.providers.protocol import Accepted, NotSent
from api.queue import QueueName
from api.runtime import Runtime
from tests.api.core.delivery.scripted import Scripted, events_of, make_dispatcher, reload
from tests.factories import make_key, make_notification, make_service, make_template
from tests.patches.quiet_hours.conftest import FREE_NUMBER, HELD_NUMBER, HOUR, REUNION

ACCEPTED = Accepted("ref-1")
ACTOR = Actor(via="test")


@pytest.fixture
def template(runtime: Runtime, service: Service) -> Template:
    return make_template(runtime, service)


class Sender:
    """A team's program, with the official routes."""

    def __init__(self, runtime: Runtime, service: Service, key_type: KeyType = KeyType.NORMAL) -> None:
        self._client = create_app(runtime.settings, runtime).test_client()
        self._key = make_key(runtime, service, key_type)

    def send(self, template: Template, number: str = HELD_NUMBER, **body: object):
        body |= {"template_id": str(template.id), "personalisation": {"nom": "Léa"}}
        kind = "email" if template.template_type == Channel.EMAIL else "sms"
        body |= {"email_address": "lea@exemple.fr"} if kind == "email" else {"phone_number": number}
        answer = self._client.post(f"/v2/notifications/{kind}", json=body, headers=self._key.headers)
        assert answer.status_code == 201, answer.get_data()
        return answer.get_json()

    def read(self, identifier: str):
        return self._client.get(f"/v2/notifications/{identifier}", headers=self._key.headers).get_json()


def published(runtime: Runtime, queue: QueueName = QueueName.SEND_SMS) -> list[str]:
    """Identifiers in the messages of a queue, which is emptied."""
    client = redis.Redis.from_url(runtime.settings.broker)
    messages = [orjson.loads(raw) for raw in client.lrange(queue, 0, -1)]
    client.delete(queue)
    client.close()
    return [orjson.loads(b64decode(message["body"]))[0][0] for message in messages]


def set_columns(runtime: Runtime, row: Service | Template, **values: object) -> None:
    with runtime.unit_of_work() as work:
        work.session.execute(update(type(row)).where(type(row).id == row.id).values(**values))


def come_due(runtime: Runtime) -> None:
    with runtime.database.autocommit() as connection:
        connection.execute(text("UPDATE notifications SET due_at = now(), scheduled_for = now()"))


def shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def test_text_waits_for_the_end_of_its_recipients_quiet_hours(runtime, service, template, opening):
    sender = Sender(runtime, service)
    answer = sender.send(template)
    assert answer["scheduled_for"] == shown(opening)
    found = reload(runtime, uuid.UUID(answer["id"]))
    assert (found.status, found.scheduled_for, found.due_at) == ("created", opening, opening)
    assert published(runtime) == []
    ((kind, provider, detail),) = events_of(runtime, found.id)
    assert (kind, provider) == ("held", None)
    assert detail == f"until {opening:%Y-%m-%d %H:%M} UTC: quiet hours in Indian/Reunion"
    read = sender.read(answer["id"])
    assert (read["status"], read["scheduled_for"]) == ("created", shown(opening))


def test_text_to_where_it_is_another_hour_goes_out_at_once(runtime, service, template):
    answer = Sender(runtime, service).send(template, FREE_NUMBER)
    assert answer["scheduled_for"] is None
    assert published(runtime) == [answer["id"]]
    assert events_of(runtime, uuid.UUID(answer["id"])) == []


def test_what_may_not_wait_goes_out_at_once(runtime, service, template):
    urgent = make_template(runtime, service, is_urgent=True)
    answer = Sender(runtime, service).send(urgent)
    assert (answer["scheduled_for"], published(runtime)) == (None, [answer["id"]])
    answer = Sender(runtime, service, KeyType.TEST).send(template)
    assert (answer["scheduled_for"], published(runtime, QueueName.RESEARCH)) == (None, [answer["id"]])
    answer = Sender(runtime, service).send(template, "+" + min(SIMULATED_PHONE_NUMBERS))
    assert answer["scheduled_for"] is None
    answer = Sender(runtime, service).send(make_template(runtime, service, Channel.EMAIL))
    assert (answer["scheduled_for"], published(runtime, QueueName.SEND_EMAIL)) == (None, [answer["id"]])


def test_service_without_quiet_hours_holds_nothing(runtime):
    service = make_service(runtime)
    answer = Sender(runtime, service).send(make_template(runtime, service))
    assert (answer["scheduled_for"], published(runtime)) == (None, [answer["id"]])


def test_time_that_the_caller_chose_is_put_off_only_into_open_hours(runtime, service, template, opening):
    sender = Sender(runtime, service)
    wanted = opening - HOUR / 2
    answer = sender.send(template, scheduled_for=wanted.isoformat())
    assert answer["scheduled_for"] == shown(opening)
    answer = sender.send(template, scheduled_for=(opening + HOUR).isoformat())
    assert answer["scheduled_for"] == shown(opening + HOUR)
    assert events_of(runtime, uuid.UUID(answer["id"])) == []


def make_job(runtime: Runtime, template: Template, numbers: list[str]) -> Job:
    rows = [JobRow(number, recipient, {"nom": "Léa"}) for number, recipient in enumerate(numbers)]
    job = Job(
        id=uuid7(),
        service_id=template.service_id,
        template_id=template.id,
        template_version=1,
        original_file_name="liste.csv",
        notification_count=len(rows),
        key_type=KeyType.NORMAL,
        job_status=JobStatus.PENDING,
        due_at=datetime.now(UTC) + timedelta(minutes=5),
        created_at=datetime.now(UTC),
    )
    runtime.objects.put(object_key(job.id), write_rows(rows))
    with runtime.unit_of_work() as work:
        work.session.add(job)
    return job


def messages_of(runtime: Runtime, job: Job) -> list[Notification]:
    with runtime.database.session() as session:
        return list(
            session.query(Notification)
            .filter(Notification.job_id == job.id)
            .order_by(Notification.job_row_number)
        )


def test_rows_of_a_job_wait_each_for_its_recipient(runtime, service, template, opening):
    job = make_job(runtime, template, [HELD_NUMBER, FREE_NUMBER, "not a number", HELD_NUMBER])
    process_job(runtime, job.id)
    held, free, invalid, held_too = messages_of(runtime, job)
    assert (held.scheduled_for, held_too.scheduled_for) == (opening, opening)
    assert (free.scheduled_for, invalid.scheduled_for, invalid.due_at) == (None, None, None)
    assert published(runtime) == [str(free.id)]
    assert [kind for kind, _, _ in events_of(runtime, held.id)] == ["held"]
    assert events_of(runtime, invalid.id) == []


def test_job_that_runs_twice_tells_of_a_wait_once(runtime, service, template):
    job = make_job(runtime, template, [HELD_NUMBER])
    for _ in range(2):
        process_job(runtime, job.id)
        with runtime.database.autocommit() as connection:
            connection.execute(text("UPDATE jobs SET job_status = 'pending', rows_done = 0"))
    (message,) = messages_of(runtime, job)
    assert len(events_of(runtime, message.id)) == 1


def test_job_of_an_urgent_template_does_not_wait(runtime, service):
    job = make_job(runtime, make_template(runtime, service, is_urgent=True), [HELD_NUMBER])
    process_job(runtime, job.id)
    assert [message.scheduled_for for message in messages_of(runtime, job)] == [None]


def waiting_in_the_queue(runtime: Runtime, template: Template, **values) -> Notification:
    """Accepted before the quiet hours began."""
    number = HELD_NUMBER.removeprefix("+")
    return make_notification(runtime, template, to=HELD_NUMBER, normalised_to=number, **values)


def test_turn_that_comes_in_quiet_hours_is_put_off_and_is_no_attempt(runtime, template, opening):
    message = waiting_in_the_queue(runtime, template, attempts=3)
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(runtime, alpha=provider), Channel.SMS, message.id)
    found = reload(runtime, message.id)
    assert provider.given == []
    assert (found.status, found.attempts, found.sent_by, found.claimed_at) == ("created", 3, None, None)
    assert (found.scheduled_for, found.due_at) == (opening, opening)
    assert [kind for kind, _, _ in events_of(runtime, message.id)] == ["held"]


def test_text_goes_out_when_the_quiet_hours_are_over(runtime, service, template):
    message = waiting_in_the_queue(runtime, template)
    dispatcher = make_dispatcher(runtime, alpha=Scripted(ACCEPTED))
    deliver(dispatcher, Channel.SMS, message.id)
    past = (datetime.now(UTC) - HOUR / 2).astimezone(REUNION)
    set_columns(
        runtime, service, quiet_from=(past - HOUR).time(), quiet_until=past.replace(microsecond=0).time()
    )
    come_due(runtime)
    assert republish_due_notifications(runtime) == 1
    assert published(runtime) == [str(message.id)]
    deliver(dispatcher, Channel.SMS, message.id)
    found = reload(runtime, message.id)
    assert (found.status, found.attempts) == ("sending", 1)


def test_workers_whose_clock_is_behind_do_not_hold_again_what_the_sweep_released(runtime, template, opening):
    """The row says when it is ready, by the clock of the database."""
    message = waiting_in_the_queue(runtime, template, scheduled_for=opening)
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(runtime, alpha=provider), Channel.SMS, message.id)
    assert len(provider.given) == 1


@pytest.mark.parametrize("key_type", [KeyType.NORMAL, KeyType.TEST])
def test_turn_of_what_may_not_wait(runtime, service, template, key_type):
    if key_type == KeyType.NORMAL:
        runtime.templates.find_version(template.id, 1)  # kept for an hour, as not urgent
        set_columns(runtime, template, is_urgent=True)
    message = waiting_in_the_queue(runtime, template, key_type=key_type)
    deliver(make_dispatcher(runtime, alpha=Scripted(ACCEPTED)), Channel.SMS, message.id)
    assert reload(runtime, message.id).status in ("sending", "delivered")


def test_text_that_no_provider_took_waits_once_quiet_hours_have_begun(runtime, service, template, opening):
    set_columns(runtime, service, quiet_from=None, quiet_until=None)
    message = waiting_in_the_queue(runtime, template)
    dispatcher = make_dispatcher(runtime, alpha=Scripted(NotSent("no connection")))
    deliver(dispatcher, Channel.SMS, message.id)
    assert (reload(runtime, message.id).attempts, reload(runtime, message.id).scheduled_for) == (1, None)
    local = opening.astimezone(REUNION)
    set_columns(runtime, service, quiet_from=(local - 2 * HOUR).time(), quiet_until=local.time())
    deliver(dispatcher, Channel.SMS, message.id)
    found = reload(runtime, message.id)
    assert (found.status, found.attempts, found.scheduled_for) == ("created", 1, opening)


def test_text_of_an_archived_service_ends_rather_than_waits(runtime, service, template):
    message = waiting_in_the_queue(runtime, template)
    set_columns(runtime, service, active=False)
    deliver(make_dispatcher(runtime, alpha=Scripted(ACCEPTED)), Channel.SMS, message.id)
    assert reload(runtime, message.id).status == "technical-failure"


def test_fault_in_the_rules_of_hours_loses_nothing(runtime, template, monkeypatch):
    def fail(*_arguments: object) -> None:
        raise RuntimeError("no such clock")

    monkeypatch.setattr(type(runtime.slots.sending_hours), "hold", fail)
    message = waiting_in_the_queue(runtime, template)
    deliver(make_dispatcher(runtime, alpha=Scripted(ACCEPTED)), Channel.SMS, message.id)
    found = reload(runtime, message.id)
    assert (found.status, found.attempts) == ("created", 1)
    assert found.due_at > datetime.now(UTC)


def test_released_texts_go_out_in_quiet_hours(runtime, service, template, opening):
    sender = Sender(runtime, service)
    at_once = uuid.UUID(sender.send(template)["id"])
    wanted = opening - timedelta(minutes=10)
    later = uuid.UUID(sender.send(template, scheduled_for=wanted.isoformat())["id"])
    chosen = uuid.UUID(sender.send(template, scheduled_for=(opening + HOUR).isoformat())["id"])
    with runtime.unit_of_work() as work:
        assert count_held(work.session, service) == 2
    assert release_held(runtime, service.id, ACTOR) == 2
    assert release_held(runtime, service.id, ACTOR) == 0, "each is released once"
    assert reload(runtime, at_once).due_at <= datetime.now(UTC)
    assert reload(runtime, later).due_at == wanted, "not before its caller's time"
    assert reload(runtime, chosen).due_at == opening + HOUR
    assert republish_due_notifications(runtime) == 1
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(runtime, alpha=provider), Channel.SMS, at_once)
    assert [given.id for given in provider.given] == [at_once]
    assert sorted(kind for kind, _, _ in events_of(runtime, at_once)) == ["held", "released"]


def test_texts_of_other_services_stay_when_one_is_released(runtime, service, template):
    answer = Sender(runtime, service).send(template)
    assert release_held(runtime, make_service(runtime).id, ACTOR) == 0
    assert reload(runtime, uuid.UUID(answer["id"])).due_at > datetime.now(UTC)


def test_many_are_released_in_batches(runtime, service, template, monkeypatch):
    job = make_job(runtime, template, [HELD_NUMBER] * 35)
    process_job(runtime, job.id)
    monkeypatch.setattr("api.core.notifications.holding._BATCH", 10)
    assert release_held(runtime, service.id, ACTOR) == 35
    assert republish_due_notifications(runtime) == 35
