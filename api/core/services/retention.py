"""How long a service keeps its messages, by channel."""

import uuid
from collections.abc import Mapping

from sqlalchemy import select

from api.contract import Channel
from api.core.services.models import DataRetention
from api.db.engine import Database


def get_retention_days(database: Database, service_id: uuid.UUID, default: int) -> Mapping[str, int]:
    """Days by channel, those of the deployment where the service has chosen none."""
    query = select(DataRetention.notification_type, DataRetention.days).where(
        DataRetention.service_id == service_id
    )
    with database.autocommit() as connection:
        chosen = {row.notification_type: row.days for row in connection.execute(query)}
    return {channel: chosen.get(channel, default) for channel in Channel}
