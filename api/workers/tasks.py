"""The tasks: names and arguments as on the queue, and which function of the core does the work.

Each may be delivered twice: the core looks at the state first. Imports are made when a task runs, so that the list
stays cheap to read for the scheduler.
"""

import uuid

from api.contract import Channel
from api.queue import TaskName
from api.workers.base import LoggedTask, current_process, task

_LONGEST_RECEIPT_WAIT_SECONDS = 60


@task(TaskName.DELIVER_SMS)
def deliver_sms(notification_id: str) -> None:
    from api.core.delivery.deliver import deliver

    deliver(current_process().dispatcher, Channel.SMS, uuid.UUID(notification_id))


@task(TaskName.DELIVER_EMAIL)
def deliver_email(notification_id: str) -> None:
    from api.core.delivery.deliver import deliver

    deliver(current_process().dispatcher, Channel.EMAIL, uuid.UUID(notification_id))


@task(TaskName.APPLY_RECEIPT, bind=True, max_retries=None)
def apply_receipt(self: LoggedTask, document: str) -> None:
    """Again after 1, 2, 4… seconds while nobody has written its reference; the core says when that is enough."""
    from api.core.delivery.receipts import ReceiptOutcome, apply_postponed_receipt

    if apply_postponed_receipt(current_process().runtime, document) is ReceiptOutcome.POSTPONED:
        raise self.retry(countdown=min(2**self.request.retries, _LONGEST_RECEIPT_WAIT_SECONDS))


@task(TaskName.SEND_CALLBACK)
def send_callback(callback_id: str, attempts: str = "0") -> None:
    from api.core.callbacks.send import send_callback

    send_callback(current_process().runtime, uuid.UUID(callback_id), int(attempts))


@task(TaskName.REPUBLISH_DUE)
def republish_due() -> None:
    from api.core.callbacks.send import republish_due_callbacks
    from api.core.delivery.sweeps import republish_due_notifications

    runtime = current_process().runtime
    republish_due_notifications(runtime)
    republish_due_callbacks(runtime)


@task(TaskName.REPUBLISH_JOBS)
def republish_jobs() -> None:
    from api.core.jobs.process import republish_due_jobs

    republish_due_jobs(current_process().runtime)


@task(TaskName.RESOLVE_UNKNOWN)
def resolve_unknown() -> None:
    from api.core.delivery.sweeps import resolve_unknown_outcomes

    resolve_unknown_outcomes(current_process().dispatcher)


@task(TaskName.TIME_OUT_SENDING)
def time_out_sending() -> None:
    from api.core.delivery.bounces import presume_delivered
    from api.core.delivery.sweeps import time_out_sending

    runtime = current_process().runtime
    presume_delivered(runtime)
    time_out_sending(runtime)


@task(TaskName.READ_BOUNCES)
def read_bounces() -> None:
    from api.core.delivery.bounces import read_bounce_mailbox

    read_bounce_mailbox(current_process().runtime)


@task(TaskName.POLL_RECEIPTS)
def poll_receipts() -> None:
    from api.core.delivery.polling import poll_receipts

    poll_receipts(current_process().dispatcher)


@task(TaskName.POLL_RECEIVED_TEXTS)
def poll_received_texts() -> None:
    from api.core.inbound.polling import poll_received_texts

    poll_received_texts(current_process().dispatcher)


@task(TaskName.POLL_OPT_OUTS)
def poll_opt_outs() -> None:
    from api.core.delivery.polling import poll_opt_outs

    poll_opt_outs(current_process().dispatcher)


@task(TaskName.FORGET_ENDED)
def forget_ended() -> None:
    from api.core.delivery.polling import forget_ended

    forget_ended(current_process().dispatcher)


@task(TaskName.BALANCE_PROVIDERS)
def balance_providers() -> None:
    from api.core.delivery.weights import balance_providers, ensure_providers
    from api.providers.registry import display_names

    process = current_process()
    ensure_providers(process.runtime.database, display_names(process.dispatcher.choice.providers))
    balance_providers(process.runtime.database)


@task(TaskName.MEASURE_SLOWNESS)
def measure_slowness() -> None:
    from api.core.delivery.weights import measure_slowness

    measure_slowness(current_process().runtime.database)


@task(TaskName.CHECK_CREDIT)
def check_credit() -> None:
    from api.core.delivery.credit import check_credit

    process = current_process()
    check_credit(process.runtime, process.dispatcher.choice.providers)


@task(TaskName.PROCESS_JOB)
def process_job(job_id: str) -> None:
    from api.core.jobs.process import process_job

    process_job(current_process().runtime, uuid.UUID(job_id))


@task(TaskName.DELETE_EXPIRED)
def delete_expired() -> None:
    from api.core.notifications.retention import delete_expired

    delete_expired(current_process().runtime)


@task(TaskName.MAINTAIN_PARTITIONS)
def maintain_partitions() -> None:
    from api.core.notifications.retention import maintain_partitions

    maintain_partitions(current_process().runtime)


@task(TaskName.REFRESH_TODAY)
def refresh_today() -> None:
    _refresh(days=1)


@task(TaskName.REFRESH_MOVING_DAYS)
def refresh_moving_days() -> None:
    _refresh(days=None)


def _refresh(days: int | None) -> None:
    from api.core.billing.commands import refresh_billing
    from api.core.statistics.commands import moving_days, refresh_statistics

    runtime = current_process().runtime
    chosen = moving_days(runtime)[:days]
    refresh_statistics(runtime, chosen)
    refresh_billing(runtime, chosen)
