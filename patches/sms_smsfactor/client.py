"""The client of SMSFactor."""

import logging
from http import HTTPStatus
from typing import ClassVar, Final, Self
from urllib.parse import urlencode

import orjson

from api.config import Settings
from api.providers.http_client import HttpAnswer, ProviderHttp, answer_of_failure
from api.providers.protocol import (
    Accepted,
    Answer,
    Credit,
    NotSent,
    OptOut,
    ProviderRequest,
    Receipt,
    ReceivedText,
    Refused,
    SmsMessage,
    Unknown,
)
from notifications_utils.sms.counting import Encoding, measure
from patches.sms_smsfactor.proof import Proof
from patches.sms_smsfactor.replies import Outcome, Reply, answer_of_reply, read_reply
from patches.sms_smsfactor.settings import SmsfactorSettings
from patches.sms_smsfactor.webhooks import parse_event, parse_text, read_object

log = logging.getLogger(__name__)

_NAME: Final = "smsfactor"
# Service messages: no mention of STOP, at any hour. The other value is `marketing`.
_PUSH_TYPE: Final = "alert"
# Nobody's number (ARCEP keeps 06 39 98 00 00 to 06 39 98 99 99 for fiction); a dry run sends nothing anyway.
_NOBODY: Final = "33639980001"
_REFUSALS: Final = range(400, 429)  # whose body says more than their HTTP status
_ABOUT_THE_ACCOUNT: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}
)


class SmsfactorSms:
    name: ClassVar[str] = _NAME
    display_name: ClassVar[str] = "SMSFactor"
    success_status: ClassVar[int] = 200

    def __init__(self, own: SmsfactorSettings, settings: Settings) -> None:
        self._http = ProviderHttp(own.url, settings.provider_timeout_seconds)
        self._url = own.url
        self._headers = {
            "Authorization": f"Bearer {own.token.get_secret_value()}",
            "Accept": "application/json",  # XML otherwise
        }
        self._by_get = own.send_method == "GET"
        self._default_sender = settings.default_sms_sender
        self._inbound_number = own.inbound_number
        self._proof = Proof(
            own.webhook_secret.get_secret_value(),
            own.signature_algorithm,
            own.source_address_header,
            frozenset(own.source_addresses),
        )
        self.credit_alert_below = own.credit_alert_below

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises `InvalidConfigurationError`."""
        return cls(SmsfactorSettings.load(), settings)

    def close(self) -> None:
        self._http.close()

    def send(self, message: SmsMessage) -> Answer:
        reply = self._hand_over(message)
        if isinstance(reply, Reply) and reply.outcome is Outcome.UNKNOWN:
            return self._try_again(message)
        return self._conclude(reply)

    def _try_again(self, message: SmsMessage) -> Answer:
        """After -99, once (dev.smsfactor.com). The filter of repeated texts tells whether the first try was taken."""
        reply = self._hand_over(message)
        if isinstance(reply, Reply) and reply.is_filtered_as_repeated:
            return Accepted(reply.ticket)
        answer = self._conclude(reply)
        return Unknown(f"after status -99: {answer.reason}") if isinstance(answer, NotSent) else answer

    def _conclude(self, reply: Reply | Answer) -> Answer:
        answer = answer_of_reply(reply) if isinstance(reply, Reply) else reply
        if isinstance(reply, Reply) and isinstance(answer, NotSent):
            log.warning("provider_account_problem", extra={"provider": _NAME, "reason": answer.reason})
        elif isinstance(reply, Reply) and reply.outcome is Outcome.MODERATION:
            log.warning("message_held_for_moderation", extra={"provider": _NAME})
        return answer

    def _hand_over(self, message: SmsMessage) -> Reply | Refused | NotSent | Unknown:
        text = {"text": message.content, "pushtype": _PUSH_TYPE, "sender": message.sender}
        if self._by_get:
            query = urlencode({"to": message.to, **text, "gsmsmsid": str(message.id)})
            return self._ask("GET", f"/send?{query}")
        # Without `unicode`, letters outside GSM 7-bit are lost; GET has no such field.
        unicode = int(measure(message.content).encoding is Encoding.UCS2)
        recipients = {"gsm": [{"gsmsmsid": str(message.id), "value": message.to}]}
        document = {"sms": {"message": {**text, "unicode": unicode}, "recipients": recipients}}
        return self._ask("POST", "/send", orjson.dumps(document))

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Reply | Refused | NotSent | Unknown:
        headers = self._headers if body is None else self._headers | {"Content-Type": "application/json"}
        answer = self._http.request(method, path, body=body, headers=headers)
        if not isinstance(answer, HttpAnswer):
            return answer
        reply = read_reply(answer.body)
        is_refusal = answer.status in _REFUSALS and reply is not None and reply.outcome is not Outcome.OK
        if reply is not None and (answer.is_success or is_refusal):
            return reply
        if answer.is_success:
            return Unknown("an answer that says nothing we understand")
        if answer.status in _ABOUT_THE_ACCOUNT:
            log.warning(
                "provider_account_problem", extra={"provider": _NAME, "reason": f"HTTP {answer.status}"}
            )
        return answer_of_failure(answer)

    def get_credit(self) -> Credit | None:
        """None for accounts that pay afterwards, or draw on another one without a limit."""
        reply = self._ask("GET", "/credits")
        if not isinstance(reply, Reply) or reply.outcome is not Outcome.OK:
            return None
        if any(str(reply.data.get(name, 0)).lower() in {"1", "true"} for name in ("postpaid", "unlimited")):
            return None
        remaining = reply.count("credits")
        return None if remaining is None else Credit(remaining, "credits")

    def problems(self) -> list[str]:
        """By a dry run, which costs nothing and sends nothing."""
        query = urlencode({"to": _NOBODY, "text": "Test", "sender": self._default_sender})
        reply = self._ask("GET", f"/send/simulate?{query}")
        if not isinstance(reply, Reply):
            reason = reply.reason
            return [
                f"SMSFactor at {self._url} cannot be used ({reason}): check SMSFACTOR_URL and the network."
            ]
        if reply.outcome is Outcome.AUTHENTICATION:
            return ["SMSFactor refuses our token: correct SMSFACTOR_TOKEN."]
        if reply.outcome is Outcome.NO_CREDIT:
            return ["SMSFactor has no credit left for us: buy some."]
        return []  # a sender or a number that a dry run does not like says nothing about the account

    def parse_receipts(self, request: ProviderRequest) -> list[Receipt | OptOut]:
        self._proof.check(request)
        event = parse_event(read_object(request.body))
        return [] if event is None else [event]

    def parse_received_texts(self, request: ProviderRequest) -> list[ReceivedText]:
        self._proof.check(request)
        data = read_object(request.body)
        if self._inbound_number is None:
            log.warning(
                "reply_without_inbound_number", extra={"provider": _NAME, "set": "SMSFACTOR_INBOUND_NUMBER"}
            )
            return []
        return [parse_text(data, self._inbound_number)]
