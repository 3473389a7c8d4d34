"""The product's scheduler, asking every two seconds for what it otherwise asks for every ten to thirty."""

from datetime import timedelta

from celery.schedules import schedule

from api.queue import TaskName
from api.workers.app import celery
from api.workers.schedule import SCHEDULE

HASTY = (TaskName.RESOLVE_UNKNOWN, TaskName.REPUBLISH_JOBS)

celery.conf.beat_schedule = SCHEDULE | {
    str(name): SCHEDULE[name] | {"schedule": schedule(timedelta(seconds=2))} for name in HASTY
}
