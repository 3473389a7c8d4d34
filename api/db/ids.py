"""UUIDv7 (RFC 9562): identifiers that sort by the millisecond in which they were made (ADR 0003)."""

import hashlib
import uuid
from datetime import UTC, datetime

from uuid_utils import compat

_ROW_BITS = 32
_TAIL_BITS = 74 - _ROW_BITS


def uuid7() -> uuid.UUID:
    return compat.uuid7()


def _assemble(milliseconds: int, tail: int) -> uuid.UUID:
    """`tail` fills the 74 bits that the RFC leaves free around version and variant."""
    high, low = tail >> 62, tail & ((1 << 62) - 1)
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)


def first_uuid7_of(moment: datetime) -> uuid.UUID:
    """The smallest identifier of that millisecond: what is not below it came then or later."""
    return _assemble(int(moment.timestamp() * 1000), 0)


def moment_of(identifier: uuid.UUID) -> datetime:
    """When a UUIDv7 was made."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


def row_id(job_id: uuid.UUID, moment: datetime, row_number: int) -> uuid.UUID:
    """The identifier of a job's row: the same for every run of the same task, sorted by row.

    `moment` is when the job starts to send; it must not change between runs.
    """
    digest = hashlib.blake2b(job_id.bytes, digest_size=8).digest()
    tail = (row_number << _TAIL_BITS) | (int.from_bytes(digest, "big") >> (64 - _TAIL_BITS))
    return _assemble(int(moment.timestamp() * 1000), tail)
