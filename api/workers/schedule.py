"""When the scheduler asks for what. Every task here may run twice at once, so two schedulers do no harm.

What is not fetched before the next one is due expires: workers that were away do not find a heap. Nightly work is
done hourly, because a scheduler that was away at night would miss it; it finds nothing to do most of the time.
"""

from datetime import timedelta
from typing import Any, Final

from celery.schedules import BaseSchedule, crontab, schedule

from api.queue import QueueName, TaskName

_SHORTEST_EXPIRY_SECONDS: Final = 5


def _every(seconds: float, task: TaskName, queue: QueueName = QueueName.PERIODIC) -> dict[str, Any]:
    return _entry(task, queue, schedule(timedelta(seconds=seconds)), max(seconds, _SHORTEST_EXPIRY_SECONDS))


def _hourly(minute: int, task: TaskName, queue: QueueName = QueueName.PERIODIC) -> dict[str, Any]:
    return _entry(task, queue, crontab(minute=str(minute)), 3600)


def _entry(task: TaskName, queue: QueueName, moment: BaseSchedule, expires: float) -> dict[str, Any]:
    return {
        "task": str(task),
        "schedule": moment,
        "options": {"queue": str(queue), "expires": expires},
    }


SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    entry["task"]: entry
    for entry in (
        _every(2, TaskName.REPUBLISH_DUE),
        _every(10, TaskName.REPUBLISH_JOBS),
        _every(30, TaskName.RESOLVE_UNKNOWN),
        _every(5, TaskName.BALANCE_PROVIDERS),
        _every(60, TaskName.MEASURE_SLOWNESS),
        _every(60, TaskName.READ_BOUNCES),
        _every(600, TaskName.CHECK_CREDIT),
        _every(300, TaskName.REFRESH_TODAY, QueueName.REPORTING),
        _every(60, TaskName.POLL_RECEIPTS),
        _every(60, TaskName.POLL_RECEIVED_TEXTS),
        _every(600, TaskName.POLL_OPT_OUTS),
        _every(600, TaskName.FORGET_ENDED),
        _hourly(7, TaskName.TIME_OUT_SENDING),
        _hourly(17, TaskName.MAINTAIN_PARTITIONS, QueueName.REPORTING),
        _hourly(23, TaskName.REFRESH_MOVING_DAYS, QueueName.REPORTING),
        _hourly(37, TaskName.DELETE_EXPIRED, QueueName.REPORTING),
    )
}
