"""Alembic's entry point: migrations run on the connection that `api.db.migrate` hands over."""

from typing import Any

from alembic import context

from api.core.tables import metadata
from api.db.partitions import is_partition_name


def include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Weekly partitions come and go; only their parents belong to the schema."""
    return not (kind == "table" and name is not None and is_partition_name(name))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=include_name,
    compare_type=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
