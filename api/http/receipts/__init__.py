"""What providers call: receipts and received texts (contract: provider callbacks).

Unknown messages get the same answer as known ones: a provider that is refused would only try again.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy.exc import OperationalError

from api.contract import Channel
from api.core.delivery.receipts import apply_events
from api.core.inbound.commands import store_received_text
from api.http.errors import plain_error
from api.http.responses import json_response
from api.providers.protocol import (
    ForbiddenRequestError,
    GivesReceipts,
    MalformedRequestError,
    ProviderRequest,
    ReceivesTexts,
    SaysWhenToRetry,
    TryAgainLaterError,
    UnauthenticatedRequestError,
)
from api.providers.registry import build_providers
from api.queue import QueueUnavailableError
from api.runtime import Runtime

log = logging.getLogger(__name__)

PROVIDERS = "providers"  # in `app.extensions`
# The largest known batch of receipts is far smaller; the body is read before anyone has proved anything.
MAX_RECEIPT_BYTES = 1024 * 1024
_METHODS = ["GET", "POST"]  # some providers call back by GET

Parsed = TypeVar("Parsed")
blueprint = Blueprint("receipts", __name__, url_prefix="/notifications")


def register(app: Flask) -> None:
    runtime: Runtime = app.extensions["runtime"]
    app.extensions[PROVIDERS] = build_providers(runtime.settings, runtime.slots)
    app.register_blueprint(blueprint)


@blueprint.route("/sms/<provider_name>", endpoint="sms", defaults={"channel": Channel.SMS}, methods=_METHODS)
@blueprint.route(
    "/email/<provider_name>", endpoint="email", defaults={"channel": Channel.EMAIL}, methods=_METHODS
)
def take_receipts(channel: Channel, provider_name: str) -> Response:
    provider = _find_provider(channel, provider_name)
    if not isinstance(provider, GivesReceipts):
        return plain_error(404, "No such provider gives receipts")
    events = _parse(provider, provider.parse_receipts)
    if isinstance(events, Response):
        return events
    try:
        apply_events(_runtime(), channel, provider_name, events)
    except (QueueUnavailableError, OperationalError) as error:
        return _try_again_later(provider, error)
    return json_response({"result": "success"}, provider.success_status)


@blueprint.route("/sms/receive/<provider_name>", methods=_METHODS)
def take_received_texts(provider_name: str) -> Response:
    provider = _find_provider(Channel.SMS, provider_name)
    if not isinstance(provider, ReceivesTexts):
        return plain_error(404, "No such provider receives text messages")
    texts = _parse(provider, provider.parse_received_texts)
    if isinstance(texts, Response):
        return texts
    try:
        for received in texts:
            store_received_text(_runtime(), provider_name, received)
    except OperationalError as error:
        return _try_again_later(provider, error)
    return json_response({"status": "ok"})


def _find_provider(channel: Channel, name: str) -> object | None:
    found: object | None = current_app.extensions[PROVIDERS][channel].get(name)
    return found


def _parse(provider: object, parse: Callable[[ProviderRequest], Parsed]) -> Parsed | Response:
    request.max_content_length = MAX_RECEIPT_BYTES
    asked = ProviderRequest(
        method=request.method,
        path=request.path,
        headers={name.lower(): value for name, value in request.headers},
        query=request.args.to_dict(),
        body=request.get_data(cache=False),
    )
    try:
        return parse(asked)
    except ForbiddenRequestError as error:
        return plain_error(403, str(error))
    except UnauthenticatedRequestError as error:
        return plain_error(401, str(error))
    except MalformedRequestError as error:
        return plain_error(400, str(error))
    except TryAgainLaterError as error:
        return _try_again_later(provider, error)


def _try_again_later(provider: object, error: Exception) -> Response:
    """The database, the broker or a certificate is away for the moment: the provider must not forget its call."""
    log.warning("provider_call_put_off", extra={"path": request.path, "error": type(error).__name__})
    return plain_error(
        provider.retry_status if isinstance(provider, SaysWhenToRetry) else 503, "Try again later"
    )


def _runtime() -> Runtime:
    runtime: Runtime = current_app.extensions["runtime"]
    return runtime
