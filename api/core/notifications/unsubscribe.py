"""One-click unsubscribe links (RFC 8058; contract: reading, unsubscribe).

The token holds the recipient, sealed: the request must still be understood when the message itself is gone.
"""

import binascii
import time
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from sqlalchemy import Uuid, bindparam, text

from api.db.ids import uuid7
from api.keyring import KeyRing, UnreadableSecretError
from api.runtime import Runtime

TOKEN: Final = "notification.unsubscribe"  # noqa: S105 - a purpose of the key ring
VALID_FOR_SECONDS: Final = 365 * 24 * 3600
_TIME_LENGTH: Final = 8
_ID_LENGTH: Final = 16

_RECORD = text(
    """
    WITH message AS (
        SELECT service_id, template_id, template_version FROM notifications WHERE id = :notification_id
        UNION ALL
        SELECT service_id, template_id, template_version FROM notification_history WHERE id = :notification_id
        LIMIT 1
    ), recorded AS (
        INSERT INTO unsubscribe_requests
            (id, notification_id, service_id, template_id, template_version, email_address)
        SELECT :id, :notification_id, service_id, template_id, template_version, :email_address FROM message
        ON CONFLICT (notification_id) DO NOTHING
    )
    SELECT count(*) FROM message
    """
).bindparams(bindparam("id", type_=Uuid), bindparam("notification_id", type_=Uuid))


class InvalidUnsubscribeLinkError(Exception):
    """The link was altered, is too old, or is of a message that nobody knows."""


def make_unsubscribe_url(runtime: Runtime, notification_id: uuid.UUID, email_address: str) -> str:
    """For the `List-Unsubscribe` header: mail clients POST to it."""
    token = make_token(runtime.keyring, notification_id, email_address)
    return f"{runtime.settings.api_base_url.rstrip('/')}/unsubscribe/{notification_id}/{token}"


def make_token(keyring: KeyRing, notification_id: uuid.UUID, email_address: str) -> str:
    issued_at = int(time.time()).to_bytes(_TIME_LENGTH, "big")
    sealed = keyring.seal(TOKEN, issued_at + notification_id.bytes + email_address.encode())
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unsubscribe(runtime: Runtime, notification_id: uuid.UUID, token: str) -> None:
    """Record the request; a repeat changes nothing. Raises `InvalidUnsubscribeLinkError`."""
    email_address = _read_token(runtime.keyring, notification_id, token)
    with runtime.database.autocommit() as connection:
        known = connection.scalar(
            _RECORD, {"id": uuid7(), "notification_id": notification_id, "email_address": email_address}
        )
    if not known:
        raise InvalidUnsubscribeLinkError("This unsubscribe link is invalid or expired.")


def _read_token(keyring: KeyRing, notification_id: uuid.UUID, token: str) -> str:
    try:
        content = keyring.open(TOKEN, urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (UnreadableSecretError, binascii.Error, ValueError):
        raise _not_valid() from None
    issued_at = int.from_bytes(content[:_TIME_LENGTH], "big")
    owner, email_address = content[_TIME_LENGTH:][:_ID_LENGTH], content[_TIME_LENGTH + _ID_LENGTH :]
    if owner != notification_id.bytes or time.time() - issued_at > VALID_FOR_SECONDS:
        raise _not_valid()
    return email_address.decode()


def _not_valid() -> InvalidUnsubscribeLinkError:
    return InvalidUnsubscribeLinkError("This is not a valid unsubscribe link.")
