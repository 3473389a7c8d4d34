"""What OVHcloud's answer to a job says about the message (the API's public schema)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from api.contract import Status
from api.providers.http_client import HttpAnswer, answer_of_failure
from api.providers.protocol import Accepted, NotSent, Refused, Unknown
from patches.sms_ovhcloud.transport import ApiError, read_error, read_json

SERVICE_EXPIRED: Final = 460
# The account, not the message: our credentials or their rights, an unknown service, an expired one.
_ABOUT_THE_ACCOUNT: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    | {SERVICE_EXPIRED}
)


def answer_of_report(answer: HttpAnswer) -> Accepted | Refused | Unknown:
    """Of a 2xx: the report names the job, or says that the number is not one."""
    report = read_json(answer)
    if not isinstance(report, dict):
        return Unknown("the report is not JSON")
    ids, invalid = report.get("ids"), report.get("invalidReceivers")
    if isinstance(ids, list) and ids:
        return Accepted(str(ids[0]) if isinstance(ids[0], int) else None)
    if isinstance(invalid, list) and invalid:
        return Refused("the provider calls the number invalid", Status.PERMANENT_FAILURE)
    return Unknown("the report names no job")


def answer_of_error(answer: HttpAnswer, no_credit_words: Sequence[str]) -> Refused | NotSent | Unknown:
    """Of any other status."""
    error = read_error(answer)
    if needs_an_operator(error, no_credit_words):
        return NotSent(str(error), answer.retry_after_seconds)
    return answer_of_failure(answer, str(error))


def needs_an_operator(error: ApiError, no_credit_words: Sequence[str]) -> bool:
    """Whether every message will fare so until somebody mends the account."""
    return (
        error.status in _ABOUT_THE_ACCOUNT
        or error.is_about_signature
        or is_about_credit(error, no_credit_words)
    )


def is_about_credit(error: ApiError, no_credit_words: Sequence[str]) -> bool:
    """Neither status nor code is documented: 402, or a 4xx whose text says so."""
    return error.status == HTTPStatus.PAYMENT_REQUIRED or (
        error.status in range(400, 500) and any(word.casefold() in error.text for word in no_credit_words)
    )
