"""Connections to PostgreSQL."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.orm import Session


def normalise_database_url(url: str) -> str:
    """Name psycopg2 in the address: SQLAlchemy 2.1 would take `postgresql://` for another driver,
    and hosting platforms hand out `postgres://`, which it does not know.
    """
    return re.sub(r"^postgres(ql)?(\+psycopg2)?://", "postgresql+psycopg2://", url)


class Database:
    """Two pools of connections, opened when first used. Create it after forking: processes must not share sockets."""

    def __init__(self, url: str, *, pool_size: int = 5, statement_timeout_ms: int = 30_000) -> None:
        options: dict[str, Any] = {
            "pool_size": pool_size,
            "max_overflow": pool_size,
            "pool_timeout": 10,
            "pool_recycle": 1800,
            "pool_use_lifo": True,
            "hide_parameters": True,  # they hold recipients; errors end in logs
            "connect_args": {
                "connect_timeout": 5,
                "application_name": "notifications",
                "options": f"-c timezone=UTC -c statement_timeout={statement_timeout_ms}",
            },
        }
        self.engine: Engine = create_engine(url, **options)
        # A pool of its own: changing a connection's isolation level costs a round trip each way.
        self._autocommit = create_engine(
            url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **options
        )

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session whose transaction commits when the block ends, and rolls back when it raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """A connection on which each statement is its own transaction.

        For the hot path: one atomic statement costs one round trip instead of three.
        """
        with self._autocommit.connect() as connection:
            yield connection

    def dispose(self) -> None:
        self.engine.dispose()
        self._autocommit.dispose()
