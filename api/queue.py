"""Putting tasks on the queue, without importing the workers: the names here are what both sides share.

Messages follow version 2 of Celery's task protocol. They are made here rather than by `Celery.send_task`, which costs
twice as much CPU a message (docs/performance.md); any Celery worker understands them.
"""

import os
import socket
import threading
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

import orjson
from kombu import Connection, Producer
from kombu.exceptions import OperationalError

from api.db.ids import uuid7


class QueueName(StrEnum):
    """One name a kind of work, so that operators can scale each; `SENDING` order is the order of urgency."""

    INTERNAL = "notify-internal-tasks"
    SEND_SMS = "send-sms-tasks"
    SEND_EMAIL = "send-email-tasks"
    RESEARCH = "research-mode-tasks"
    RECEIPTS = "receipts"
    CALLBACKS = "service-callbacks"
    JOBS = "job-tasks"
    PERIODIC = "periodic-tasks"
    REPORTING = "reporting-tasks"


class TaskName(StrEnum):
    DELIVER_SMS = "deliver-sms"
    DELIVER_EMAIL = "deliver-email"
    APPLY_RECEIPT = "apply-receipt"
    SEND_CALLBACK = "send-callback"
    PROCESS_JOB = "process-job"
    REPUBLISH_DUE = "republish-due"
    RESOLVE_UNKNOWN = "resolve-unknown"
    TIME_OUT_SENDING = "time-out-sending"
    READ_BOUNCES = "read-bounces"
    POLL_RECEIPTS = "poll-receipts"
    POLL_RECEIVED_TEXTS = "poll-received-texts"
    POLL_OPT_OUTS = "poll-opt-outs"
    FORGET_ENDED = "forget-ended"
    BALANCE_PROVIDERS = "balance-providers"
    MEASURE_SLOWNESS = "measure-slowness"
    CHECK_CREDIT = "check-credit"
    REPUBLISH_JOBS = "republish-jobs"
    DELETE_EXPIRED = "delete-expired"
    MAINTAIN_PARTITIONS = "maintain-partitions"
    REFRESH_TODAY = "refresh-today"
    REFRESH_MOVING_DAYS = "refresh-moving-days"


class QueueUnavailableError(Exception):
    """The broker did not take the message. The row in the database stays, and the sweep publishes it later."""


class TaskQueue:
    """Publishes task messages; safe to share between threads.

    One connection a thread, opened when first needed, never inherited from a parent process.
    """

    def __init__(self, broker_url: str) -> None:
        self._url = broker_url
        self._local = threading.local()
        self._origin = f"{os.getpid()}@{socket.gethostname()}"

    def publish(self, task: str, queue: str, *args: str, request_id: str | None = None) -> None:
        """Raises `QueueUnavailableError`."""
        self.publish_many(task, queue, [args], request_id=request_id)

    def publish_many(
        self, task: str, queue: str, calls: Iterable[Sequence[str]], *, request_id: str | None = None
    ) -> None:
        """Publish `task` once for each list of arguments. Raises `QueueUnavailableError`."""
        try:
            producer = self._producer()
            for args in calls:
                self._publish(producer, task, queue, args, request_id)
        except (OperationalError, OSError) as error:
            self.close()
            raise QueueUnavailableError(str(queue)) from error
        except Exception as error:
            # Transports raise their own classes (redis, amqp); the connection is of no more use after any of them.
            recoverable = self._recoverable_errors()
            self.close()
            if isinstance(error, recoverable):
                raise QueueUnavailableError(str(queue)) from error
            raise

    def _publish(
        self, producer: Producer, task: str, queue: str, args: Sequence[str], request_id: str | None
    ) -> None:
        self._declare(producer, queue)
        identifier = str(uuid7())
        headers: dict[str, Any] = {
            "lang": "py",
            "task": str(task),
            "id": identifier,
            "root_id": identifier,
            "parent_id": None,
            "group": None,
            "retries": 0,
            "timelimit": [None, None],
            "origin": self._origin,
            "ignore_result": True,
            "request_id": request_id,
        }
        body = orjson.dumps(
            [list(args), {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
        )
        producer.publish(
            body,
            routing_key=str(queue),
            exchange="",
            headers=headers,
            content_type="application/json",
            content_encoding="utf-8",
            correlation_id=identifier,
            retry=False,
            delivery_mode=2,
        )

    def _declare(self, producer: Producer, queue: str) -> None:
        """RabbitMQ drops a message whose queue nobody has declared yet; workers declare the same durable queues."""
        if queue not in self._local.declared:
            channel: Any = producer.channel
            channel.queue_declare(queue=str(queue), durable=True, auto_delete=False)
            self._local.declared.add(queue)

    def _producer(self) -> Producer:
        local = self._local
        if getattr(local, "pid", None) != os.getpid():
            local.connection = _connect(self._url)
            local.producer = local.connection.Producer(auto_declare=False)
            local.declared = set()
            local.pid = os.getpid()
        producer: Producer = local.producer
        return producer

    def _recoverable_errors(self) -> tuple[type[BaseException], ...]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            return ()
        errors: tuple[type[BaseException], ...] = (*connection.connection_errors, *connection.channel_errors)
        return errors

    def close(self) -> None:
        """Forget this thread's connection; the next message opens another."""
        connection = getattr(self._local, "connection", None)
        self._local.pid = None
        if connection is not None:
            self._local.connection = None
            connection.collapse() if hasattr(connection, "collapse") else connection.release()


def _connect(url: str) -> Connection:
    options = {"socket_timeout": 5, "socket_connect_timeout": 2}
    if not url.startswith(("redis://", "rediss://")):
        return Connection(url, connect_timeout=2, transport_options=options)
    from api.queue_redis import LeanTransport

    return Connection(url, connect_timeout=2, transport=LeanTransport, transport_options=options)
