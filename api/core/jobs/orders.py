"""What a caller asks to send in bulk, once its form is known to be right."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

MAX_ROWS: Final = 50_000


@dataclass(frozen=True, slots=True)
class BulkOrder:
    """One of `rows` (the first one holds the headings) and `csv` is there."""

    template_id: uuid.UUID
    name: str
    rows: list[list[Any]] | None = None
    csv: str | None = None
    reply_to_id: uuid.UUID | None = None
    reference: str | None = None
    scheduled_for: datetime | None = None
