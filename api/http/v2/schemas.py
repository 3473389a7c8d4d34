"""Requests of the public API: JSON schemas (draft 2020-12, used in `/openapi.json` too) and what they become."""

import uuid
from collections.abc import Hashable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, cast

from werkzeug.datastructures import MultiDict

from api.contract import MAX_REFERENCE_LENGTH, Channel, Status
from api.core.errors import BusinessRuleError
from api.core.jobs.orders import MAX_ROWS, BulkOrder
from api.core.notifications.filters import NotificationFilter
from api.core.notifications.orders import EmailOrder, SmsOrder
from api.http.v2.formats import explain_uuid, make_formats, parse_schedule
from api.http.validation import ContractValidationError, Schema, SchemaValidator, validate
from api.runtime import Runtime
from notifications_utils.recipients.phone_rules import PhoneRules

UUID: Final[Schema] = {"type": "string", "format": "uuid"}
REFERENCE: Final[Schema] = {
    "type": "string",
    "maxLength": MAX_REFERENCE_LENGTH,
    "format": "storable-text",
    "description": "Your own name for the message. It need not be unique; do not put personal data in it.",
}
PERSONALISATION: Final[Schema] = {
    "type": "object",
    "format": "storable",
    "description": "A value for each placeholder; names are compared without case, spaces, `_` and `-`.",
}
SCHEDULED_FOR: Final[Schema] = {
    "type": ["string", "null"],
    "format": "schedule",
    "description": "ISO 8601, at most 96 hours ahead; UTC unless it has an offset.",
}


def _closed(properties: Schema, *required: str) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


SMS_REQUEST: Final = _closed(
    {
        "phone_number": {"type": "string", "format": "phone-number"},
        "template_id": UUID,
        "personalisation": PERSONALISATION,
        "reference": REFERENCE,
        "sms_sender_id": UUID,
        "scheduled_for": SCHEDULED_FOR,
    },
    "phone_number",
    "template_id",
)
EMAIL_REQUEST: Final = _closed(
    {
        "email_address": {"type": "string", "format": "email-address"},
        "template_id": UUID,
        "personalisation": PERSONALISATION,
        "reference": REFERENCE,
        "email_reply_to_id": UUID,
        "one_click_unsubscribe_url": {"type": "string", "format": "https-url"},
        "sanitise_content_for": {
            "type": ["array", "null"],
            "description": "Personalisation keys whose links and Markdown are made harmless.",
        },
        "scheduled_for": SCHEDULED_FOR,
    },
    "email_address",
    "template_id",
)
FILE: Final = _closed(
    {
        "file": {"type": "string", "description": "Base64."},
        "filename": {"type": ["string", "null"], "format": "file-name"},
        "confirm_email_before_download": {"type": ["boolean", "null"], "format": "file-confirmation"},
        "retention_period": {"type": ["string", "null"], "format": "retention-period"},
        "is_csv": {"type": ["boolean", "null"]},
    },
    "file",
)
LETTER_REQUEST: Final = _closed(
    {"template_id": UUID, "personalisation": PERSONALISATION, "reference": REFERENCE},
    "template_id",
    "personalisation",
)
PRECOMPILED_LETTER_REQUEST: Final = _closed(
    {
        "reference": {"type": "string", "format": "storable-text"},
        "content": {"type": "string", "description": "A PDF in base64."},
        "postage": {"type": "string", "format": "postage"},
    },
    "reference",
    "content",
)
BULK_REQUEST: Final = _closed(
    {
        "template_id": UUID,
        "name": {"type": "string", "minLength": 1, "maxLength": 255, "format": "storable-text"},
        "rows": {
            "type": "array",
            "minItems": 2,
            "items": {
                "type": "array",
                "items": {"type": ["string", "number", "boolean", "null"]},
                "format": "storable",
            },
            "description": f"The first row holds the headings; at most {MAX_ROWS} others.",
        },
        "csv": {"type": "string", "format": "storable-text", "description": "The same as CSV text."},
        "scheduled_for": SCHEDULED_FOR,
        "reply_to_id": {"type": ["string", "null"], "format": "uuid-or-null"},
        "reference": REFERENCE,
    },
    "template_id",
    "name",
)
PREVIEW_REQUEST: Final[Schema] = {"type": "object", "properties": {"personalisation": PERSONALISATION}}

CHANNEL: Final[Schema] = {"type": "string", "enum": ["sms", "email", "letter"]}
STATUS_FILTERS: Final = (*map(str, Status), "accepted", "received")
NOTIFICATIONS_QUERY: Final = _closed(
    {
        "older_than": UUID,
        "reference": {"type": "string", "format": "storable-text"},
        "status": {"type": "array", "items": {"type": "string", "enum": list(STATUS_FILTERS)}},
        "template_type": {"type": "array", "items": CHANNEL},
        "include_jobs": {"type": "string", "enum": ["true", "True"]},
    }
)
TEMPLATES_QUERY: Final = _closed({"type": CHANNEL})
RECEIVED_TEXTS_QUERY: Final = _closed({"older_than": UUID})


_SCHEMAS: Final = {
    "sms": SMS_REQUEST,
    "email": EMAIL_REQUEST,
    "letter": LETTER_REQUEST,
    "precompiled": PRECOMPILED_LETTER_REQUEST,
    "file": FILE,
    "bulk": BULK_REQUEST,
    "preview": PREVIEW_REQUEST,
    "notifications": NOTIFICATIONS_QUERY,
    "templates": TEMPLATES_QUERY,
    "received_texts": RECEIVED_TEXTS_QUERY,
}


@lru_cache(maxsize=8)
def _validators(rules: Hashable) -> dict[str, SchemaValidator]:
    formats = make_formats(cast("PhoneRules", rules))
    return {name: SchemaValidator(schema, formats) for name, schema in _SCHEMAS.items()}


def validators(phone_rules: PhoneRules) -> dict[str, SchemaValidator]:
    """Compiled once a process, because the country's phone rules are fixed then."""
    return _validators(cast("Hashable", phone_rules))


def _check(kind: str, instance: object, runtime: Runtime) -> None:
    validate(validators(runtime.slots.phone_rules)[kind], instance)


def parse_sms(body: Any, runtime: Runtime) -> SmsOrder:
    """Raises `ContractValidationError`."""
    _check("sms", body, runtime)
    return SmsOrder(
        phone_number=body["phone_number"],
        template_id=uuid.UUID(body["template_id"]),
        personalisation=body.get("personalisation", {}),
        reference=body.get("reference"),
        sms_sender_id=_uuid_or_none(body.get("sms_sender_id")),
        scheduled_for=_moment_or_none(body.get("scheduled_for")),
    )


def parse_email(body: Any, runtime: Runtime) -> EmailOrder:
    """Raises `ContractValidationError`."""
    _check("email", body, runtime)
    keys = body.get("sanitise_content_for") or ()
    return EmailOrder(
        email_address=body["email_address"],
        template_id=uuid.UUID(body["template_id"]),
        personalisation=body.get("personalisation", {}),
        reference=body.get("reference"),
        email_reply_to_id=_uuid_or_none(body.get("email_reply_to_id")),
        one_click_unsubscribe_url=body.get("one_click_unsubscribe_url"),
        sanitise_content_for=tuple(key for key in keys if isinstance(key, str)),
        scheduled_for=_moment_or_none(body.get("scheduled_for")),
    )


def check_letter(body: Any, runtime: Runtime) -> None:
    """A letter with `content` is a ready PDF, any other is a template's. Raises `ContractValidationError`."""
    is_precompiled = isinstance(body, dict) and "content" in body
    _check("precompiled" if is_precompiled else "letter", body, runtime)


def check_file(value: Any, runtime: Runtime) -> None:
    """A personalisation value with a `file` key. Raises `ContractValidationError`."""
    _check("file", value, runtime)
    if "is_csv" in value and "filename" in value:
        raise ContractValidationError.of("Do not set a value for `is_csv` if `filename` is set.")


def parse_bulk(body: Any, runtime: Runtime) -> BulkOrder:
    """Raises `ContractValidationError`, or `BusinessRuleError` unless there is one of rows and csv."""
    _check("bulk", body, runtime)
    if ("rows" in body) == ("csv" in body):
        raise BusinessRuleError("You should specify either rows or csv")
    return BulkOrder(
        template_id=uuid.UUID(body["template_id"]),
        name=body["name"],
        rows=body.get("rows"),
        csv=body.get("csv"),
        reply_to_id=_uuid_or_none(body.get("reply_to_id")),
        reference=body.get("reference"),
        scheduled_for=_moment_or_none(body.get("scheduled_for")),
    )


def parse_preview(body: Any, runtime: Runtime) -> dict[str, Any]:
    """The personalisation to show a template with. Raises `ContractValidationError`."""
    _check("preview", body, runtime)
    personalisation: dict[str, Any] = body.get("personalisation", {})
    return personalisation


def parse_notifications_query(arguments: MultiDict[str, str], runtime: Runtime) -> NotificationFilter:
    """Raises `ContractValidationError`."""
    query = _query(arguments, repeatable=("status", "template_type"))
    _check("notifications", query, runtime)
    return NotificationFilter(
        template_types=tuple(query.get("template_type", ())),
        statuses=tuple(query.get("status", ())),
        reference=query.get("reference"),
        older_than=_uuid_or_none(query.get("older_than")),
        include_jobs="include_jobs" in query,
    )


def parse_templates_query(arguments: MultiDict[str, str], runtime: Runtime) -> Channel | None:
    """Raises `ContractValidationError`."""
    query = _query(arguments)
    _check("templates", query, runtime)
    return Channel(query["type"]) if "type" in query else None


def parse_received_texts_query(arguments: MultiDict[str, str], runtime: Runtime) -> uuid.UUID | None:
    """Raises `ContractValidationError`."""
    query = _query(arguments)
    _check("received_texts", query, runtime)
    return _uuid_or_none(query.get("older_than"))


def parse_path_id(name: str, text: str) -> uuid.UUID:
    """An identifier in a path. Raises `ContractValidationError`."""
    reason = explain_uuid(text)
    if reason is not None:
        raise ContractValidationError.of(f"{name} {reason}")
    return uuid.UUID(text)


def _query(arguments: MultiDict[str, str], repeatable: tuple[str, ...] = ()) -> dict[str, Any]:
    """Contract: of a parameter that may not be repeated, the first value counts."""
    return {name: arguments.getlist(name) if name in repeatable else arguments[name] for name in arguments}


def _uuid_or_none(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None


def _moment_or_none(text: str | None) -> datetime | None:
    return parse_schedule(text) if text else None
