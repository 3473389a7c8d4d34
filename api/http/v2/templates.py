"""`/v2/template…`: reading templates, and trying them with values."""

from flask import Response, request

from api.core.templates.preview import preview_template
from api.core.templates.queries import get_template, list_templates
from api.core.templates.serialise import serialise_template
from api.http.responses import json_response
from api.http.v2 import blueprint
from api.http.v2.authentication import authenticate, runtime
from api.http.v2.body import json_body
from api.http.v2.schemas import parse_path_id, parse_preview, parse_templates_query


@blueprint.get("/template/<template_id>")
@blueprint.get("/template/<template_id>/version/<int:version>")
def get_one_template(template_id: str, version: int | None = None) -> Response:
    """Contract: version 0 is the current one."""
    caller = authenticate()
    identifier = parse_path_id("id", template_id)
    return json_response(
        serialise_template(get_template(runtime().database, caller.service.id, identifier, version))
    )


@blueprint.get("/templates")
def get_all_templates() -> Response:
    caller = authenticate()
    channel = parse_templates_query(request.args, runtime())
    rows = list_templates(runtime().database, caller.service.id, channel)
    return json_response({"templates": [serialise_template(row) for row in rows]})


@blueprint.post("/template/<template_id>/preview")
def post_preview(template_id: str) -> Response:
    caller = authenticate()
    identifier = parse_path_id("id", template_id)
    body = json_body() if request.get_data() else {}
    values = parse_preview(body, runtime())
    return json_response(preview_template(runtime(), caller.service.id, identifier, values))
