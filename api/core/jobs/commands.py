"""Accepting many messages at once: all rows are checked and counted before anything is stored (ADR 0004)."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from api.contract import Channel, JobStatus
from api.core.errors import BusinessRuleError
from api.core.jobs.errors import check_list
from api.core.jobs.models import Job
from api.core.jobs.orders import BulkOrder
from api.core.jobs.rows import JobRow, object_key, write_rows
from api.core.jobs.rules import SIMULATED, open_list, read_order_rows
from api.core.notifications.accept import Caller, check_channel_allowed, choose_sender, daily_count
from api.core.notifications.limits import DailyLimitExceededError
from api.core.services.directory import KnownKey, KnownService
from api.core.templates.directory import KnownTemplate
from api.db.ids import uuid7
from api.queue import QueueName, QueueUnavailableError, TaskName
from api.runtime import Runtime
from notifications_utils.recipients.recipient_row import RecipientRow

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Content:
    """The rows as they will be sent. `simulated` are those to recipients who are nobody."""

    rows: list[JobRow]
    international: int = 0
    simulated: int = 0

    def add(self, row: RecipientRow[Any], simulated: frozenset[str], reference: str | None) -> None:
        if row.recipient is None or row.errors:
            return
        self.rows.append(JobRow(len(self.rows), row.to, dict(row.personalisation), reference))
        self.simulated += row.recipient.normalised in simulated
        self.international += row.recipient.is_international


def create_bulk_job(runtime: Runtime, service: KnownService, key: KnownKey, order: BulkOrder) -> Job:
    """Raises `BusinessRuleError`: of a list with a fault, no row is sent.

    The day's messages are counted now, whenever they go out. A list of simulated recipients ends here.
    """
    caller = Caller(service, key)
    template = _get_template(runtime, service, order.template_id)
    check_channel_allowed(service, template.type)
    sender = _choose_sender(service, template.type, order.reply_to_id)
    content = _read(runtime, caller, template, order)
    job = _make_job(runtime, caller, template, order, sender, len(content.rows))
    if content.simulated:
        _end_at_once(job)
        _store(runtime, job, b"")
        return job
    with _counting(runtime, caller, template.type, content):
        _store(runtime, job, write_rows(content.rows))
    return job


def _get_template(runtime: Runtime, service: KnownService, template_id: uuid.UUID) -> KnownTemplate:
    template = runtime.templates.find_latest(service.id, template_id)
    if template is None or template.hidden:
        raise BusinessRuleError("Template not found")
    if template.type == Channel.LETTER:
        raise BusinessRuleError("letter template is not suitable for bulk notification")
    if template.archived:
        raise BusinessRuleError("Template has been deleted")
    return template


def _choose_sender(service: KnownService, channel: Channel, chosen: uuid.UUID | None) -> str | None:
    senders, default = (
        (service.sms_senders, service.sms_sender)
        if channel == Channel.SMS
        else (service.reply_to_addresses, service.default_reply_to)
    )
    sender: str | None = choose_sender(senders, chosen, "reply_to_id", service.id, default)
    return sender


def _read(runtime: Runtime, caller: Caller, template: KnownTemplate, order: BulkOrder) -> _Content:
    """All rows, checked."""
    recipients = open_list(runtime, caller, template, read_order_rows(order))
    content = _Content([])
    for row in recipients:
        content.add(row, SIMULATED[template.type], order.reference)
    check_list(recipients.summary, _why_not_allowed(runtime, caller))
    if content.simulated not in (0, len(content.rows)):
        raise BusinessRuleError("You cannot mix simulated and real recipients in one request")
    return content


def _why_not_allowed(runtime: Runtime, caller: Caller) -> str:
    if caller.service.restricted:
        return f"when service is in trial mode – see {runtime.settings.documentation_url}#trial-mode"
    return "using a team-only API key"


def _make_job(
    runtime: Runtime,
    caller: Caller,
    template: KnownTemplate,
    order: BulkOrder,
    sender: str | None,
    count: int,
) -> Job:
    now = datetime.now(UTC)
    insurance = now + timedelta(seconds=runtime.settings.republish_after_seconds)
    return Job(
        id=uuid7(),
        service_id=caller.service.id,
        template_id=template.id,
        template_version=template.version,
        original_file_name=order.name,
        notification_count=count,
        rows_done=0,
        job_status=JobStatus.SCHEDULED if order.scheduled_for else JobStatus.PENDING,
        key_type=caller.key_type,
        api_key_id=caller.key.id,
        reply_to_text=sender,
        sender_id=order.reply_to_id,
        scheduled_for=order.scheduled_for,
        due_at=order.scheduled_for or insurance,
        archived=False,
        created_at=now,
    )


def _end_at_once(job: Job) -> None:
    job.job_status = JobStatus.FINISHED
    job.processing_started = job.processing_finished = job.created_at
    job.due_at = None


@contextmanager
def _counting(runtime: Runtime, caller: Caller, channel: Channel, content: _Content) -> Iterator[None]:
    """All messages of the job count today, or none does."""
    counts: list[tuple[str, int]] = [(channel, len(content.rows))]
    if content.international:
        counts.append(("international_sms", content.international))
    with ExitStack() as counted:
        for name, messages in counts:
            try:
                counted.enter_context(runtime.limits.counting(daily_count(caller, name), messages))
            except DailyLimitExceededError as error:
                left = max(0, error.limit - runtime.limits.counted_today(daily_count(caller, name)))
                raise BusinessRuleError(
                    f"You have {left} messages left today (limit {name}: {error.limit}). "
                    f"You tried to send {messages}."
                ) from None
        yield


def _store(runtime: Runtime, job: Job, content: bytes) -> None:
    """Rows first: a job whose rows are missing could not be sent, rows without a job harm nobody."""
    if content:
        runtime.objects.put(object_key(job.id), content)
    with runtime.unit_of_work() as work:
        work.session.add(job)
        if job.job_status == JobStatus.PENDING:
            work.after_commit(lambda: _publish(runtime, job.id))


def _publish(runtime: Runtime, job_id: uuid.UUID) -> None:
    try:
        runtime.queue.publish(TaskName.PROCESS_JOB, QueueName.JOBS, str(job_id))
    except QueueUnavailableError:
        log.warning("publish_postponed", extra={"job_id": str(job_id)})
