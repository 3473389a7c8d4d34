"""E-mail through Amazon SES (API version 2, `SendEmail` with raw MIME); events come back through an SNS topic.

Source: docs.aws.amazon.com/ses, botocore's description of the service.
"""

import logging
import ssl
from collections.abc import Mapping
from email.errors import MessageError
from functools import cached_property
from typing import Any, ClassVar, Final, Self

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)

from api.config import InvalidConfigurationError, Settings
from api.contract import Status
from api.providers.http_client import HttpAnswer, answer_of_failure
from api.providers.mime import compose
from api.providers.protocol import (
    Accepted,
    Answer,
    EmailMessage,
    NotSent,
    ProviderEvent,
    ProviderRequest,
    Refused,
    Unknown,
)
from api.providers.ses.events import NOTIFICATION_TAG, read_event
from api.providers.sns import SignatureVerifier, SnsSubscriber, TrustedOrigins, find_bad_origins

log = logging.getLogger(__name__)

_CONNECT_TIMEOUT_SECONDS: Final = 5.0
_CONNECTIONS_KEPT: Final = 256
_NOT_SENT: Final = (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
)
# Codes about the account, its identities or its credentials: the message was not taken, and people must act.
_ACCOUNT_CODES: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AccountSuspendedException",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "LimitExceededException",
        "MailFromDomainNotVerifiedException",
        "MissingAuthenticationTokenException",
        "NotFoundException",  # the configuration set
        "OptInRequired",
        "SendingPausedException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_BUSY_CODES: Final = frozenset(
    {"RequestThrottled", "Throttling", "ThrottlingException", "TooManyRequestsException"}
)
_REFUSALS: Final[Mapping[str, Status]] = {
    "BadRequestException": Status.TECHNICAL_FAILURE,
    "InvalidParameterValue": Status.PERMANENT_FAILURE,  # a bad address
    "MessageRejected": Status.TECHNICAL_FAILURE,
}


class SesEmail:
    name: ClassVar[str] = "ses"
    display_name: ClassVar[str] = "Amazon SES"
    success_status: ClassVar[int] = 200

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        origins = TrustedOrigins(settings.ses_sns_origins, settings.provider_timeout_seconds)
        self._topic = SnsSubscriber(self.name, settings.ses_topic_arns, origins, SignatureVerifier(origins))

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises `InvalidConfigurationError`."""
        problems = [
            f"SES_SNS_ORIGINS: {origin!r} is not `https://` and a host"
            for origin in find_bad_origins(settings.ses_sns_origins)
        ]
        if not settings.ses_topic_arns:
            problems.append(
                "SES_TOPIC_ARNS: the provider `ses` needs the topic that tells what became of e-mails"
            )
        if problems:
            raise InvalidConfigurationError(problems)
        return cls(settings)

    @cached_property
    def _client(self) -> Any:
        """Made on first use: it takes a third of a second, and processes that only take receipts do without."""
        from boto3.session import Session
        from botocore.config import Config

        settings = self._settings
        timeout, secret = settings.provider_timeout_seconds, settings.ses_secret_access_key
        return Session().client(
            "sesv2",
            region_name=settings.ses_region,
            endpoint_url=settings.ses_endpoint_url,
            aws_access_key_id=settings.ses_access_key_id,
            aws_secret_access_key=secret.get_secret_value() if secret else None,
            config=Config(
                connect_timeout=min(_CONNECT_TIMEOUT_SECONDS, timeout),
                read_timeout=timeout,
                retries={"total_max_attempts": 1},  # a message whose answer was lost must not go out twice
                max_pool_connections=_CONNECTIONS_KEPT,
            ),
        )

    def send(self, message: EmailMessage) -> Answer:
        try:
            envelope = compose(message)
        except (ValueError, MessageError) as error:
            return Refused(f"not an e-mail: {type(error).__name__}", Status.PERMANENT_FAILURE)
        request = {
            "FromEmailAddress": envelope.sender,
            "Destination": {"ToAddresses": [envelope.recipient]},
            "Content": {"Raw": {"Data": envelope.content}},
            "EmailTags": [{"Name": NOTIFICATION_TAG, "Value": str(message.id)}],
        }
        if self._settings.ses_configuration_set:
            request["ConfigurationSetName"] = self._settings.ses_configuration_set
        return self._hand_over(request)

    def _hand_over(self, request: Mapping[str, Any]) -> Answer:
        try:
            client = self._client
        except (BotoCoreError, ValueError) as error:
            return NotSent(f"no client: {type(error).__name__}")
        try:
            reference = client.send_email(**request).get("MessageId")
        except ClientError as error:
            return self._answer_of_error(error)
        except BotoCoreError as error:
            return answer_of_transport(error)
        except (AttributeError, LookupError, TypeError, ValueError):  # from within botocore
            return Unknown("the answer cannot be read")
        return Accepted(str(reference)) if reference else Unknown("the answer has no MessageId")

    def _answer_of_error(self, error: ClientError) -> Answer:
        """The text of an error may quote addresses, so only its code is kept."""
        code = str(error.response.get("Error", {}).get("Code", ""))
        metadata: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
        answer = HttpAnswer(metadata.get("HTTPStatusCode", 0), _retry_header(metadata), b"")
        if code in _ACCOUNT_CODES:
            log.warning("provider_refuses_account", extra={"provider": self.name, "reason": code})
            return NotSent(code, answer.retry_after_seconds)
        if code in _BUSY_CODES:
            return NotSent(code, answer.retry_after_seconds)
        if code in _REFUSALS:
            return Refused(code, _REFUSALS[code])
        return answer_of_failure(answer)

    def parse_receipts(self, request: ProviderRequest) -> list[ProviderEvent]:
        published = self._topic.take(request)
        return [] if published is None else read_event(published)

    def problems(self) -> list[str]:
        domain = self._settings.email_domain
        try:
            account = self._client.get_account()
            identity = self._client.get_email_identity(EmailIdentity=domain)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == "NotFoundException":
                return [f"SES does not know the domain {domain}: add it as an identity."]
            return [
                f"SES refuses the account ({code}): check SES_ACCESS_KEY_ID, SES_REGION and the permissions."
            ]
        except BotoCoreError as error:
            return [f"SES does not answer ({type(error).__name__}): check SES_REGION and the network."]
        found = []
        if not account.get("SendingEnabled"):
            found.append("SES has stopped the account from sending: see its console.")
        if not account.get("ProductionAccessEnabled"):
            found.append("The SES account is in its sandbox: it only writes to verified addresses.")
        if not identity.get("VerifiedForSendingStatus"):
            found.append(f"SES has not verified the domain {domain}: publish its DKIM records.")
        return found

    def close(self) -> None:
        self._topic.close()


def answer_of_transport(error: BotoCoreError) -> Answer:
    why = type(error).__name__
    if isinstance(error, ParamValidationError):
        return Refused(why)
    if isinstance(error, _NOT_SENT) or (isinstance(error, SSLError) and _is_untrusted(error)):
        return NotSent(f"no connection: {why}")
    return Unknown(f"no answer: {why}")


def _is_untrusted(error: SSLError) -> bool:
    """Whether the certificate was not accepted: then nothing was sent. Other TLS failures may come at any time."""
    reason: object = error.kwargs.get("error")
    while isinstance(reason, Exception) and not isinstance(reason, ssl.SSLCertVerificationError):
        reason = reason.args[0] if reason.args else None
    return reason is not None


def _retry_header(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Botocore keeps names of header fields in lower case; `HttpAnswer` looks them up as the RFC writes them."""
    headers = metadata.get("HTTPHeaders", {})
    return {"Retry-After": headers["retry-after"]} if "retry-after" in headers else {}
