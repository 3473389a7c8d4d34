"""Taking a person out of the files of jobs (GDPR, article 17)."""

import re
import uuid
from collections.abc import Callable, Iterator
from enum import StrEnum

from sqlalchemy import select

from api.contract import JobStatus
from api.core.jobs.models import Job
from api.core.jobs.rows import JobRow, object_key, read_rows, write_rows
from api.object_store import ObjectNotFoundError
from api.runtime import Runtime
from notifications_utils.recipients.email_address import format_email_address
from notifications_utils.recipients.phone_number import InvalidPhoneNumberError
from notifications_utils.recipients.phone_rules import PhoneRules

_COMPARED_DIGITS = 8


class FileState(StrEnum):
    WAITING = "waiting"  # nothing of it is sent: the rows can go
    SENDING = "sending"  # a worker holds the rows: nothing can be done now
    DONE = "done"  # row numbers mean something: what the rows say can go


def find_job_files(runtime: Runtime, recipient: str) -> Iterator[tuple[uuid.UUID, FileState]]:
    """The jobs whose files name a normalised recipient. Reads every file that is kept."""
    with runtime.database.autocommit() as connection:
        jobs = connection.execute(
            select(Job.id, Job.job_status, Job.rows_done).where(Job.archived.is_(False)).order_by(Job.id)
        ).all()
    is_named = _finder(runtime.slots.phone_rules, recipient)
    for job in jobs:
        if any(is_named(row) for row in _rows(runtime, job.id)):
            yield job.id, _state(job.job_status, job.rows_done)


def erase_from_job(runtime: Runtime, job_id: uuid.UUID, recipient: str) -> bool:
    """Take the person out of a job's file; False when a worker has begun to send it meanwhile."""
    is_named = _finder(runtime.slots.phone_rules, recipient)
    with runtime.database.session() as session:
        job = session.get_one(Job, job_id, with_for_update=True)
        state = _state(job.job_status, job.rows_done)
        if state == FileState.SENDING:
            return False
        before = list(_rows(runtime, job_id))
        if state == FileState.WAITING:
            after = [row for row in before if not is_named(row)]
            job.notification_count -= len(before) - len(after)
        else:
            after = [JobRow(row.number, "", {}) if is_named(row) else row for row in before]
        runtime.objects.put(object_key(job_id), write_rows(after))
    return True


def _state(status: str, rows_done: int) -> FileState:
    if status == JobStatus.IN_PROGRESS or (status == JobStatus.PENDING and rows_done):
        return FileState.SENDING
    return FileState.WAITING if status in (JobStatus.PENDING, JobStatus.SCHEDULED) else FileState.DONE


def _rows(runtime: Runtime, job_id: uuid.UUID) -> Iterator[JobRow]:
    try:
        yield from read_rows(runtime.objects.get(object_key(job_id)))
    except ObjectNotFoundError:
        return


def _finder(phone_rules: PhoneRules, recipient: str) -> Callable[[JobRow], bool]:
    """Numbers are only read when their last digits agree: reading one takes long."""

    def has_address(row: JobRow) -> bool:
        return format_email_address(row.recipient) == recipient

    def has_number(row: JobRow) -> bool:
        digits = re.sub(r"\D", "", row.recipient)
        if digits[-_COMPARED_DIGITS:] != recipient[-_COMPARED_DIGITS:]:
            return False
        try:
            return bool(phone_rules.parse(row.recipient).e164_digits == recipient)
        except InvalidPhoneNumberError:
            return False

    return has_address if "@" in recipient else has_number
