import uuid
from datetime import UTC, datetime, timedelta

import pytest
import redis
from sqlalchemy import func, select

from api.contract import Channel, JobStatus, KeyType, Status
from api.core.jobs import process
from api.core.jobs.models import Job
from api.core.jobs.process import process_job, republish_due_jobs
from api.core.jobs.rows import JobRow, object_key, read_rows, write_rows
from api.core.notifications.models import Notification
from api.core.templates.models import Template
from api.db.ids import uuid7
from api.queue import QueueName
from api.runtime import Runtime
from tests.factories import make_service, make_template

ROWS = 12


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "BATCH", 5)


@pytest.fixture
def template(runtime: Runtime) -> Template:
    return make_template(runtime, make_service(runtime), content="Bonjour ((nom))")


def make_job(runtime: Runtime, template: Template, *, rows: list[JobRow] | None = None, **values) -> Job:
    if rows is None:
        rows = [
            JobRow(number, f"+3361234{number:04}", {"nom": f"N{number}"}, f"ref-{number}")
            for number in range(ROWS)
        ]
    job = Job(
        **{
            "id": uuid7(),
            "service_id": template.service_id,
            "template_id": template.id,
            "template_version": 1,
            "original_file_name": "liste.csv",
            "notification_count": len(rows),
            "key_type": KeyType.NORMAL,
            "job_status": JobStatus.PENDING,
            "due_at": datetime.now(UTC) + timedelta(minutes=5),
            "created_at": datetime.now(UTC),
        }
        | values
    )
    runtime.objects.put(object_key(job.id), write_rows(rows))
    with runtime.unit_of_work() as work:
        work.session.add(job)
    return job


def messages_of(runtime: Runtime, job: Job) -> list[Notification]:
    with runtime.database.session() as session:
        query = select(Notification).where(Notification.job_id == job.id).order_by(Notification.id)
        return list(session.scalars(query))


def reload(runtime: Runtime, job: Job) -> Job:
    with runtime.database.session() as session:
        return session.get_one(Job, job.id)


def queued(redis_url: str, queue: QueueName = QueueName.SEND_SMS) -> int:
    return redis.Redis.from_url(redis_url).llen(str(queue))


def test_rows_are_read_as_they_were_written_from_any_row_on() -> None:
    rows = [JobRow(0, "a@b.fr", {"nom": "É\n«"}, None), JobRow(1, "c@d.fr", {"liste": ["x", "y"]}, "r")]
    assert list(read_rows(write_rows(rows))) == rows
    assert list(read_rows(write_rows(rows), start=1)) == rows[1:]
    assert list(read_rows(b"")) == []


def test_every_row_becomes_one_message_in_order_and_is_published(
    runtime: Runtime, template, redis_url: str
) -> None:
    job = make_job(runtime, template)
    process_job(runtime, job.id)
    messages = messages_of(runtime, job)
    assert [message.job_row_number for message in messages] == list(range(ROWS))
    assert [message.client_reference for message in messages] == [f"ref-{number}" for number in range(ROWS)]
    assert messages[3].normalised_to == "33612340003"
    assert messages[0].billable_units == 1
    assert b"N0" not in bytes(messages[0].personalisation)
    done = reload(runtime, job)
    assert (done.job_status, done.rows_done) == (JobStatus.FINISHED, ROWS)
    assert queued(redis_url) == ROWS


def test_a_task_that_runs_twice_sends_once(runtime: Runtime, template, redis_url: str) -> None:
    job = make_job(runtime, template)
    process_job(runtime, job.id)
    process_job(runtime, job.id)
    assert len(messages_of(runtime, job)) == ROWS
    assert queued(redis_url) == ROWS


def test_a_killed_run_is_resumed_without_doubles_once_its_lease_is_over(
    runtime: Runtime, template, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(runtime, template)
    monkeypatch.setattr(process, "_advance", killed_after(1, process._advance))
    with pytest.raises(KeyboardInterrupt):
        process_job(runtime, job.id)
    monkeypatch.undo()
    assert 0 < len(messages_of(runtime, job)) < ROWS

    process_job(runtime, job.id)  # too early: the lease holds
    assert len(messages_of(runtime, job)) < ROWS
    expire_lease(runtime, job)
    assert republish_due_jobs(runtime) == 1
    process_job(runtime, job.id)
    assert [message.job_row_number for message in messages_of(runtime, job)] == list(range(ROWS))
    assert reload(runtime, job).job_status == JobStatus.FINISHED


def killed_after(calls: int, real):
    """Dies between writing a batch and noting it, as a killed process may."""
    left = [calls]

    def advance(*args):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(*args)

    return advance


def expire_lease(runtime: Runtime, job: Job) -> None:
    with runtime.unit_of_work() as work:
        work.session.get_one(Job, job.id).due_at = datetime.now(UTC) - timedelta(seconds=1)


def test_a_scheduled_job_waits_for_its_time(runtime: Runtime, template, redis_url: str) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)
    job = make_job(runtime, template, job_status=JobStatus.SCHEDULED, scheduled_for=later, due_at=later)
    process_job(runtime, job.id)
    assert republish_due_jobs(runtime) == 0
    assert messages_of(runtime, job) == []

    expire_lease(runtime, job)
    assert republish_due_jobs(runtime) == 1
    assert queued(redis_url, QueueName.JOBS) == 1
    process_job(runtime, job.id)
    assert len(messages_of(runtime, job)) == ROWS


def test_a_job_cancelled_in_the_middle_stops(
    runtime: Runtime, template, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(runtime, template)
    real = process._send

    def cancel_then_send(*args):
        with runtime.unit_of_work() as work:
            work.session.get_one(Job, job.id).job_status = JobStatus.CANCELLED
        real(*args)

    monkeypatch.setattr(process, "_send", cancel_then_send)
    process_job(runtime, job.id)
    assert len(messages_of(runtime, job)) == 5
    assert reload(runtime, job).job_status == JobStatus.CANCELLED


def test_the_job_of_an_archived_service_is_cancelled(runtime: Runtime) -> None:
    job = make_job(runtime, make_template(runtime, make_service(runtime, active=False)))
    process_job(runtime, job.id)
    assert messages_of(runtime, job) == []
    assert reload(runtime, job).job_status == JobStatus.CANCELLED


def test_a_job_whose_rows_are_gone_ends_in_error(runtime: Runtime, template) -> None:
    job = make_job(runtime, template)
    runtime.objects.delete(object_key(job.id))
    process_job(runtime, job.id)
    assert reload(runtime, job).job_status == JobStatus.ERROR


def test_a_row_that_is_no_number_any_more_fails_alone(runtime: Runtime, template, redis_url: str) -> None:
    rows = [JobRow(0, "+33612345678", {"nom": "A"}), JobRow(1, "12", {"nom": "B"})]
    job = make_job(runtime, template, rows=rows)
    process_job(runtime, job.id)
    assert [message.status for message in messages_of(runtime, job)] == [
        Status.CREATED,
        Status.VALIDATION_FAILED,
    ]
    assert queued(redis_url) == 1


def test_emails_and_test_keys_go_to_their_own_queues(runtime: Runtime, redis_url: str) -> None:
    service = make_service(runtime)
    rows = [JobRow(0, "Lea@Exemple.fr", {"nom": "L"})]
    email = make_template(runtime, service, Channel.EMAIL)
    process_job(runtime, make_job(runtime, email, rows=rows).id)
    process_job(runtime, make_job(runtime, email, rows=rows, key_type=KeyType.TEST).id)
    assert (queued(redis_url, QueueName.SEND_EMAIL), queued(redis_url, QueueName.RESEARCH)) == (1, 1)


def test_an_unknown_job_is_nobodys(runtime: Runtime) -> None:
    process_job(runtime, uuid.uuid4())
    with runtime.database.session() as session:
        assert session.scalar(select(func.count()).select_from(Job).where(Job.id == uuid.UUID(int=0))) == 0
