"""What becomes of messages to the emulator: recipients that stand for each documented error and event."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    code: str  # of Brevo's error body


# By code: local parts of e-mail addresses, and the numbers below.
REFUSALS: Final = {
    refusal.code: refusal
    for refusal in (
        Refusal(HTTPStatus.BAD_REQUEST, "invalid_parameter"),
        Refusal(HTTPStatus.PAYMENT_REQUIRED, "not_enough_credits"),
        Refusal(HTTPStatus.FORBIDDEN, "permission_denied"),
        Refusal(HTTPStatus.FORBIDDEN, "account_under_validation"),
        Refusal(HTTPStatus.NOT_ACCEPTABLE, "not_acceptable"),
        Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "unprocessable_entity"),
        Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests"),
        Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_server_error"),
        Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "service_unavailable"),
    )
}

# By the last two digits of the number.
SMS_REFUSALS: Final = {
    "20": REFUSALS["invalid_parameter"],
    "21": REFUSALS["not_enough_credits"],
    "22": REFUSALS["permission_denied"],
    "23": REFUSALS["account_under_validation"],
    "24": REFUSALS["not_acceptable"],
    "25": REFUSALS["unprocessable_entity"],
    "26": REFUSALS["too_many_requests"],
    "27": REFUSALS["internal_server_error"],
    "28": REFUSALS["service_unavailable"],
}
SMS_EVENTS: Final = {
    "10": ("sent", "soft_bounce"),
    "11": ("sent", "hard_bounce"),
    "12": ("rejected",),
    "13": ("blocked",),
    "14": ("blacklisted",),
    "15": ("skip",),
    "16": ("sent", "delivered", "unsubscribed"),
    "17": ("sent", "delivered", "replied"),
    "18": ("accepted", "sent"),
}
SMS_EVENTS_OF_OTHERS: Final = ("accepted", "sent", "delivered")

# By the local part of the address, up to a `+`, where `-` stands for `_` too.
EMAIL_EVENTS: Final = {
    "soft_bounce": ("request", "soft_bounce"),
    "hard_bounce": ("request", "hard_bounce"),
    "invalid_email": ("request", "invalid_email"),
    "blocked": ("request", "blocked"),
    "error": ("request", "error"),
    "deferred": ("request", "deferred", "delivered"),
    "spam": ("request", "delivered", "spam"),
    "unsubscribed": ("request", "delivered", "unsubscribed"),
    "opened": ("request", "delivered", "unique_opened", "opened", "proxy_open", "unique_proxy_open"),
    "click": ("request", "delivered", "click"),
    "request": ("request",),
}
EMAIL_EVENTS_OF_OTHERS: Final = ("request", "delivered")


def sms_refusal(recipient: str) -> Refusal | None:
    return SMS_REFUSALS.get(recipient[-2:])


def sms_events(recipient: str, outcome: str | None) -> tuple[str, ...]:
    """`outcome`: the last event, for every number."""
    return ("sent", outcome) if outcome else SMS_EVENTS.get(recipient[-2:], SMS_EVENTS_OF_OTHERS)


def email_refusal(address: str) -> Refusal | None:
    return REFUSALS.get(_word(address))


def email_events(address: str, outcome: str | None) -> tuple[str, ...]:
    """`outcome`: the last event, for every address."""
    return ("request", outcome) if outcome else EMAIL_EVENTS.get(_word(address), EMAIL_EVENTS_OF_OTHERS)


def _word(address: str) -> str:
    return address.rpartition("@")[0].partition("+")[0].replace("-", "_").lower()
