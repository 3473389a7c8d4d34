"""Times every request and binds its trace to what is logged meanwhile."""

import logging
import time

from flask import Flask, Response, g, request

from api.http.responses import trace_id
from api.metrics import HTTP_REQUESTS
from notifications_utils.observability.logs import bind, unbind

log = logging.getLogger(__name__)
_QUIET = frozenset({"/_status", "/metrics", "/health/live", "/health/ready"})


def register_observation(app: Flask) -> None:
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    g.started = time.perf_counter()
    unbind()
    bind(request_id=trace_id())


def _finish(response: Response) -> Response:
    duration = time.perf_counter() - g.get("started", time.perf_counter())
    route = request.url_rule.rule if request.url_rule else "unknown"
    HTTP_REQUESTS.labels(request.method, route, str(response.status_code)).observe(duration)
    level = logging.WARNING if response.status_code >= 500 else logging.INFO  # noqa: PLR2004 - server errors
    if request.path in _QUIET:
        level = min(level, logging.DEBUG)
    if log.isEnabledFor(level):
        log.log(
            level,
            "request",
            extra={
                "method": request.method,
                "route": route,
                "status": response.status_code,
                "duration": round(duration, 6),
            },
        )
    return response
