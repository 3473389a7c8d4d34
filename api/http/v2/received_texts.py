"""`GET /v2/received-text-messages`: what people wrote back."""

from flask import Response, request

from api.core.inbound.queries import list_received_texts
from api.http.responses import json_response
from api.http.v2 import blueprint
from api.http.v2.authentication import authenticate, runtime
from api.http.v2.schemas import parse_received_texts_query


@blueprint.get("/received-text-messages")
def get_received_texts() -> Response:
    caller = authenticate()
    older_than = parse_received_texts_query(request.args, runtime())
    texts = list_received_texts(runtime(), caller.service.id, older_than)
    links = {"current": request.base_url}
    if texts:
        links["next"] = f"{request.base_url}?older_than={texts[-1]['id']}"
    return json_response({"received_text_messages": texts, "links": links})
