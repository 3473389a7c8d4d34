"""Is it up, can it work, what is it doing: for load balancers, monitoring and people."""

import hmac
import os

from flask import Blueprint, Response, current_app, request
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from api.core.organisations.models import Organisation
from api.core.services.models import Service
from api.db.migrate import current_revision, head_revision
from api.http.responses import json_response
from api.metrics import render_metrics
from api.runtime import Runtime

blueprint = Blueprint("status", __name__)


def _runtime() -> Runtime:
    found: Runtime = current_app.extensions["runtime"]
    return found


@blueprint.get("/")
@blueprint.route("/_status", methods=["GET", "POST"])
def status() -> Response:
    """Contract: `status` is `ok`; anything in `simple` leaves the database out."""
    if request.args.get("simple"):
        return json_response({"status": "ok"})
    with _runtime().database.engine.connect() as connection:
        revision = current_revision(connection)
    return json_response(
        {
            "status": "ok",
            "git_commit": os.environ.get("GIT_COMMIT"),
            "build_time": os.environ.get("BUILD_TIME"),
            "db_version": revision,
            "db_bulk_version": None,
        }
    )


@blueprint.get("/_status/live-service-and-organisation-counts")
def counts() -> Response:
    is_live = Service.active & ~Service.restricted & Service.count_as_live
    with _runtime().database.autocommit() as connection:
        services = connection.scalar(select(func.count()).select_from(Service).where(is_live))
        organisations = connection.scalar(
            select(func.count()).select_from(Organisation).where(Organisation.active)
        )
    return json_response({"organisations": organisations, "services": services})


@blueprint.get("/health/live")
def live() -> Response:
    """The process answers: restart it when it does not."""
    return json_response({"status": "ok"})


@blueprint.get("/health/ready")
def ready() -> Response:
    """It can accept messages. Redis may be away: limits fail open and the sweep publishes later."""
    problems = _readiness_problems(_runtime())
    return json_response(
        {"status": "unavailable" if problems else "ok", "problems": problems}, 503 if problems else 200
    )


def _readiness_problems(runtime: Runtime) -> list[str]:
    try:
        with runtime.database.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            revision = current_revision(connection)
    except SQLAlchemyError:
        return ["database: no answer"]
    if revision != head_revision():
        return ["database: migrations are missing; run `notifications db upgrade`"]
    return []


@blueprint.get("/metrics")
def metrics() -> Response:
    token = _runtime().settings.metrics_token
    given = request.headers.get("Authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
        return json_response({"result": "error", "message": "Unauthorized"}, 401)
    return Response(render_metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")
