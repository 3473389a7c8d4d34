"""An e-mail in the form of `POST /emails` (Scaleway's API reference)."""

import uuid
from typing import Any, Final

import orjson

from api.providers.mime import one_line, to_ascii_domain
from api.providers.protocol import EmailMessage

NOTIFICATION_HEADER: Final = "X-Notification-Id"
"""Comes back in the events about an e-mail, also in those that do not have its identifier."""

MINIMUM_LENGTH: Final = 10
_PADDING: Final = "\N{NO-BREAK SPACE}"


def make_request(message: EmailMessage, project_id: uuid.UUID, *, pad_short: bool) -> bytes:
    """Raises `ValueError` for addresses that cannot be written."""
    width = MINIMUM_LENGTH if pad_short else 0
    return orjson.dumps(
        {
            "project_id": str(project_id),
            "from": {"email": to_ascii_domain(message.from_address), "name": one_line(message.from_name)},
            "to": [{"email": to_ascii_domain(message.to)}],
            "subject": one_line(message.subject).ljust(width, _PADDING),
            "text": message.text.ljust(width, _PADDING),
            "html": message.html.ljust(width, _PADDING),
            "additional_headers": [{"key": key, "value": value} for key, value in _headers(message).items()],
        }
    )


def _headers(message: EmailMessage) -> dict[str, Any]:
    headers = {NOTIFICATION_HEADER: str(message.id), "Auto-Submitted": "auto-generated"}
    if message.reply_to:
        headers["Reply-To"] = to_ascii_domain(message.reply_to)
    if message.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{one_line(message.unsubscribe_url)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
