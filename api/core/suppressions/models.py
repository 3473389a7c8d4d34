"""Recipients that nothing is sent to, across services."""

import uuid
from datetime import datetime

from sqlalchemy import UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from api.db.base import Base, Identified


class Suppression(Identified, Base):
    """One recipient on one channel. `recipient` as in `notifications.normalised_to`; `reason`: `SuppressionReason`.

    `notification_id` is the message that taught us, `detail` a code of its provider: nothing else personal.
    """

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("channel", "recipient"),)

    channel: Mapped[str]
    recipient: Mapped[str]
    reason: Mapped[str]
    provider: Mapped[str | None]
    notification_id: Mapped[uuid.UUID | None]
    detail: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
