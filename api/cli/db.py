"""`notifications db …`"""

from typing import Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option


@click.group(cls=Area)
def db() -> None:
    """The database's tables and partitions."""


@db.command("upgrade", example="db upgrade")
@json_option
@click.pass_obj
def upgrade_(operator: Operator) -> None:
    """Run the missing migrations, make the coming weeks' partitions, add the configured providers."""
    from api.core.delivery.weights import ensure_providers
    from api.db.migrate import upgrade
    from api.providers.registry import build_providers, display_names

    runtime = operator.runtime
    providers = display_names(build_providers(runtime.settings, runtime.slots))
    upgrade(runtime.database.engine)
    ensure_providers(runtime.database, providers)
    operator.show(_state(operator))


@db.command("status", example="db status --json")
@json_option
@click.pass_obj
def status(operator: Operator) -> None:
    """Show which migrations and partitions are there; status 1 when some are missing."""
    state = _state(operator)
    operator.show(state)
    if state["revision"] != state["newest_revision"]:
        raise click.exceptions.Exit(1)


def _state(operator: Operator) -> dict[str, Any]:
    from api.db.migrate import current_revision, head_revision
    from api.db.partitions import PARTITIONED_TABLES, existing_weeks

    with operator.runtime.database.engine.connect() as connection:
        revision = current_revision(connection)
        weeks = [existing_weeks(connection, table) for table in PARTITIONED_TABLES] if revision else []
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
    ends = [of_table[-1].end for of_table in weeks if of_table]
    return {
        "revision": revision,
        "newest_revision": head_revision(),
        "partitions_until": min(ends) if ends else None,
        "postgresql": version,
    }
