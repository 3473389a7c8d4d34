"""`notifications jobs …`"""

import uuid
from typing import TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option

if TYPE_CHECKING:
    from api.core.jobs.models import Job


@click.group(cls=Area)
def jobs() -> None:
    """Messages sent in bulk."""


@jobs.command("list", example="jobs list 'Mairie de Belrive'")
@click.argument("service")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
@click.pass_obj
def list_(operator: Operator, service: str, limit: int) -> None:
    """List the latest jobs of SERVICE (id or name), newest first."""
    from sqlalchemy import select

    from api.core.jobs.models import Job
    from api.core.services.queries import get_service

    with operator.session() as session:
        service_id = get_service(session, service).id
        query = select(Job).where(Job.service_id == service_id).order_by(Job.id.desc()).limit(limit)
        records = [_record(job) for job in session.scalars(query)]
    operator.show_all(records, ("id", "file", "status", "rows_done", "rows", "scheduled_for", "created_at"))


@jobs.command("show", example="jobs show 019a54c2-7c1e-7b4f-9d2e-0c5a1b2d3e4f")
@click.argument("identifier", metavar="ID", type=click.UUID)
@json_option
@click.pass_obj
def show(operator: Operator, identifier: uuid.UUID) -> None:
    """Show job ID, with its messages by status."""
    from sqlalchemy import func, select

    from api.core.command_errors import UnknownSubjectError
    from api.core.jobs.models import Job
    from api.core.notifications.models import Notification

    with operator.session() as session:
        job = session.get(Job, identifier)
        if job is None:
            raise UnknownSubjectError(f"No job has the id {identifier}: `jobs list` shows them", field="id")
        counts = session.execute(
            select(Notification.status, func.count())
            .where(Notification.job_id == identifier)
            .group_by(Notification.status)
        )
        record = _record(job) | {"messages": dict(counts.all())}
    operator.show(record)


def _record(job: "Job") -> dict[str, Any]:
    return {
        "id": job.id,
        "service_id": job.service_id,
        "template_id": job.template_id,
        "template_version": job.template_version,
        "file": job.original_file_name,
        "status": job.job_status,
        "rows": job.notification_count,
        "rows_done": job.rows_done,
        "scheduled_for": job.scheduled_for,
        "created_at": job.created_at,
        "processing_started": job.processing_started,
        "processing_finished": job.processing_finished,
    }
