"""The OpenAPI 3.1 document of the public API, from the schemas that check requests and the answers' own."""

from dataclasses import dataclass, field
from typing import Any, Final

from api.http.v2.response_schemas import RESPONSES
from api.http.v2.schemas import (
    BULK_REQUEST,
    EMAIL_REQUEST,
    FILE,
    LETTER_REQUEST,
    NOTIFICATIONS_QUERY,
    PRECOMPILED_LETTER_REQUEST,
    PREVIEW_REQUEST,
    RECEIVED_TEXTS_QUERY,
    SMS_REQUEST,
    TEMPLATES_QUERY,
)
from api.http.validation import Schema
from notifications_utils.localisation import gettext_noop

VERSION: Final = "2.0.0"
REQUESTS: Final[dict[str, Schema]] = {
    "SmsRequest": SMS_REQUEST,
    "EmailRequest": EMAIL_REQUEST,
    "LetterRequest": LETTER_REQUEST,
    "PrecompiledLetterRequest": PRECOMPILED_LETTER_REQUEST,
    "BulkRequest": BULK_REQUEST,
    "PreviewRequest": PREVIEW_REQUEST,
    "File": FILE,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """`query` is a schema of parameters; `request` and `answer` name components."""

    method: str
    path: str
    summary: str
    answer: str
    status: int = 200
    request: tuple[str, ...] = ()
    query: Schema = field(default_factory=dict)
    example: Any = None
    is_public: bool = False
    errors: tuple[int, ...] = (400, 401, 403)

    @property
    def id(self) -> str:
        words = [
            part.strip("{}").replace("_id", "") for part in self.path.split("/") if part not in ("", "v2")
        ]
        return "-".join([self.method, *words])


_SEND: Final = (400, 401, 403, 429)
_FIND: Final = (400, 401, 403, 404)
_ID: Final = "7a3d0f52-8f0e-4b7d-9f6c-1b1f0c2d3e4f"

OPERATIONS: Final = (
    Operation(
        "post", "/v2/notifications/sms", gettext_noop("Send a text message"), "SmsAccepted",
        201, ("SmsRequest",), errors=_SEND,
        example={
            "phone_number": "+447700900123",
            "template_id": _ID,
            "personalisation": {"prenom": "Amina", "heure": "14 h 30"},
            "reference": "rdv-2041",
        },
    ),
    Operation(
        "post", "/v2/notifications/email", gettext_noop("Send an e-mail"), "EmailAccepted",
        201, ("EmailRequest",), errors=_SEND,
        example={
            "email_address": "lea@exemple.fr",
            "template_id": _ID,
            "personalisation": {"nom": "Léa"},
            "one_click_unsubscribe_url": "https://exemple.fr/d?u=9",
        },
    ),
    Operation(
        "post", "/v2/notifications/letter", gettext_noop("Send a letter (refused for now)"), "Errors",
        400, ("LetterRequest", "PrecompiledLetterRequest"), errors=_SEND,
        example={"template_id": _ID, "personalisation": {"address_line_1": "Amina Diallo"}},
    ),
    Operation(
        "post", "/v2/notifications/bulk", gettext_noop("Send many messages of one template"), "JobAccepted",
        201, ("BulkRequest",), errors=_SEND,
        example={
            "template_id": _ID,
            "name": "Relance novembre",
            "rows": [["email address", "nom"], ["lea@exemple.fr", "Léa"]],
        },
    ),
    Operation(
        "get", "/v2/notifications/{notification_id}", gettext_noop("Read one message"),
        "Notification", errors=_FIND,
    ),
    Operation(
        "get", "/v2/notifications", gettext_noop("List messages, newest first, 250 a page"),
        "NotificationPage", query=NOTIFICATIONS_QUERY,
    ),
    Operation(
        "get", "/v2/notifications/{notification_id}/pdf", gettext_noop("Get the PDF of a letter"),
        "application/pdf", errors=_FIND,
    ),
    Operation(
        "get", "/v2/template/{template_id}", gettext_noop("Read a template"), "Template", errors=_FIND,
    ),
    Operation(
        "get", "/v2/template/{template_id}/version/{version}", gettext_noop("Read one version of a template"),
        "Template", errors=_FIND,
    ),
    Operation(
        "get", "/v2/templates", gettext_noop("List templates"), "Templates", query=TEMPLATES_QUERY,
    ),
    Operation(
        "post", "/v2/template/{template_id}/preview", gettext_noop("Fill in a template without sending it"),
        "TemplatePreview",
        request=("PreviewRequest",), errors=_FIND, example={"personalisation": {"nom": "Léa"}},
    ),
    Operation(
        "get", "/v2/received-text-messages",
        gettext_noop("List received text messages, newest first, 250 a page"),
        "ReceivedTextPage", query=RECEIVED_TEXTS_QUERY,
    ),
    Operation(
        "post", "/unsubscribe/{notification_id}/{token}", gettext_noop("Unsubscribe with one click (RFC 8058)"),
        "Unsubscribed", is_public=True, errors=(404,),
    ),
)  # fmt: skip


def build_document(server_url: str) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _describe(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Notifications",
            "version": VERSION,
            "summary": "Send e-mails and text messages, and read what became of them.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server_url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": REQUESTS | RESPONSES,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "HS256, signed with the secret of an API key; claims `iss` (the service) and `iat`.",
                }
            },
        },
    }


def _describe(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": [*path_parameters(operation), *_query_parameters(operation)],
        "responses": {str(operation.status): _answer(operation)}
        | {
            str(status): _error(status, operation)
            for status in operation.errors
            if status != operation.status
        },
    }
    if operation.request:
        described["requestBody"] = _request_body(operation)
    if operation.is_public:
        described["security"] = []
    return described


def path_parameters(operation: Operation) -> list[dict[str, Any]]:
    schemas = {
        "notification_id": {"type": "string", "format": "uuid"},
        "template_id": {"type": "string", "format": "uuid"},
        "version": {"type": "integer", "minimum": 0},
        "token": {"type": "string"},
    }
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in schemas.items()
        if f"{{{name}}}" in operation.path
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    """Repeated rather than joined by commas, where there may be several values."""
    properties: dict[str, Schema] = operation.query.get("properties", {})
    return [
        {"name": name, "in": "query", "required": False, "schema": schema, "style": "form", "explode": True}
        for name, schema in properties.items()
    ]


def _request_body(operation: Operation) -> dict[str, Any]:
    references = [_reference(name) for name in operation.request]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    return {
        "required": operation.request != ("PreviewRequest",),
        "content": {"application/json": {"schema": schema, "example": operation.example}},
    }


def _answer(operation: Operation) -> dict[str, Any]:
    if operation.answer == "application/pdf":
        return {"description": "The PDF", "content": {"application/pdf": {}}}
    return {
        "description": operation.summary,
        "content": {"application/json": {"schema": _reference(operation.answer)}},
    }


def _error(status: int, operation: Operation) -> dict[str, Any]:
    descriptions = {
        400: "The request is not right: `errors` say why, all at once.",
        401: "The request carries no token.",
        403: "The token is not valid, or the key may not do this.",
        404: "There is nothing under that identifier.",
        429: "Too many requests in this minute, or too many messages today.",
    }
    name = "PlainError" if operation.is_public else "Errors"
    return {
        "description": descriptions[status],
        "content": {"application/json": {"schema": _reference(name)}},
    }


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
