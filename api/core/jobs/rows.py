"""The rows of a job as they lie in the object store under `jobs/<job id>`: one JSON array a line.

`[recipient, {placeholder: value}, reference or null]`, in the order of the file; the line number is the row number.
Written once when the job is accepted, after validation, so that sending needs no parsing of files and no decisions.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class JobRow:
    """`number` counts from 0."""

    number: int
    recipient: str
    personalisation: dict[str, Any]
    reference: str | None = None


def object_key(job_id: uuid.UUID) -> str:
    return f"jobs/{job_id}"


def write_rows(rows: Iterable[JobRow]) -> bytes:
    return b"\n".join(orjson.dumps([row.recipient, row.personalisation, row.reference]) for row in rows)


def read_rows(content: bytes, start: int = 0) -> Iterator[JobRow]:
    """The rows from number `start` on."""
    for number, line in enumerate(content.split(b"\n") if content else []):
        if number >= start:
            recipient, personalisation, reference = orjson.loads(line)
            yield JobRow(number, recipient, personalisation, reference)
