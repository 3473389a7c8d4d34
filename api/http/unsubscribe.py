"""`POST /unsubscribe/…`: what mail clients call for a person; the token says who may (RFC 8058)."""

import uuid

from flask import Blueprint, Response, current_app

from api.core.notifications.unsubscribe import InvalidUnsubscribeLinkError, unsubscribe
from api.http.responses import json_response

blueprint = Blueprint("unsubscribe", __name__)


@blueprint.post("/unsubscribe/<uuid:notification_id>/<token>")
def post_unsubscribe(notification_id: uuid.UUID, token: str) -> Response:
    try:
        unsubscribe(current_app.extensions["runtime"], notification_id, token)
    except InvalidUnsubscribeLinkError as error:
        return json_response({"result": "error", "message": {"unsubscribe request": str(error)}}, 404)
    return json_response({"result": "success", "message": "Unsubscribe successful"})
