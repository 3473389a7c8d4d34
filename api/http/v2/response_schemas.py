"""Answers of the public API as JSON schemas (draft 2020-12): described in `/openapi.json`, checked by tests."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from api.contract import Channel, JobStatus, KeyType, Status
from api.http.validation import Schema

UUID: Final[Schema] = {"type": "string", "format": "uuid"}
TEXT: Final[Schema] = {"type": "string"}
EMAIL_ADDRESS: Final[Schema] = {"type": "string", "format": "email"}
TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
INTEGER: Final[Schema] = {"type": "integer"}
NULL: Final[Schema] = {"type": "null"}
URL: Final[Schema] = {"type": "string", "format": "uri"}
TIMESTAMP: Final[Schema] = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
    "examples": ["2026-11-02T09:00:00.120000Z"],
}
TIMESTAMP_OR_NULL: Final[Schema] = TIMESTAMP | {"type": ["string", "null"]}


def _object(properties: Schema, *, optional: Collection[str] = ()) -> Schema:
    """Every key is always there, unless it is optional; no others are."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _one_of(values: Iterable[str]) -> Schema:
    return {"type": "string", "enum": [str(value) for value in values]}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_TEMPLATE_LINK: Final = _object({"id": UUID, "version": INTEGER, "uri": URL})
_PAGE_LINKS: Final = _object(
    {
        "current": URL,
        "next": URL | {"description": "There unless the page is empty, so on the last page too."},
    },
    optional=("next",),
)


def _accepted(content: Schema, *, optional: Collection[str] = (), **others: Schema) -> Schema:
    return _object(
        {
            "id": UUID,
            "reference": TEXT_OR_NULL,
            "content": _object(content),
            "uri": URL,
            "template": _TEMPLATE_LINK,
            "scheduled_for": TIMESTAMP_OR_NULL,
            **others,
        },
        optional=optional,
    )


_SANITISED: Final = {
    "type": "object",
    "additionalProperties": _object({"unsanitised": TEXT, "sanitised": TEXT}),
    "description": "The values that `sanitise_content_for` changed.",
}
# Ours: never there unless a patch lets the alphabets of text messages tell what they change.
_SANITISED_BODY: Final = {
    "type": "object",
    "additionalProperties": _object({"unsanitised": TEXT, "sanitised": TEXT}),
    "description": "The `body` as it was written and as it is sent, when its alphabet changed something.",
}
_COST_DETAILS: Final = _object(
    {
        "billable_sms_fragments": INTEGER,
        "international_rate_multiplier": {"type": "number"},
        "sms_rate": {"type": "number"},
    },
    optional=("billable_sms_fragments", "international_rate_multiplier", "sms_rate"),
)
_NOTIFICATION: Final = _object(
    {
        "id": UUID,
        "reference": TEXT_OR_NULL,
        "email_address": TEXT_OR_NULL,
        "phone_number": TEXT_OR_NULL,
        **{f"line_{number}": TEXT_OR_NULL for number in range(1, 7)},
        "postcode": TEXT_OR_NULL,
        "postage": TEXT_OR_NULL,
        "type": _one_of(Channel),
        "status": _one_of(Status),
        "template": _TEMPLATE_LINK,
        "body": TEXT,
        "subject": TEXT_OR_NULL,
        "created_at": TIMESTAMP,
        "created_by_name": TEXT_OR_NULL,
        "sent_at": TIMESTAMP_OR_NULL,
        "completed_at": TIMESTAMP_OR_NULL,
        "scheduled_for": TIMESTAMP_OR_NULL,
        "one_click_unsubscribe_url": TEXT_OR_NULL,
        "is_cost_data_ready": {"type": "boolean"},
        "cost_in_pounds": {
            "type": ["number", "null"],
            "description": "An amount in the currency of this deployment; the name is that of the shared contract.",
        },
        "cost_details": _COST_DETAILS,
    }
)
_TEMPLATE: Final = _object(
    {
        "id": UUID,
        "name": TEXT,
        "type": _one_of(Channel),
        "version": INTEGER,
        "body": TEXT,
        "subject": TEXT_OR_NULL,
        "created_at": TIMESTAMP,
        "updated_at": TIMESTAMP_OR_NULL,
        "created_by": TEXT_OR_NULL,
        "personalisation": {
            "type": "object",
            "additionalProperties": _object({"required": {"type": "boolean"}}),
        },
        "postage": TEXT_OR_NULL,
        "letter_contact_block": TEXT_OR_NULL,
    }
)
_PREVIEW: Final = _object(
    {
        "id": UUID,
        "type": _one_of(Channel),
        "version": INTEGER,
        "body": TEXT,
        "subject": TEXT_OR_NULL,
        "html": TEXT_OR_NULL,
        "postage": TEXT_OR_NULL,
    }
)
_RECEIVED_TEXT: Final = _object(
    {
        "id": UUID,
        "user_number": TEXT,
        "notify_number": TEXT,
        "created_at": TIMESTAMP,
        "service_id": UUID,
        "content": TEXT,
    }
)
_JOB: Final = _object(
    {
        "id": UUID,
        "original_file_name": TEXT,
        "notification_count": INTEGER,
        "template": UUID,
        "template_version": INTEGER,
        "template_type": _one_of(Channel),
        "service": UUID,
        "service_name": _object({"name": TEXT}),
        "created_by": _object({"id": UUID | {"type": ["string", "null"]}, "name": TEXT_OR_NULL}),
        "api_key": _object({"id": UUID, "name": TEXT, "key_type": _one_of(KeyType)}),
        "job_status": _one_of(JobStatus),
        "scheduled_for": TIMESTAMP_OR_NULL,
        "sender_id": UUID | {"type": ["string", "null"]},
        "created_at": TIMESTAMP,
        "updated_at": TIMESTAMP_OR_NULL,
        "processing_started": TIMESTAMP_OR_NULL,
        "processing_finished": TIMESTAMP_OR_NULL,
        "archived": {"type": "boolean"},
    }
)

RESPONSES: Final[dict[str, Any]] = {
    "SmsAccepted": _accepted(
        {"body": TEXT, "from_number": TEXT},
        sanitised_content=_SANITISED_BODY,
        optional=("sanitised_content",),
    ),
    "EmailAccepted": _accepted(
        {
            "body": TEXT,
            "subject": TEXT,
            "from_email": EMAIL_ADDRESS,
            "one_click_unsubscribe_url": TEXT_OR_NULL,
        },
        sanitised_content=_SANITISED,
    ),
    "JobAccepted": _object({"data": _JOB}),
    "Notification": _NOTIFICATION,
    "NotificationPage": _object(
        {"notifications": {"type": "array", "items": _reference("Notification")}, "links": _PAGE_LINKS}
    ),
    "Template": _TEMPLATE,
    "Templates": _object({"templates": {"type": "array", "items": _reference("Template")}}),
    "TemplatePreview": _PREVIEW,
    "ReceivedText": _RECEIVED_TEXT,
    "ReceivedTextPage": _object(
        {
            "received_text_messages": {"type": "array", "items": _reference("ReceivedText")},
            "links": _PAGE_LINKS,
        }
    ),
    "Errors": _object(
        {
            "status_code": INTEGER,
            "errors": {"type": "array", "items": _object({"error": TEXT, "message": TEXT})},
        }
    ),
    "PlainError": _object(
        {"result": {"const": "error"}, "message": {"description": "A sentence, or one for each field."}}
    ),
    "Unsubscribed": _object({"result": {"const": "success"}, "message": TEXT}),
}
