"""The Celery app: queues, routes and transport options, from the settings (ADR 0004)."""

from typing import Any, Final

from celery import Celery
from celery.signals import setup_logging
from kombu import Exchange, Queue

from api.config import Settings, load_settings
from api.queue import QueueName, TaskName
from api.workers.schedule import SCHEDULE
from notifications_utils.observability.logs import configure_logging

ROUTES: Final[dict[TaskName, QueueName]] = {
    TaskName.DELIVER_SMS: QueueName.SEND_SMS,
    TaskName.DELIVER_EMAIL: QueueName.SEND_EMAIL,
    TaskName.APPLY_RECEIPT: QueueName.RECEIPTS,
    TaskName.SEND_CALLBACK: QueueName.CALLBACKS,
    TaskName.PROCESS_JOB: QueueName.JOBS,
    TaskName.REPUBLISH_DUE: QueueName.PERIODIC,
    TaskName.RESOLVE_UNKNOWN: QueueName.PERIODIC,
    TaskName.TIME_OUT_SENDING: QueueName.PERIODIC,
    TaskName.READ_BOUNCES: QueueName.PERIODIC,
    TaskName.POLL_RECEIPTS: QueueName.PERIODIC,
    TaskName.POLL_RECEIVED_TEXTS: QueueName.PERIODIC,
    TaskName.POLL_OPT_OUTS: QueueName.PERIODIC,
    TaskName.FORGET_ENDED: QueueName.PERIODIC,
    TaskName.BALANCE_PROVIDERS: QueueName.PERIODIC,
    TaskName.MEASURE_SLOWNESS: QueueName.PERIODIC,
    TaskName.CHECK_CREDIT: QueueName.PERIODIC,
    TaskName.REPUBLISH_JOBS: QueueName.PERIODIC,
    TaskName.MAINTAIN_PARTITIONS: QueueName.REPORTING,
    TaskName.DELETE_EXPIRED: QueueName.REPORTING,
    TaskName.REFRESH_TODAY: QueueName.REPORTING,
    TaskName.REFRESH_MOVING_DAYS: QueueName.REPORTING,
}


def make_celery(settings: Settings) -> Celery:
    """Opens no connection."""
    celery = Celery(
        "notifications", broker=settings.broker, include=["api.workers.tasks"], set_as_current=True
    )
    celery.conf.update(_configuration(settings))
    return celery


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        # Each queue under its own name on the default exchange, as `TaskQueue` publishes: nothing to bind.
        "task_queues": [
            Queue(str(name), Exchange(""), routing_key=str(name), durable=True, auto_delete=False)
            for name in QueueName
        ],
        "task_default_queue": str(QueueName.PERIODIC),
        "task_default_exchange": "",
        "task_default_routing_key": str(QueueName.PERIODIC),
        "task_create_missing_queues": False,
        "task_routes": {str(task): {"queue": str(queue)} for task, queue in ROUTES.items()},
        "task_serializer": "json",
        "accept_content": ["json"],
        "enable_utc": True,
        "timezone": "UTC",
        "result_backend": None,
        "task_ignore_result": True,
        # A message is acknowledged when its task has ended: claims make a second delivery harmless (RabbitMQ).
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 4,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": _transport_options(settings.broker),
        # Nobody listens to events and remote control; on RabbitMQ they would need queues of their own.
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "worker_enable_remote_control": False,
        "worker_disable_rate_limits": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "beat_schedule": SCHEDULE,
        # Keeps nothing on disk: what is scheduled may run once more after a restart.
        "beat_scheduler": "celery.beat:Scheduler",
        "beat_max_loop_interval": 1,
    }


def _transport_options(broker: str) -> dict[str, Any]:
    if not broker.startswith(("redis", "rediss", "valkey", "unix", "socket")):
        return {}
    return {
        # Kombu would note each message in Redis until it is acknowledged, for more CPU than a delivery itself costs,
        # and look at the notes after an hour. The rows and their sweeps find what a killed worker held in minutes.
        "ack_emulation": False,
        "priority_steps": [0],  # one Redis list a queue
        "socket_keepalive": True,
        "health_check_interval": 30,
    }


celery = make_celery(load_settings())


@setup_logging.connect
def _configure_logging(**_: Any) -> None:
    """Celery would make a log of its own, with arguments of tasks in it."""
    configure_logging("worker", load_settings().log_level)
