"""What all tables share: naming of constraints, identifiers and timestamps."""

import uuid
from datetime import datetime

from sqlalchemy import DateTime, MetaData, Text, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from api.db.ids import uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy as declared
        str: Text(),
        uuid.UUID: Uuid(),
        datetime: DateTime(timezone=True),
    }


class Identified:
    """A primary key that sorts by creation (ADR 0003)."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7)
