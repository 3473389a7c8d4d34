"""Bring a database to the schema of this code, with Alembic."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text

from api.db.partitions import create_partitions

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
# Two servers that start together must not migrate together: any number will do, as long as all use the same.
_LOCK = 7_110_671


def upgrade(engine: Engine) -> None:
    """Run the missing migrations and make the partitions of the coming weeks; does nothing when all is there."""
    from alembic import command  # a third of a second that web processes need not spend

    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '30s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(_alembic_config(connection), "head")
        create_partitions(connection, datetime.now(UTC))


def current_revision(connection: Connection) -> str | None:
    """None for a database that was never migrated."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


@cache
def head_revision() -> str | None:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _alembic_config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
