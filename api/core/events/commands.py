"""Writing the audit trail."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from api.core.events.models import Event


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change: `user_id` when a person is known, `via` the tool (`cli`, `admin`, `system`)."""

    via: str
    user_id: uuid.UUID | None = None


SYSTEM = Actor(via="system")


def record_event(
    session: Session,
    actor: Actor,
    event_type: str,
    *,
    service_id: uuid.UUID | None = None,
    subject_id: uuid.UUID | None = None,
    **data: Any,
) -> None:
    """`data` says what changed: no secret, recipient or message may be in it."""
    session.add(
        Event(
            event_type=event_type,
            actor_id=actor.user_id,
            service_id=service_id,
            subject_id=subject_id,
            data={"via": actor.via, **data},
        )
    )


def changes_of(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What differs, as `{name: [before, after]}`."""
    return {name: [before[name], value] for name, value in after.items() if before[name] != value}
