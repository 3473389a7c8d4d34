"""Text messages through the SMS API of OVHcloud (the API's public schema, github.com/ovh/docs)."""

import logging
import uuid
from collections.abc import Sequence
from typing import ClassVar, Final, Self
from urllib.parse import urlencode

from api.config import Settings
from api.providers.http_client import HttpAnswer
from api.providers.protocol import (
    Accepted,
    Answer,
    AwaitedReceipt,
    Credit,
    OptOut,
    ProviderRequest,
    Receipt,
    ReceivedText,
    SmsMessage,
)
from patches.sms_ovhcloud.account import Account
from patches.sms_ovhcloud.answers import answer_of_error, answer_of_report, needs_an_operator
from patches.sms_ovhcloud.inbox import Inbox, StopList
from patches.sms_ovhcloud.polling import Outgoing
from patches.sms_ovhcloud.receipts import parse_callback
from patches.sms_ovhcloud.settings import OvhcloudSettings
from patches.sms_ovhcloud.signing import Credentials
from patches.sms_ovhcloud.transport import PROVIDER, SignedHttp, read_error

_RECEIPTS_PATH: Final = f"/notifications/sms/{PROVIDER}"
_TAG_LENGTH: Final = 20  # a UUID is longer: its end, which is random, tells messages apart

log = logging.getLogger(__name__)


class OvhcloudSms:
    name: ClassVar[str] = PROVIDER
    display_name: ClassVar[str] = "OVHcloud"
    success_status: ClassVar[int] = 200

    def __init__(self, own: OvhcloudSettings, api_base_url: str, timeout_seconds: float) -> None:
        self._own = own
        self.poll_after_seconds = own.poll_after_seconds
        self.credit_alert_below = own.credit_alert_below
        credentials = Credentials(
            own.application_key,
            own.application_secret.get_secret_value(),
            own.consumer_key.get_secret_value(),
        )
        self._http = SignedHttp(own.endpoint, credentials, timeout_seconds)
        path = f"/sms/{own.service_name}"
        self._jobs = f"{path}/jobs"
        self._account = Account(self._http, path, own, receipts_url(own, api_base_url))
        self._outgoing = Outgoing(self._http, path)
        self._stop_list = StopList(self._http, path)
        self._inbox = (
            Inbox(self._http, path, own.inbound_number, delete=own.delete_history)
            if own.inbound_number
            else None
        )

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises `InvalidConfigurationError`."""
        own = OvhcloudSettings.load_for(settings)
        return cls(own, settings.api_base_url, settings.provider_timeout_seconds)

    def close(self) -> None:
        self._http.close()

    def send(self, message: SmsMessage) -> Answer:
        """`noStopClause`: without it the text would count as advertising, and grow by the mention of STOP."""
        job = {
            "charset": "UTF-8",
            "message": message.content,
            "noStopClause": True,
            "priority": "high",
            "receivers": [f"+{message.to}"],
            "sender": self._own.sender_of(message.sender),
            "tag": tag_of(message.id),
        }
        answer = self._http.request("POST", self._jobs, body=job)
        if not isinstance(answer, HttpAnswer):
            return answer
        if answer.is_success:
            return answer_of_report(answer)
        error, words = read_error(answer), self._own.no_credit_words
        if needs_an_operator(error, words):
            extra = {"provider": PROVIDER, "status": error.status, "code": error.code}
            log.warning("provider_needs_an_operator", extra=extra)
        return answer_of_error(answer, words)

    def find(self, notification_id: uuid.UUID) -> Accepted | None:
        """By its tag. A job that has not left yet has no history, so none found proves nothing."""
        reference = self._outgoing.find_tag(tag_of(notification_id))
        return None if reference is None else Accepted(reference)

    def parse_receipts(self, request: ProviderRequest) -> list[Receipt]:
        return parse_callback(request, self._own.callback_secret.get_secret_value())

    def poll_receipts(self, awaited: Sequence[AwaitedReceipt]) -> list[Receipt]:
        return self._outgoing.poll(awaited)

    def list_kept(self) -> list[str]:
        return self._outgoing.list_kept() if self._own.delete_history else []

    def forget(self, references: Sequence[str]) -> None:
        self._outgoing.forget(references)

    def poll_received_texts(self) -> list[ReceivedText]:
        return self._inbox.poll() if self._inbox else []

    def forget_received_text(self, reference: str) -> None:
        if self._inbox:
            self._inbox.forget(reference)

    def poll_opt_outs(self) -> list[OptOut]:
        return self._stop_list.poll()

    def get_credit(self) -> Credit | None:
        return self._account.get_credit()

    def problems(self) -> list[str]:
        return self._account.problems()


def tag_of(notification_id: uuid.UUID) -> str:
    return notification_id.hex[-_TAG_LENGTH:]


def receipts_url(own: OvhcloudSettings, api_base_url: str) -> str:
    """What the account's `callBack` is to be."""
    secret = urlencode({"secret": own.callback_secret.get_secret_value()})
    return f"{api_base_url.rstrip('/')}{_RECEIPTS_PATH}?{secret}"
