"""Emulator of Amazon SES version 2 and of the SNS topic of its events.

`python -m api.providers.emulate api.providers.ses.emulator:SesEmulator --port N --api-url URL`
"""

import base64
import binascii
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar, Final

import orjson

from api.providers.emulation import Fault, json_response
from api.providers.http_server import Request, Response
from api.providers.sns_emulation import TopicEmulator

ACCESS_KEY_ID: Final = "AKIAEMULATED00000000"
_SECRET: Final = "emulated-secret-access-key"  # noqa: S105 - of nobody
REGION: Final = "eu-west-3"
CONFIGURATION_SET: Final = "emulated"
_SIGNED: Final = re.compile(
    rf"AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/\d{{8}}/{REGION}/ses/aws4_request, "
    r"SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}"
)
_SEND_PATH: Final = "/v2/email/outbound-emails"
_IDENTITIES: Final = "/v2/email/identities/"
_ANSWERS: Final = {
    ("GET", "/v2/email/account"): {
        "SendingEnabled": True,
        "ProductionAccessEnabled": True,
        "EnforcementStatus": "HEALTHY",
    }
}

# By the local part of the recipient: what is told after the message was taken.
_BOUNCES: Final[Mapping[str, tuple[str, str]]] = {
    "bounce": ("Permanent", "General"),
    "no-email": ("Permanent", "NoEmail"),
    "suppressionlist": ("Permanent", "OnAccountSuppressionList"),
    "content-rejected": ("Transient", "ContentRejected"),
    "mailbox-full": ("Transient", "MailboxFull"),
    "undetermined": ("Undetermined", "Undetermined"),
}
# … and what is answered instead of taking it.
_ERRORS: Final[Mapping[str, tuple[int, str]]] = {
    "access-denied": (403, "AccessDeniedException"),
    "bad-request": (400, "BadRequestException"),
    "limit": (400, "LimitExceededException"),
    "not-found": (404, "NotFoundException"),
    "paused": (400, "SendingPausedException"),
    "rejected": (400, "MessageRejected"),
    "suspended": (400, "AccountSuspendedException"),
    "unverified": (400, "MailFromDomainNotVerifiedException"),
}


class SesEmulator(TopicEmulator):
    """The local part of the recipient, or the conduct's `outcome`, says what becomes of an e-mail.

    | local part | outcome |
    |---|---|
    | `bounce`, `no-email`, `suppressionlist` | permanent bounce: General, NoEmail, OnAccountSuppressionList |
    | `content-rejected`, `mailbox-full` | transient bounce: ContentRejected, MailboxFull |
    | `undetermined` | bounce of no known kind |
    | `complaint` | delivery, then a complaint |
    | `late-bounce` | delivery, then a permanent bounce |
    | `delay` | a delay, then delivery |
    | `reject`, `rendering-failure` | that event |
    | `access-denied`, `bad-request`, `limit`, `not-found`, `paused`, `rejected`, `suspended`, `unverified` | that error |
    | anything else | delivery |
    """

    display_name: ClassVar[str] = "Amazon SES"
    topic_arn: ClassVar[str] = f"arn:aws:sns:{REGION}:000000000000:emulated"

    @classmethod
    def environment(cls, address: str) -> dict[str, str]:
        return {
            "SES_REGION": REGION,
            "SES_ENDPOINT_URL": address,
            "SES_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "SES_SECRET_ACCESS_KEY": _SECRET,
            "SES_CONFIGURATION_SET": CONFIGURATION_SET,
            "SES_TOPIC_ARNS": cls.topic_arn,
            "SES_SNS_ORIGINS": address,
        }

    def endpoint(self) -> str:
        return f"{self.api_url}/notifications/email/ses"

    def is_handing_over(self, request: Request) -> bool:
        return request.path == _SEND_PATH

    def answer_fault(self, fault: Fault) -> Response:
        match fault:
            case Fault.NO_CREDIT:
                return _error(400, "LimitExceededException")
            case Fault.TOO_MANY_REQUESTS:
                return _error(429, "TooManyRequestsException")
            case Fault.UNAVAILABLE:
                return _error(503, "ServiceUnavailable")
            case _:
                return _error(500, "InternalFailure")

    async def answer(self, request: Request) -> Response:
        of_topic = self.answer_topic(request)
        if of_topic is not None:
            return of_topic
        if not _SIGNED.fullmatch(request.headers.get("authorization", "")):
            return _error(403, "UnrecognizedClientException")
        if "x-amz-date" not in request.headers:
            return _error(403, "IncompleteSignature")
        if (request.method, request.path) == ("POST", _SEND_PATH):
            return self._take(request.body)
        if request.path.startswith(_IDENTITIES):
            is_known = "unknown" not in request.path
            identity = {"IdentityType": "DOMAIN", "VerifiedForSendingStatus": "pending" not in request.path}
            return json_response(200, identity) if is_known else _error(404, "NotFoundException")
        answer = _ANSWERS.get((request.method, request.path))
        return json_response(200, answer) if answer else _error(404, "NotFoundException")

    def _take(self, body: bytes) -> Response:
        try:
            data = orjson.loads(body)
            [recipient] = data["Destination"]["ToAddresses"]
            content = base64.b64decode(data["Content"]["Raw"]["Data"], validate=True)
            tags = {tag["Name"]: [tag["Value"]] for tag in data.get("EmailTags", [])}
        except (ValueError, KeyError, TypeError, binascii.Error):
            return _error(400, "BadRequestException")
        if b"\r\n\r\n" not in content or "@" not in recipient:
            return _error(400, "BadRequestException")
        if data.get("ConfigurationSetName") not in {None, CONFIGURATION_SET}:
            return _error(404, "NotFoundException")
        outcome = self.conduct.outcome or recipient.partition("@")[0]
        if outcome in _ERRORS:
            return _error(*_ERRORS[outcome])
        mail = {
            "timestamp": _now(),
            "source": data.get("FromEmailAddress"),
            "messageId": f"0102{uuid.uuid4().hex}-000000",
            "destination": [recipient],
            "tags": tags | {"ses:configuration-set": [CONFIGURATION_SET]},
        }
        self.publish({"eventType": "Send", "mail": mail, "send": {}})
        for event in make_events(outcome, recipient):
            self.publish(event | {"mail": mail})
        return json_response(HTTPStatus.OK, {"MessageId": mail["messageId"]})


def make_events(outcome: str, recipient: str) -> list[dict[str, Any]]:
    delivery = {"eventType": "Delivery", "delivery": {"timestamp": _now(), "recipients": [recipient]}}
    match outcome:
        case _ if outcome in _BOUNCES:
            return [_bounce(*_BOUNCES[outcome], recipient)]
        case "late-bounce":
            return [delivery, _bounce("Permanent", "General", recipient)]
        case "complaint":
            return [delivery, _complaint(recipient)]
        case "delay":
            return [
                {
                    "eventType": "DeliveryDelay",
                    "deliveryDelay": {"timestamp": _now(), "delayType": "MailboxFull"},
                },
                delivery,
            ]
        case "reject":
            return [{"eventType": "Reject", "reject": {"reason": "Bad content"}}]
        case "rendering-failure":
            return [{"eventType": "Rendering Failure", "failure": {"errorMessage": "no value"}}]
    return [delivery]


def _bounce(kind: str, subkind: str, recipient: str) -> dict[str, Any]:
    bounce = {
        "feedbackId": str(uuid.uuid4()),
        "bounceType": kind,
        "bounceSubType": subkind,
        "bouncedRecipients": [{"emailAddress": recipient, "action": "failed", "status": "5.1.1"}],
        "timestamp": _now(),
    }
    return {"eventType": "Bounce", "bounce": bounce}


def _complaint(recipient: str) -> dict[str, Any]:
    complaint = {
        "feedbackId": str(uuid.uuid4()),
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": recipient}],
        "complaintFeedbackType": "abuse",
        "timestamp": _now(),
    }
    return {"eventType": "Complaint", "complaint": complaint}


def _error(status: int, code: str) -> Response:
    headers = (("x-amzn-ErrorType", code),)
    return Response(status, orjson.dumps({"message": "emulated"}), headers=headers)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
