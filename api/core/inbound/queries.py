"""Reading received text messages (contract: reading, received text messages)."""

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row, exists, select
from sqlalchemy.orm import aliased

from api.contract import PAGE_SIZE, Channel
from api.core.inbound.models import InboundSms
from api.core.notifications.retention import expiry_bound
from api.core.services.retention import get_retention_days
from api.runtime import Runtime
from api.timestamps import format_timestamp

CONTENT: Final = "inbound_sms.content"
_Cursor = aliased(InboundSms)


def list_received_texts(
    runtime: Runtime, service_id: uuid.UUID, older_than: uuid.UUID | None = None
) -> list[dict[str, Any]]:
    """A page as the contract shows it, newest first; kept as long as the service's text messages."""
    days = get_retention_days(runtime.database, service_id, runtime.settings.default_retention_days)
    oldest = expiry_bound(runtime, days[Channel.SMS], datetime.now(UTC))
    query = (
        select(InboundSms.__table__)
        .where(InboundSms.service_id == service_id, InboundSms.id >= oldest)
        .order_by(InboundSms.id.desc())
        .limit(PAGE_SIZE)
    )
    if older_than is not None:
        is_known = exists().where(_Cursor.id == older_than, _Cursor.service_id == service_id)
        query = query.where(InboundSms.id < older_than, is_known)
    with runtime.database.autocommit() as connection:
        rows = connection.execute(query).all()
    return [_serialise(runtime, row) for row in rows]


def _serialise(runtime: Runtime, row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "user_number": row.user_number,
        "notify_number": row.notify_number,
        "created_at": format_timestamp(row.created_at),
        "service_id": row.service_id,
        "content": runtime.keyring.open_text(CONTENT, row.content),
    }
