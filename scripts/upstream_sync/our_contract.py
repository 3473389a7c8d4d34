"""The public contract as our running application keeps it: routes, schemas, errors, callbacks."""

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final, cast

from flask import Flask
from werkzeug.routing import Rule

from api.contract import CallbackType, Channel, Status
from api.core.callbacks.commands import (
    ComplaintReport,
    InboundReport,
    StatusReport,
    complaint_rows,
    delivery_status_rows,
    inbound_sms_rows,
)
from api.http.errors import CONTRACT_ERRORS
from api.http.ops.openapi_document import OPERATIONS, REQUESTS, Operation, path_parameters
from api.http.v2.response_schemas import RESPONSES
from api.http.v2.schemas import FILE
from api.runtime import Runtime
from scripts.upstream_sync.facts import Fact, route_path
from scripts.upstream_sync.schema_facts import facts_of_path, facts_of_schema

_SILENT_METHODS: Final = frozenset({"HEAD", "OPTIONS"})
_PROVIDERS: Final = "/notifications/"
_PUBLIC: Final = ("/v2/", "/unsubscribe/")
_NOT_FOUND, _UNAUTHENTICATED = 404, 401
# They refuse what no database could store; upstream's code fails there with a server error.
_OWN_FORMATS: Final = ("storable", "storable-text")
_REQUEST_WORDS: Final = {"PrecompiledLetterRequest": "request-precompiled"}
_ERROR_ANSWERS: Final = ("Errors", "PlainError", "application/pdf")


def contract_facts(app: Flask, runtime: Runtime) -> Iterator[Fact]:
    yield from _routes(app)
    for operation in OPERATIONS:
        yield from _schemas(operation)
    yield from _errors(app)
    yield from _callbacks(runtime)


def _routes(app: Flask) -> Iterator[Fact]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - _SILENT_METHODS):
            value = _describe_route(app, rule, method)
            if value is not None:
                yield Fact(f"route {method} {route_path(rule.rule)}", value, sym=rule.endpoint)


def _describe_route(app: Flask, rule: Rule, method: str) -> dict[str, str] | None:
    """None for a route of the public API that is not found whoever asks: it promises nothing."""
    if rule.rule.startswith(_PROVIDERS):
        return {"auth": "provider", "area": "internal"}
    if not rule.rule.startswith(_PUBLIC):
        return {"auth": "none", "area": "internal"}
    if rule.rule.startswith("/unsubscribe/"):
        return {"auth": "none", "area": "public"}
    path = _fill(rule)
    status = app.test_client().open(path, method=method).status_code
    if status == _NOT_FOUND:
        return None
    return {"auth": "service-key" if status == _UNAUTHENTICATED else "none", "area": "public"}


def _fill(rule: Rule) -> str:
    """An address that the rule matches."""
    path = rule.rule
    for name in rule.arguments:
        for written in (f"<{name}>", f"<int:{name}>", f"<uuid:{name}>"):
            path = path.replace(written, "1")
    return path


def _schemas(operation: Operation) -> Iterator[Fact]:
    place = f"schema {operation.method.upper()} {route_path(_flask_form(operation.path))}"
    for name in operation.request:
        word = _REQUEST_WORDS.get(name, "request")
        yield from facts_of_schema(f"{place} {word}", _resolve(REQUESTS[name]), sym=name)
    if "EmailRequest" in operation.request:
        # `check_file` refuses the two together in code.
        file = FILE | {"not": {"required": ["filename", "is_csv"]}}
        yield from facts_of_schema(f"{place} request-file", _resolve(file), sym="File")
    if operation.query:
        yield from facts_of_schema(f"{place} query", _resolve(operation.query))
    properties = {parameter["name"]: parameter["schema"] for parameter in path_parameters(operation)}
    yield from facts_of_path(f"{place} path", {"properties": properties})
    if operation.answer not in _ERROR_ANSWERS:
        prefix = f"{place} response {operation.status}"
        described = facts_of_schema(prefix, _resolve(RESPONSES[operation.answer]), sym=operation.answer)
        yield from described
        yield from (_response_key(fact) for fact in described if fact.key != prefix)


def _response_key(described: Fact) -> Fact:
    """Tests hold our answers against their schemas, so that keys of the one are keys of the other."""
    return Fact(described.key.replace("schema ", "response-key ", 1), {}, sym=described.sym)


def _flask_form(path: str) -> str:
    return path.replace("{", "<").replace("}", ">")


def _resolve(schema: Any) -> Any:
    """With references replaced by what they mean, and without the formats that are only ours."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            return _resolve(RESPONSES[schema["$ref"].rpartition("/")[2]])
        return {
            name: _resolve(part)
            for name, part in schema.items()
            if not (name == "format" and part in _OWN_FORMATS)
        }
    return [_resolve(part) for part in schema] if isinstance(schema, (list, tuple)) else schema


def _errors(app: Flask) -> Iterator[Fact]:
    """The class in an answer's `error`, and the status that it comes with. `Exception` stands for any other."""
    pairs = {(name, status) for status, name in CONTRACT_ERRORS.values()}
    pairs |= {("AuthError", 401), ("AuthError", 403), ("ValidationError", 400)}
    if Exception in app.error_handler_spec[None][None]:
        pairs.add(("Exception", 500))
    for name, status in sorted(pairs):
        yield Fact(f"error {name} {status}", {})


def _callbacks(runtime: Runtime) -> Iterator[Fact]:
    """What is posted to services, seen just before it is sealed."""
    wishes = SimpleNamespace(callbacks=frozenset(CallbackType))
    listening = cast(
        "Runtime",
        SimpleNamespace(
            services=SimpleNamespace(find=lambda _service_id: wishes),
            keyring=SimpleNamespace(seal=lambda _purpose, content: content),
            settings=runtime.settings,
        ),
    )
    identifier, now = uuid.uuid4(), datetime.now(UTC)
    status = StatusReport(
        identifier, identifier, None, "", Status.DELIVERED, now, None, None, Channel.SMS, identifier, 1
    )
    rows = [
        *delivery_status_rows(listening, [status]),
        *inbound_sms_rows(listening, InboundReport(identifier, identifier, "", "", "", now)),
        *complaint_rows(listening, ComplaintReport(identifier, identifier, identifier, None, None, now)),
    ]
    for row in rows:
        for name in json.loads(row["payload"]):
            yield Fact(f"callback {row['callback_type']} /{name}", {})
