"""`/openapi.json` for machines, `/documentation` for people: both from the schemas that check requests."""

import json
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, render_template, request
from flask.blueprints import BlueprintSetupState

from api.http.ops.openapi_document import OPERATIONS, REQUESTS, Operation, build_document
from api.http.responses import json_response
from api.http.validation import Schema
from notifications_utils.localisation import (
    choose_language,
    find_languages,
    get_language_name,
    install_translations,
    use_language,
)

blueprint = Blueprint("openapi", __name__, template_folder="templates")
_CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: str
    is_required: bool


@blueprint.record_once
def translate_templates(state: BlueprintSetupState) -> None:
    install_translations(state.app.jinja_env)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    return json_response(build_document(_base_url()))


@blueprint.get("/documentation")
def documentation() -> Response:
    """In the language of the address (`?lang=`), or else of the browser."""
    accepted = [language for language, quality in request.accept_languages if quality > 0]
    language = choose_language(request.args.get("lang"), *accepted)
    with use_language(language):
        page = render_template(
            "documentation.html.jinja",
            language=language,
            other_languages=[
                (other, get_language_name(other)) for other in find_languages() if other != language
            ],
            operations=OPERATIONS,
            base_url=_base_url(),
            fields_of=_fields_of,
            as_json=lambda value: json.dumps(value, ensure_ascii=False, indent=2),
        )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    response.headers["Content-Security-Policy"] = _CONTENT_POLICY
    return response


def _base_url() -> str:
    address: str = current_app.extensions["runtime"].settings.api_base_url
    return address.rstrip("/")


def _fields_of(operation: Operation) -> list[list[Field]]:
    """A table for each form that the request may take."""
    schemas = [REQUESTS[name] for name in operation.request] or ([operation.query] if operation.query else [])
    return [_fields(schema) for schema in schemas]


def _fields(schema: Schema) -> list[Field]:
    required = schema.get("required", [])
    return [Field(name, _kind(found), name in required) for name, found in schema["properties"].items()]


def _kind(schema: Schema) -> str:
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if "items" in schema and "enum" in schema["items"]:
        return ", ".join(schema["items"]["enum"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    form = schema.get("format")
    name = " / ".join(types)
    return f"{name} ({form})" if form and not form.startswith("storable") else name
