"""What every task shares: its process's runtime, and the lines that it writes to the log."""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from celery import Task, shared_task
from celery.exceptions import Ignore, Reject, Retry

from api.config import Settings, load_settings
from api.metrics import TASKS
from api.queue import TaskName
from api.runtime import Runtime, make_runtime
from notifications_utils.observability.logs import bound

if TYPE_CHECKING:
    from api.core.delivery.deliver import Dispatcher

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])

_DEFAULT_CONNECTIONS = 5
# Tasks that run many times a second: their start is worth a line in a search for faults only.
_FREQUENT = frozenset(
    {TaskName.DELIVER_SMS, TaskName.DELIVER_EMAIL, TaskName.SEND_CALLBACK, TaskName.REPUBLISH_DUE}
)


@dataclass(frozen=True, slots=True)
class Process:
    """What the tasks of one process share; made after the fork, because sockets must not be shared by processes."""

    pid: int
    runtime: Runtime
    dispatcher: "Dispatcher"


_process: Process | None = None
_lock = threading.Lock()


def current_process() -> Process:
    """What belongs to this process, made when first needed."""
    known = _process
    if known is not None and known.pid == os.getpid():
        return known
    return prepare_process(load_settings())


def prepare_process(settings: Settings, connections: int = _DEFAULT_CONNECTIONS) -> Process:
    """`connections` to PostgreSQL are kept; as many more open under load."""
    global _process  # noqa: PLW0603 - one a process, as its name says
    from api.core.delivery.choice import ProviderChoice
    from api.core.delivery.deliver import Dispatcher
    from api.providers.registry import build_providers

    with _lock:
        if _process is None or _process.pid != os.getpid():
            runtime = make_runtime(settings, pool_size=connections)
            choice = ProviderChoice(runtime.database, build_providers(settings, runtime.slots))
            _process = Process(os.getpid(), runtime, Dispatcher(runtime, choice))
        return _process


class LoggedTask(Task):  # type: ignore[type-arg]
    """Writes when it starts and how it ends, under its own id and that of the request which asked for it."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        request = self.request
        with bound(task=self.name, task_id=request.id, request_id=getattr(request, "request_id", None)):
            level = logging.DEBUG if self.name in _FREQUENT else logging.INFO
            log.log(level, "task_started")
            started = time.perf_counter()
            try:
                result = self.run(*args, **kwargs)
            except (Retry, Ignore, Reject):
                self._ended("task_put_off", started, logging.INFO)
                raise
            except Exception:
                self._ended("task_failed", started, logging.ERROR)
                raise
            self._ended("task_finished", started, logging.INFO)
            return result

    def _ended(self, event: str, started: float, level: int) -> None:
        """Within the `except` block of a failure, so that the line says where it was."""
        duration = time.perf_counter() - started
        TASKS.labels(self.name, event.removeprefix("task_")).observe(duration)
        extra = {"duration": round(duration, 6)}
        log.log(level, event, extra=extra, exc_info=level >= logging.ERROR)


def task(name: TaskName, **options: Any) -> Callable[[Function], Any]:
    """A function as a task of this name, for every Celery app of the process."""
    return shared_task(name=str(name), base=LoggedTask, **options)
