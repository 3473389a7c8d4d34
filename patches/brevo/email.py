"""E-mails through Brevo (developers.brevo.com)."""

import re
from http import HTTPStatus
from typing import ClassVar, Final, Self
from urllib.parse import quote

from api.config import Settings
from api.contract import Status
from api.providers.http_client import HttpAnswer
from api.providers.mime import to_ascii_domain
from api.providers.protocol import (
    Answer,
    Credit,
    EmailMessage,
    ProviderEvent,
    ProviderRequest,
    Refused,
    Unknown,
)
from patches.brevo.account import (
    NAME,
    BrevoAccount,
    JsonObject,
    answer_of_error,
    answer_of_success,
    count_email_credits,
    error_code,
    read_object,
)
from patches.brevo.authentication import WebhookAuthentication
from patches.brevo.receipts import parse_email_events, to_reference
from patches.brevo.settings import BrevoSettings

# The guide names the first for a repeated `idempotencyKey`, the list of codes the second.
_DUPLICATES: Final = frozenset({"duplicate_parameter", "duplicate_request"})
_CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_ADDRESS_SIGNS: Final = re.compile(r'[()<>\[\]:;@\\,."]+')
_LONGEST_NAME: Final = 70
_SAFE_IN_URL: Final = "%:/?#[]@!$&'()*+,;=~"


class BrevoEmail:
    name: ClassVar[str] = NAME
    display_name: ClassVar[str] = "Brevo"
    success_status: ClassVar[int] = 200
    retry_status: ClassVar[int] = 429  # after any other error Brevo forgets the call

    def __init__(self, account: BrevoAccount, own: BrevoSettings, email_domain: str) -> None:
        self.credit_alert_below = own.email_credit_alert_below
        self._account = account
        self._authentication = WebhookAuthentication(own.webhook_token.get_secret_value())
        self._domain = email_domain

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises `InvalidConfigurationError`."""
        own = BrevoSettings.load()
        return cls(BrevoAccount(own, settings.provider_timeout_seconds), own, settings.email_domain)

    def close(self) -> None:
        self._account.close()

    def send(self, message: EmailMessage) -> Answer:
        try:
            content = compose(message)
        except ValueError:
            return Refused("an address cannot be written", Status.PERMANENT_FAILURE)
        answer = self._account.post("/smtp/email", content)
        if not isinstance(answer, HttpAnswer):
            return answer
        if not answer.is_success:
            code = error_code(answer)
            if code in _DUPLICATES:
                # Brevo had this message in the last half hour, and does not say what became of it.
                return Unknown(f"HTTP {answer.status} {code}")
            return answer_of_error(answer)
        message_id = read_object(answer.body).get("messageId")
        return answer_of_success(answer, to_reference(message_id) if isinstance(message_id, str) else None)

    def parse_receipts(self, request: ProviderRequest) -> list[ProviderEvent]:
        self._authentication.check_bearer(request)
        return parse_email_events(request.body)

    def get_credit(self) -> Credit | None:
        remaining = self._account.get_credit(count_email_credits)
        return None if remaining is None else Credit(remaining, "e-mails")

    def problems(self) -> list[str]:
        found, account = self._account.problems()
        relay = account.get("relay")
        if isinstance(relay, dict) and relay.get("enabled") is False:
            found.append("The account may not send transactional e-mails: ask Brevo to activate it.")
        if account and self._has_authenticated_domain() is False:
            found.append(
                f"Brevo has not authenticated {self._domain}: add its DNS records there (EMAIL_DOMAIN)."
            )
        return found

    def _has_authenticated_domain(self) -> bool | None:
        """The senders' domain, or one above it; None when Brevo does not tell."""
        labels = self._domain.split(".")
        for start in range(len(labels) - 1):
            answer = self._account.get(f"/senders/domains/{'.'.join(labels[start:])}")
            if answer is None or not (answer.is_success or answer.status == HTTPStatus.NOT_FOUND):
                return None
            if read_object(answer.body).get("authenticated") is True:
                return True
        return False


def compose(message: EmailMessage) -> JsonObject:
    """The body of the request. Raises `ValueError` for addresses that cannot be written.

    Headers are ASCII: Brevo would send other characters as they are, which breaks the message.
    """
    notification_id = str(message.id)
    headers = {"X-Mailin-custom": notification_id, "idempotencyKey": notification_id}
    if message.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{quote(_one_line(message.unsubscribe_url), safe=_SAFE_IN_URL)}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    sender = {"email": to_ascii_domain(message.from_address)}
    if name := sender_name(message.from_name):
        sender["name"] = name
    content: JsonObject = {
        "sender": sender,
        "to": [{"email": to_ascii_domain(message.to)}],
        "subject": _one_line(message.subject),
        "htmlContent": message.html,
        "textContent": message.text,
        "headers": headers,
    }
    if message.reply_to:
        content["replyTo"] = {"email": to_ascii_domain(message.reply_to)}
    return content


def sender_name(name: str) -> str:
    """Brevo drops a name that holds both an accent and a sign that addresses give a meaning to, such as a comma."""
    line = _one_line(name)
    if not line.isascii():
        line = " ".join(_ADDRESS_SIGNS.sub(" ", line).split())
    return line[:_LONGEST_NAME].rstrip()


def _one_line(text: str) -> str:
    return _CONTROL_CHARACTERS.sub(" ", text).strip()
