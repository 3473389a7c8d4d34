"""`POST /v2/notifications/{sms,email}`: limits, then the body, then the rules (contract: order of checks)."""

from contextlib import AbstractContextManager
from typing import Any

from flask import Response, abort

from api.contract import Channel
from api.core.notifications.accept import (
    AcceptedEmail,
    AcceptedSms,
    Caller,
    accept_email,
    accept_sms,
    daily_count,
)
from api.core.notifications.limits import Counted
from api.core.templates.directory import KnownTemplate
from api.http.responses import json_response, root_url, trace_id
from api.http.v2 import blueprint
from api.http.v2.authentication import authenticate, runtime
from api.http.v2.body import json_body
from api.http.v2.schemas import check_file, parse_email, parse_sms
from api.timestamps import format_timestamp


@blueprint.post("/notifications/sms")
def post_sms() -> Response:
    caller = authenticate()
    with _counting(caller, Channel.SMS) as counted:
        order = parse_sms(json_body(), runtime())
        accepted = accept_sms(runtime(), caller, order, request_id=trace_id())
        counted.take_back = accepted.is_simulated
    return json_response(_serialise_sms(accepted), 201)


@blueprint.post("/notifications/email")
def post_email() -> Response:
    caller = authenticate()
    with _counting(caller, Channel.EMAIL) as counted:
        order = parse_email(json_body(), runtime())
        accepted = accept_email(
            runtime(),
            caller,
            order,
            check_file=lambda file: check_file(file, runtime()),
            request_id=trace_id(),
        )
        counted.take_back = accepted.is_simulated
    return json_response(_serialise_email(accepted), 201)


@blueprint.post("/notifications/<channel>")
def post_unknown_channel(channel: str) -> Response:  # noqa: ARG001 - whatever it is, we do not know it
    """Contract: 404, where the routes that read by identifier would make it a wrong method."""
    abort(404)


def _counting(caller: Caller, channel: Channel) -> AbstractContextManager[Counted]:
    """Takes a token and counts one message of the day, before any look at the body."""
    rate = (caller.key_type, caller.service.rate_limit)
    return runtime().limits.counting(daily_count(caller, channel), rate=rate)


def _serialise_sms(accepted: AcceptedSms) -> dict[str, Any]:
    content = {"body": accepted.body, "from_number": accepted.from_number}
    changed = {"sanitised_content": accepted.sanitised_content} if accepted.sanitised_content else {}
    return _serialise(accepted, content) | changed


def _serialise_email(accepted: AcceptedEmail) -> dict[str, Any]:
    content = {
        "from_email": accepted.from_address,
        "body": accepted.body,
        "subject": accepted.subject,
        "one_click_unsubscribe_url": accepted.order.one_click_unsubscribe_url,
    }
    return _serialise(accepted, content) | {"sanitised_content": accepted.sanitised_content}


def _serialise(accepted: AcceptedSms | AcceptedEmail, content: dict[str, Any]) -> dict[str, Any]:
    scheduled_for = accepted.order.scheduled_for
    return {
        "id": str(accepted.id),
        "reference": accepted.order.reference,
        "content": content,
        "uri": f"{root_url()}v2/notifications/{accepted.id}",
        "template": _template_link(accepted.template),
        "scheduled_for": format_timestamp(scheduled_for) if scheduled_for else None,
    }


def _template_link(template: KnownTemplate) -> dict[str, Any]:
    return {
        "id": str(template.id),
        "version": template.version,
        "uri": f"{root_url()}services/{template.service_id}/templates/{template.id}",
    }
