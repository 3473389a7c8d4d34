"""`POST /v2/notifications/bulk`: many messages of one template (contract: Canada, bulk)."""

from datetime import datetime
from typing import Any

from flask import Response

from api.contract import Channel
from api.core.jobs.commands import create_bulk_job
from api.core.jobs.models import Job
from api.core.notifications.accept import Caller, daily_count
from api.http.responses import json_response
from api.http.v2 import blueprint
from api.http.v2.authentication import authenticate, runtime
from api.http.v2.body import json_body
from api.http.v2.schemas import parse_bulk
from api.timestamps import format_timestamp


@blueprint.post("/notifications/bulk")
def post_bulk() -> Response:
    caller = authenticate()
    _take_token(caller)
    order = parse_bulk(json_body(), runtime())
    job = create_bulk_job(runtime(), caller.service, caller.key, order)
    return json_response({"data": _serialise(job, caller)}, 201)


def _take_token(caller: Caller) -> None:
    """One request of the minute, whatever it holds; messages are counted once their channel is known."""
    rate = (caller.key_type, caller.service.rate_limit)
    with runtime().limits.counting(daily_count(caller, Channel.EMAIL), 0, rate=rate):
        pass


def _serialise(job: Job, caller: Caller) -> dict[str, Any]:
    template = runtime().templates.find_latest(job.service_id, job.template_id)
    return {
        "id": job.id,
        "original_file_name": job.original_file_name,
        "notification_count": job.notification_count,
        "template": job.template_id,
        "template_version": job.template_version,
        "template_type": template.type if template else None,
        "service": job.service_id,
        "service_name": {"name": caller.service.name},
        "created_by": {"id": None, "name": None},
        "api_key": {"id": caller.key.id, "name": caller.key.name, "key_type": caller.key_type},
        "job_status": job.job_status,
        "scheduled_for": _timestamp(job.scheduled_for),
        "sender_id": job.sender_id,
        "created_at": format_timestamp(job.created_at),
        "updated_at": _timestamp(job.updated_at),
        "processing_started": _timestamp(job.processing_started),
        "processing_finished": _timestamp(job.processing_finished),
        "archived": job.archived,
    }


def _timestamp(moment: datetime | None) -> str | None:
    return None if moment is None else format_timestamp(moment)
