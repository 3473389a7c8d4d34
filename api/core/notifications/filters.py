"""Which messages a page shows (contract: reading, list of notifications)."""

import uuid
from dataclasses import dataclass
from typing import Final

from api.contract import FAILED_STATUSES, Status

_EXPANDED: Final[dict[str, tuple[str, ...]]] = {
    "failed": FAILED_STATUSES,
    "accepted": (Status.CREATED, Status.SENDING),
    "received": (Status.DELIVERED,),
}
_EVERY_STATUS: Final = frozenset(Status) - {Status.FAILED}


@dataclass(frozen=True, slots=True)
class NotificationFilter:
    """`statuses` are as the caller names them; empty tuples and None filter nothing."""

    template_types: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    reference: str | None = None
    older_than: uuid.UUID | None = None
    include_jobs: bool = False

    @property
    def stored_statuses(self) -> tuple[str, ...]:
        """The statuses to look for in the table, none when every one will do."""
        found = {stored for name in self.statuses for stored in _EXPANDED.get(name, (name,))}
        return () if found >= _EVERY_STATUS else tuple(sorted(found))
