"""What a provider is: the slot that each e-mail or SMS provider fills (docs: how to add a provider).

A provider sends one message to one recipient and says which of four things happened (design D5). Nothing else decides
whether a message is tried again.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

from api.contract import Status


@dataclass(frozen=True, slots=True)
class SmsMessage:
    id: uuid.UUID
    to: str  # E.164 digits without +
    content: str
    sender: str
    international: bool


@dataclass(frozen=True, slots=True)
class EmailMessage:
    id: uuid.UUID
    to: str
    from_name: str
    from_address: str
    reply_to: str | None
    subject: str
    html: str
    text: str
    unsubscribe_url: str | None  # RFC 8058: List-Unsubscribe and List-Unsubscribe-Post


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the message; `reference` is its own identifier."""

    reference: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take this message: trying again or elsewhere would not help."""

    reason: str
    status: Status = Status.TECHNICAL_FAILURE


@dataclass(frozen=True, slots=True)
class NotSent:
    """The provider surely did not take it (no connection, overload, no credit): safe to try elsewhere or later."""

    reason: str
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request may have been taken (lost answer, time-out): never sent again blindly."""

    reason: str


Answer: TypeAlias = Accepted | Refused | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """What a provider posted to us, as it came."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message. One of `notification_id` and `reference` says which.

    `is_hard_bounce`: the address does not exist, and will not: it is suppressed (`api/core/suppressions`).
    """

    status: Status
    code: str
    notification_id: uuid.UUID | None = None
    reference: str | None = None
    occurred_at: datetime | None = None
    is_hard_bounce: bool = False


@dataclass(frozen=True, slots=True)
class Complaint:
    """A person told their mailbox provider that our e-mail is spam. The message's status stays (contract: complaints).

    One of `notification_id` and `reference` says which message; `recipient` as the provider wrote it.
    """

    feedback_id: str  # the provider's own name of it: a complaint told twice is stored once
    complaint_type: str | None = None
    notification_id: uuid.UUID | None = None
    reference: str | None = None
    recipient: str | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OptOut:
    """A person asked a provider for no more texts (STOP): the provider itself will refuse the number from now on."""

    recipient: str  # E.164 digits without +
    reference: str | None = None  # of the last message to that number, when the provider says
    occurred_at: datetime | None = None


ProviderEvent: TypeAlias = Receipt | Complaint | OptOut


@dataclass(frozen=True, slots=True)
class ReceivedText:
    """A text message that a person sent to one of our numbers."""

    from_number: str
    to_number: str
    content: str
    reference: str  # the provider's identifier: a text delivered twice is stored once
    received_at: datetime | None = None


class UnauthenticatedRequestError(Exception):
    """The request does not prove that it comes from the provider."""


class ForbiddenRequestError(UnauthenticatedRequestError):
    """It carries a proof, and the proof is wrong."""


class MalformedRequestError(Exception):
    """The request comes from the provider, but says nothing that we understand."""


class TryAgainLaterError(Exception):
    """What it takes to understand the request cannot be had now: the provider is asked to send it again (503)."""


class SmsProvider(Protocol):
    name: ClassVar[str]
    display_name: ClassVar[str]  # as the provider spells it

    def send(self, message: SmsMessage) -> Answer:
        """Never raises for what the network or the provider does: that is what the answers are for."""
        ...


class EmailProvider(Protocol):
    name: ClassVar[str]
    display_name: ClassVar[str]

    def send(self, message: EmailMessage) -> Answer: ...


@runtime_checkable
class GivesReceipts(Protocol):
    success_status: ClassVar[int]  # what the provider wants to hear

    def parse_receipts(self, request: ProviderRequest) -> Sequence[ProviderEvent]:
        """Empty for what does not concern us.

        Raises `UnauthenticatedRequestError`, `MalformedRequestError` or `TryAgainLaterError`.
        """
        ...


@runtime_checkable
class ReadsBounces(Protocol):
    """A provider that learns what became of messages from mail that comes back, where it is configured to."""

    reads_bounces: bool


@runtime_checkable
class SaysWhenToRetry(Protocol):
    """A provider that does not send a call again after 503."""

    retry_status: ClassVar[int]  # what makes it


@runtime_checkable
class ReceivesTexts(Protocol):
    def parse_received_texts(self, request: ProviderRequest) -> list[ReceivedText]:
        """Raises `UnauthenticatedRequestError` or `MalformedRequestError`."""
        ...


@runtime_checkable
class FindsMessages(Protocol):
    """A provider that can be asked about a message whose answer was lost."""

    def find(self, notification_id: uuid.UUID) -> Accepted | NotSent | None:
        """`None` when it cannot tell now."""
        ...


@dataclass(frozen=True, slots=True)
class AwaitedReceipt:
    """A message whose receipt has not come."""

    notification_id: uuid.UUID
    reference: str
    sent_at: datetime


@runtime_checkable
class PollsReceipts(Protocol):
    """A provider that can be asked what became of messages, for when its receipts do not reach us."""

    poll_after_seconds: float  # a receipt that has not come by then is asked for

    def poll_receipts(self, awaited: Sequence[AwaitedReceipt]) -> Sequence[ProviderEvent]:
        """What is known by now of these; a message left out is asked for again later. Never raises."""
        ...


@runtime_checkable
class KeepsHistory(Protocol):
    """A provider that keeps messages, people's numbers with them, until it is told to forget."""

    def list_kept(self) -> Sequence[str]:
        """References of the messages that it keeps, at least of those of the last four days. Never raises."""
        ...

    def forget(self, references: Sequence[str]) -> None:
        """Nothing will be asked of these any more. Never raises; what stays is listed again."""
        ...


@runtime_checkable
class PollsReceivedTexts(Protocol):
    """A provider that keeps received texts until it is asked for them."""

    def poll_received_texts(self) -> Sequence[ReceivedText]:
        """A few hundred at most, oldest first; the others come with the next call. Never raises."""
        ...

    def forget_received_text(self, reference: str) -> None:
        """It is stored with us, and need not come again. Never raises; what comes again is stored once."""
        ...


@runtime_checkable
class PollsOptOuts(Protocol):
    """A provider that keeps a list of the people who want no more texts."""

    def poll_opt_outs(self) -> Sequence[OptOut]:
        """Those since the last call by this process; all of them at first. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Credit:
    """What is left on a prepaid account, in the provider's own unit, such as texts to France."""

    remaining: float
    unit: str


@runtime_checkable
class HasCredit(Protocol):
    credit_alert_below: float  # operators are told below this, in the provider's unit

    def get_credit(self) -> Credit | None:
        """`None` when the provider cannot tell now. Never raises."""
        ...


@runtime_checkable
class ReachesNobody(Protocol):
    """A provider that only shows messages: it may be given those to numbers of fiction too."""

    reaches_nobody: ClassVar[Literal[True]]


@runtime_checkable
class ChecksItself(Protocol):
    def problems(self) -> list[str]:
        """Sentences for `doctor`: credit, credentials, reachability. Empty when all is well."""
        ...
