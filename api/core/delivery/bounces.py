"""What became of e-mails that a relay took: bounces and complaints that are read, and silence (ADR 0006)."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import text

from api.contract import Channel
from api.core.callbacks.commands import (
    STATUS_REPORT_COLUMNS,
    StatusReport,
    delivery_status_rows,
    insert_callbacks,
    publish_callbacks,
)
from api.core.delivery.receipts import apply_events
from api.db.ids import uuid7
from api.metrics import BOUNCES, SWEPT
from api.providers.smtp.bounces import read_bounce
from api.providers.smtp.client import SmtpEmail
from api.providers.smtp.mailbox import Bounces
from api.providers.smtp.return_path import ReturnPath
from api.runtime import Runtime

log = logging.getLogger(__name__)

_MAILBOX_BATCH: Final = 500
_BATCH: Final = 1000
_PRESUME: Final = text(f"""
    UPDATE notifications SET status = 'delivered', updated_at = now(), due_at = NULL
    WHERE id = ANY(ARRAY(
        SELECT id FROM notifications WHERE status = 'sending' AND notification_type = 'email'
            AND sent_by = :provider AND sent_at < now() - make_interval(secs => :after)
        LIMIT :batch FOR UPDATE SKIP LOCKED
    )) AND status = 'sending'
    RETURNING {STATUS_REPORT_COLUMNS}
""")  # noqa: S608 - constants
_EVENT: Final = text(
    "INSERT INTO notification_events (id, notification_id, kind, provider, detail) "
    "VALUES (:id, :notification_id, 'presumed-delivered', :provider, NULL)"
)


def take_bounce(
    runtime: Runtime, return_path: ReturnPath, content: bytes, recipients: Sequence[str] = ()
) -> bool:
    """Whether nobody needs to look at that mail any more. The same mail again changes nothing."""
    bounce = read_bounce(return_path, content, recipients)
    apply_events(runtime, Channel.EMAIL, SmtpEmail.name, bounce.events)
    BOUNCES.labels(bounce.kind).inc()
    return bounce.is_settled


def read_bounce_mailbox(runtime: Runtime) -> int:
    """Returns how many messages of the mailbox were read; 0 where none is configured."""
    bounces = Bounces.from_settings(runtime.settings)
    if bounces is None or bounces.mailbox is None:
        return 0
    return bounces.mailbox.drain(partial(take_bounce, runtime, bounces.return_path), _MAILBOX_BATCH)


def presume_delivered(runtime: Runtime) -> int:
    """E-mails that a relay took and that have not come back for long enough. Returns how many.

    Also after bounces are no longer read: what was sent while they were would otherwise end as a failure.
    """
    after = timedelta(hours=runtime.settings.smtp_delivered_after_hours).total_seconds()
    values: dict[str, Any] = {"after": after, "batch": _BATCH, "provider": SmtpEmail.name}
    total = 0
    while True:
        with runtime.unit_of_work() as work:
            connection = work.session.connection()
            reports = [StatusReport.of(row) for row in connection.execute(_PRESUME, values).mappings()]
            events = [
                {"id": uuid7(), "notification_id": report.id, "provider": SmtpEmail.name}
                for report in reports
            ]
            if events:
                connection.execute(_EVENT, events)
            outbox = delivery_status_rows(runtime, reports)
            insert_callbacks(connection, outbox)
        publish_callbacks(runtime, outbox)
        total += len(reports)
        if len(reports) < _BATCH:
            break
    if total:
        SWEPT.labels("presumed-delivered").inc(total)
        log.info("messages_presumed_delivered", extra={"messages": total})
    return total
