"""`GET /v2/notifications…`: what became of messages."""

import uuid
from urllib.parse import urlencode

from flask import Response, current_app, request

from api.contract import Channel
from api.core.errors import BusinessRuleError, PdfNotReadyError
from api.core.notifications.reading import NotificationReader
from api.http.responses import json_response, root_url
from api.http.v2 import blueprint
from api.http.v2.authentication import authenticate, runtime
from api.http.v2.schemas import parse_notifications_query, parse_path_id


def _reader() -> NotificationReader:
    """One for the application: it keeps what rarely changes."""
    reader: NotificationReader | None = current_app.extensions.get("notification_reader")
    if reader is None:
        reader = current_app.extensions["notification_reader"] = NotificationReader(runtime())
    return reader


@blueprint.get("/notifications/<notification_id>")
def get_notification(notification_id: str) -> Response:
    caller = authenticate()
    identifier = parse_path_id("notification_id", notification_id)
    return json_response(_reader().get(caller.service.id, identifier, root_url()))


@blueprint.get("/notifications")
def get_notifications() -> Response:
    caller = authenticate()
    chosen = parse_notifications_query(request.args, runtime())
    page = _reader().get_page(caller.service.id, caller.key_type, chosen, root_url())
    return json_response({"notifications": page.notifications, "links": _links(page.last_id)})


@blueprint.get("/notifications/<notification_id>/pdf")
def get_pdf(notification_id: str) -> Response:
    caller = authenticate()
    identifier = parse_path_id("notification_id", notification_id)
    if _reader().get_channel(caller.service.id, identifier) != Channel.LETTER:
        raise BusinessRuleError("Notification is not a letter")
    raise PdfNotReadyError


def _links(last_id: uuid.UUID | None) -> dict[str, str]:
    """Contract: `next` whenever there is something on the page. Clients take the first UUID in it for the cursor,
    so `older_than` has to come before a reference that looks like one.
    """
    given = list(request.args.items(multi=True))
    links = {"current": _link(given)}
    if last_id is not None:
        others = [(name, value) for name, value in given if name != "older_than"]
        links["next"] = _link([("older_than", str(last_id)), *others])
    return links


def _link(parameters: list[tuple[str, str]]) -> str:
    return f"{request.base_url}?{urlencode(parameters)}" if parameters else request.base_url
