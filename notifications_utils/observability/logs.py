"""JSON logs: events with fields, bound to the request or task in which they happen.

Nothing personal may reach a log. Events are named by constants and carry identifiers; exceptions are written as their
class and the places they went through, never with their message, which may quote a value.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import orjson

_bound: ContextVar[dict[str, str]] = ContextVar("bound", default={})  # noqa: B039 - replaced, never changed
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@contextmanager
def bound(**fields: str | None) -> Iterator[None]:
    """Adds fields (`request_id`, `task_id`…) to every line written in the block."""
    token = _bound.set(_bound.get() | {name: value for name, value in fields.items() if value})
    try:
        yield
    finally:
        _bound.reset(token)


def bind(**fields: str | None) -> None:
    """As `bound`, until the end of the current context."""
    _bound.set(_bound.get() | {name: value for name, value in fields.items() if value})


def unbind() -> None:
    _bound.set({})


def current_request_id() -> str | None:
    return _bound.get().get("request_id")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time`, `level`, `logger`, `event`, `application`, bound fields, extra fields."""

    def __init__(self, application: str) -> None:
        super().__init__()
        self._application = application

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            "application": self._application,
            **_bound.get(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info and record.exc_info[0] is not None:
            line |= _describe(record.exc_info[0], record.exc_info[2])
        return orjson.dumps(line, default=str).decode()


def _describe(error_type: type[BaseException], where: TracebackType | None) -> dict[str, Any]:
    frames = traceback.extract_tb(where)
    return {
        "error": error_type.__name__,
        "stack": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def configure_logging(application: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every logger of this process to one JSON stream (standard output unless given)."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter(application))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Their messages quote requests and arguments.
    for name in ("urllib3", "kombu", "amqp", "celery.worker.strategy", "celery.app.trace", "botocore"):
        logging.getLogger(name).setLevel(logging.CRITICAL if name == "celery.app.trace" else logging.WARNING)
