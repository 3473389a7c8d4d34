"""How a call from Brevo proves where it comes from: Brevo signs nothing, so it repeats what we gave it.

A registered webhook carries our token as a bearer. The address that goes along with each text message carries the
message's id and a token made for that id alone, so that a leaked address serves for the status of that message only.
"""

import hmac
import uuid
from typing import Final

from api.providers.protocol import ForbiddenRequestError, ProviderRequest, UnauthenticatedRequestError

NOTIFICATION_ID: Final = "id"
TOKEN: Final = "token"  # noqa: S105 - the name of a parameter
_BEARER: Final = "bearer"


class WebhookAuthentication:
    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def sign(self, notification_id: uuid.UUID) -> str:
        return hmac.digest(self._secret, notification_id.bytes, "sha256").hex()

    def check_bearer(self, request: ProviderRequest) -> None:
        """Raises `UnauthenticatedRequestError`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != _BEARER:
            raise UnauthenticatedRequestError("this request carries no bearer token")
        if not hmac.compare_digest(token.strip().encode(), self._secret):
            raise ForbiddenRequestError("the bearer token is not ours")

    def check(self, request: ProviderRequest) -> uuid.UUID | None:
        """The only message that the call may speak of; None for any. Raises `UnauthenticatedRequestError`."""
        token = request.query.get(TOKEN)
        if token is None or "authorization" in request.headers:
            self.check_bearer(request)
            return None
        try:
            notification_id = uuid.UUID(request.query.get(NOTIFICATION_ID, ""))
        except ValueError:
            raise ForbiddenRequestError("the address names no message") from None
        if not hmac.compare_digest(token.encode(), self.sign(notification_id).encode()):
            raise ForbiddenRequestError("the token of the address does not match")
        return notification_id
