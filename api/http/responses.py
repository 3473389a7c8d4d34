"""Making answers: JSON, and the headers that every answer carries (contract: service-wide rules)."""

import secrets
from typing import Any

import orjson
from flask import Flask, Response, g, request

_HEADERS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Headers", "Content-Type,Authorization"),
    ("Access-Control-Allow-Methods", "GET,PUT,POST,DELETE"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Permitted-Cross-Domain-Policies", "none"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
)
NO_CACHE = "no-store, no-cache, private, must-revalidate"
_TRACE_SOURCES = ("X-B3-TraceId", "X-Amz-Cf-Id", "X-Amzn-Trace-Id")
MAX_TRACE_LENGTH = 64


def json_response(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, content_type="application/json")


def trace_id() -> str:
    """The caller's trace, or a new one: it follows the request into logs and tasks."""
    known: str | None = g.get("trace_id")
    if known is None:
        given = next((value for name in _TRACE_SOURCES if (value := request.headers.get(name))), "")
        known = given if _is_safe(given) else secrets.token_hex(16)
        g.trace_id = known
    return known


def _is_safe(value: str) -> bool:
    """Only short plain identifiers reach logs and headers."""
    return 0 < len(value) <= MAX_TRACE_LENGTH and all(char.isalnum() or char in "-_=;:" for char in value)


def add_headers(response: Response) -> Response:
    response.headers.extend(_HEADERS)
    response.headers.setdefault("Cache-Control", NO_CACHE)
    response.headers["X-B3-TraceId"] = trace_id()
    response.headers["X-B3-SpanId"] = request.headers.get("X-B3-SpanId", "")[:16] or secrets.token_hex(8)
    return response


def root_url() -> str:
    """`https://host/`: as the caller reached us, because clients follow the addresses in answers."""
    return request.host_url


def register_response_headers(app: Flask) -> None:
    app.after_request(add_headers)
