"""What a caller asks to send, once its form is known to be right."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

MAX_SCHEDULE: Final = timedelta(hours=96)


@dataclass(frozen=True, slots=True)
class SmsOrder:
    """`phone_number` is as the caller wrote it; the rules have parsed it without error."""

    phone_number: str
    template_id: uuid.UUID
    personalisation: dict[str, Any]
    reference: str | None = None
    sms_sender_id: uuid.UUID | None = None
    scheduled_for: datetime | None = None


@dataclass(frozen=True, slots=True)
class EmailOrder:
    """`email_address` is as the caller wrote it; `sanitise_content_for` are keys of the personalisation."""

    email_address: str
    template_id: uuid.UUID
    personalisation: dict[str, Any]
    reference: str | None = None
    email_reply_to_id: uuid.UUID | None = None
    one_click_unsubscribe_url: str | None = None
    sanitise_content_for: tuple[str, ...] = ()
    scheduled_for: datetime | None = None
