"""`POST /v2/notifications/letter`: the answers of a service that may not send letters."""

from flask import Response

from api.contract import Channel
from api.core.errors import BusinessRuleError
from api.core.notifications.accept import daily_count
from api.http.v2 import blueprint
from api.http.v2.authentication import authenticate, runtime
from api.http.v2.body import json_body
from api.http.v2.schemas import check_letter


@blueprint.post("/notifications/letter")
def post_letter() -> Response:
    caller = authenticate()
    rate = (caller.key_type, caller.service.rate_limit)
    with runtime().limits.counting(daily_count(caller, Channel.LETTER), rate=rate):
        check_letter(json_body(), runtime())
        raise BusinessRuleError("Service is not allowed to send letters")
