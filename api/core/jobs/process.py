"""Turning a job's rows into messages: in batches, from where the last run stopped, each row once.

Identifiers come from job and row number, so a batch that is written twice is there once. A run holds the job by a
lease (`due_at`): when it is killed, the lease ends and the sweep starts another, which goes on after `rows_done`.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, and_, or_, select, update

from api.contract import Channel, JobStatus, KeyType, Status
from api.core.delivery.rules import delivery_route
from api.core.jobs.models import Job
from api.core.jobs.rows import JobRow, object_key, read_rows
from api.core.notifications.accept import due_at, seal_personalisation
from api.core.notifications.holding import hold_back
from api.core.notifications.insert import NewNotification, insert_missing
from api.core.services.directory import KnownService
from api.core.templates.directory import KnownTemplate
from api.db.ids import row_id
from api.object_store import ObjectNotFoundError
from api.queue import QueueName, QueueUnavailableError, TaskName
from api.runtime import Runtime
from notifications_utils.recipients.email_address import format_email_address
from notifications_utils.recipients.phone_number import InvalidPhoneNumberError, PhoneNumber

log = logging.getLogger(__name__)

BATCH = 500
LEASE = timedelta(seconds=30)
SWEPT_AT_ONCE = 100


def process_job(runtime: Runtime, job_id: uuid.UUID) -> None:
    """Does nothing when the job is done, cancelled, not due, or in other hands."""
    job = _take(runtime, job_id)
    if job is None:
        return
    service = runtime.services.find(job.service_id)
    template = runtime.templates.find_version(job.template_id, job.template_version)
    if service is None or template is None or not service.active:
        _end(runtime, job, JobStatus.CANCELLED)
        return
    try:
        content = runtime.objects.get(object_key(job.id))
    except ObjectNotFoundError:
        log.error("job_without_rows", extra={"job_id": str(job.id)})  # noqa: TRY400 - the name says all
        _end(runtime, job, JobStatus.ERROR)
        return
    rows = read_rows(content, start=job.rows_done)
    while batch := list(islice(rows, BATCH)):
        messages = [_message(runtime, job, service, template, row) for row in batch]
        _send(runtime, hold_back(runtime, service, messages))
        if not _advance(runtime, job, batch[-1].number + 1):
            return  # cancelled meanwhile
    _end(runtime, job, JobStatus.FINISHED)


def republish_due_jobs(runtime: Runtime) -> int:
    """Start scheduled jobs whose time has come, and those that nobody works on any more; returns how many."""
    now = datetime.now(UTC)
    unfinished = (JobStatus.PENDING, JobStatus.IN_PROGRESS, JobStatus.SCHEDULED)
    due = (
        select(Job.id)
        .where(Job.job_status.in_(unfinished), Job.due_at <= now)
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    with runtime.unit_of_work() as work:
        jobs = work.session.scalars(due).all()
        work.session.execute(
            update(Job)
            .where(Job.id.in_(jobs), Job.job_status == JobStatus.SCHEDULED)
            .values(job_status=JobStatus.PENDING)
        )
        calls = [[str(job_id)] for job_id in jobs]
        work.after_commit(lambda: runtime.queue.publish_many(TaskName.PROCESS_JOB, QueueName.JOBS, calls))
    return len(jobs)


def _is_free(now: datetime) -> ColumnElement[bool]:
    """Not begun, or begun by a run whose lease is over."""
    return or_(
        Job.job_status == JobStatus.PENDING,
        and_(Job.job_status == JobStatus.IN_PROGRESS, Job.due_at <= now),
    )


def _take(runtime: Runtime, job_id: uuid.UUID) -> Job | None:
    now = datetime.now(UTC)
    with runtime.unit_of_work() as work:
        job = work.session.scalar(select(Job).where(Job.id == job_id, _is_free(now)).with_for_update())
        if job is not None:
            job.job_status = JobStatus.IN_PROGRESS
            job.processing_started = job.processing_started or now
            job.due_at = now + LEASE
    return job


def _advance(runtime: Runtime, job: Job, rows_done: int) -> bool:
    """Write down how far it came, and keep the lease. False when the job is no longer ours to do."""
    statement = (
        update(Job)
        .where(Job.id == job.id, Job.job_status == JobStatus.IN_PROGRESS)
        .values(rows_done=rows_done, due_at=datetime.now(UTC) + LEASE)
    )
    with runtime.database.autocommit() as connection:
        return connection.execute(statement).rowcount == 1


def _end(runtime: Runtime, job: Job, status: JobStatus) -> None:
    statement = (
        update(Job)
        .where(Job.id == job.id, Job.job_status == JobStatus.IN_PROGRESS)
        .values(job_status=status, processing_finished=datetime.now(UTC), due_at=None)
    )
    with runtime.database.autocommit() as connection:
        connection.execute(statement)


def _message(
    runtime: Runtime, job: Job, service: KnownService, template: KnownTemplate, row: JobRow
) -> NewNotification:
    number = _find_number(runtime, row.recipient) if template.type == Channel.SMS else None
    is_valid = number is not None or template.type == Channel.EMAIL
    created_at = datetime.now(UTC)
    return NewNotification(
        id=row_id(job.id, job.sends_at, row.number),
        service_id=job.service_id,
        template_id=job.template_id,
        template_version=job.template_version,
        notification_type=template.type,
        key_type=KeyType(job.key_type),
        api_key_id=job.api_key_id,
        created_by_id=job.created_by_id,
        job_id=job.id,
        job_row_number=row.number,
        to=row.recipient,
        normalised_to=number.e164_digits if number else format_email_address(row.recipient),
        personalisation=seal_personalisation(runtime, row.personalisation),
        client_reference=row.reference,
        reply_to_text=job.reply_to_text,
        international=number.is_international if number else False,
        phone_prefix=number.country_code if number else None,
        destination=runtime.slots.rates.destination_of(number) if number else None,
        rate_multiplier=runtime.slots.rates.multiplier_of(number.country_code) if number else None,
        billable_units=_count_fragments(service, template, row) if number else 0,
        status=Status.CREATED if is_valid else Status.VALIDATION_FAILED,
        created_at=created_at,
        due_at=due_at(runtime, created_at, None) if is_valid else None,
    )


def _count_fragments(service: KnownService, template: KnownTemplate, row: JobRow) -> int:
    return template.sms(service.sms_prefix, service.sms_alphabet).render(row.personalisation).fragments


def _find_number(runtime: Runtime, text: str) -> PhoneNumber | None:
    """Rows were checked when the job was accepted; rules may have changed for one scheduled long before."""
    try:
        return runtime.slots.phone_rules.parse(text)
    except InvalidPhoneNumberError:
        return None


def _send(runtime: Runtime, messages: Sequence[NewNotification]) -> None:
    """Store what is missing, then publish all that waits for no moment: a task too many finds nothing to claim."""
    insert_missing(runtime.database, messages)
    to_send = [
        message for message in messages if message.status == Status.CREATED and message.scheduled_for is None
    ]
    if not to_send:
        return
    # A job has one template and one kind of key, so its messages share a queue.
    task, queue = delivery_route(to_send[0].notification_type, to_send[0].key_type)
    try:
        runtime.queue.publish_many(task, queue, [[str(message.id)] for message in to_send])
    except QueueUnavailableError:
        log.warning("publish_postponed", extra={"messages": len(to_send)})
