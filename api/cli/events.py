"""`notifications events …`"""

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option


@click.group(cls=Area)
def events() -> None:
    """The audit trail."""


@events.command("list", example="events list --service 'Mairie de Belrive' --limit 20")
@click.option("--service", help="Only those of this service (id or name).")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@click.pass_obj
def list_(operator: Operator, service: str | None, limit: int) -> None:
    """List who changed what, newest first."""
    from api.core.events.queries import list_events
    from api.core.services.queries import get_service

    with operator.session() as session:
        service_id = get_service(session, service).id if service else None
        records = [
            {
                "at": event.created_at,
                "type": event.event_type,
                "actor_id": event.actor_id,
                "service_id": event.service_id,
                "subject_id": event.subject_id,
                "data": event.data,
            }
            for event in list_events(session, service_id=service_id, limit=limit)
        ]
    operator.show_all(records, ("at", "type", "actor_id", "subject_id", "data"))
