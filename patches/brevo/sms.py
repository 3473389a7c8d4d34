"""Text messages through Brevo (developers.brevo.com)."""

import re
import uuid
from typing import ClassVar, Final, Self
from urllib.parse import urlencode

from api.config import Settings
from api.providers.http_client import HttpAnswer
from api.providers.protocol import (
    Answer,
    Credit,
    ProviderEvent,
    ProviderRequest,
    ReceivedText,
    Refused,
    SmsMessage,
)
from notifications_utils.sms.counting import Encoding, measure
from patches.brevo.account import (
    NAME,
    BrevoAccount,
    JsonObject,
    answer_of_error,
    answer_of_success,
    count_sms_credits,
    read_object,
)
from patches.brevo.authentication import NOTIFICATION_ID, TOKEN, WebhookAuthentication
from patches.brevo.receipts import parse_sms_events
from patches.brevo.replies import parse_replies
from patches.brevo.settings import BrevoSettings

# Brevo turns a text with this placeholder into marketing: held back at night and on Sundays, and open to STOP.
_STOP_PLACEHOLDER: Final = re.compile(r"\[\s*STOP[\s_-]*CODE\s*\]", re.IGNORECASE)


class BrevoSms:
    name: ClassVar[str] = NAME
    display_name: ClassVar[str] = "Brevo"
    success_status: ClassVar[int] = 200
    retry_status: ClassVar[int] = 429  # after any other error Brevo forgets the call

    def __init__(self, account: BrevoAccount, own: BrevoSettings, api_base_url: str) -> None:
        self.credit_alert_below = own.sms_credit_alert_below
        self._account = account
        self._authentication = WebhookAuthentication(own.webhook_token.get_secret_value())
        self._receipts_url = f"{api_base_url.rstrip('/')}/notifications/sms/{NAME}"
        self._inbound_number = own.inbound_number

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises `InvalidConfigurationError`."""
        own = BrevoSettings.load()
        return cls(BrevoAccount(own, settings.provider_timeout_seconds), own, settings.api_base_url)

    def close(self) -> None:
        self._account.close()

    def send(self, message: SmsMessage) -> Answer:
        if _STOP_PLACEHOLDER.search(message.content):
            return Refused("the text holds Brevo's STOP placeholder, which would make it marketing")
        answer = self._account.post("/transactionalSMS/sms", self._content(message))
        if not isinstance(answer, HttpAnswer):
            return answer
        if not answer.is_success:
            return answer_of_error(answer)
        taken = read_object(answer.body)
        self._account.note_credit(taken.get("remainingCredits"))
        message_id = taken.get("messageId")
        return answer_of_success(answer, str(message_id) if message_id else None)

    def _content(self, message: SmsMessage) -> JsonObject:
        return {
            "sender": message.sender,
            "recipient": message.to,
            "content": message.content,
            "type": "transactional",
            "tag": str(message.id),
            "unicodeEnabled": measure(message.content).encoding is Encoding.UCS2,
            "webUrl": self._address_of_receipts(message.id),
        }

    def _address_of_receipts(self, notification_id: uuid.UUID) -> str:
        query = {NOTIFICATION_ID: notification_id, TOKEN: self._authentication.sign(notification_id)}
        return f"{self._receipts_url}?{urlencode(query)}"

    def parse_receipts(self, request: ProviderRequest) -> list[ProviderEvent]:
        return parse_sms_events(request.body, self._authentication.check(request))

    def parse_received_texts(self, request: ProviderRequest) -> list[ReceivedText]:
        self._authentication.check_bearer(request)
        return parse_replies(request.body, self._inbound_number)

    def get_credit(self) -> Credit | None:
        remaining = self._account.get_credit(count_sms_credits)
        return None if remaining is None else Credit(remaining, "SMS credits")

    def problems(self) -> list[str]:
        found, account = self._account.problems()
        if count_sms_credits(account) == 0:
            found.append("The account has no SMS credit left: buy some in Brevo.")
        return found
