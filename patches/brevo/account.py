"""Brevo's HTTP API: the key, what its errors mean for a message, credit, and what `doctor` asks."""

import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeAlias

import orjson

from api.providers.http_client import HttpAnswer, ProviderHttp, answer_of_failure
from api.providers.protocol import Accepted, NotSent, Refused, Unknown
from patches.brevo.settings import BrevoSettings

log = logging.getLogger(__name__)

JsonObject: TypeAlias = dict[str, Any]

NAME: Final = "brevo"
# Reading the account is limited to about 100 requests an hour, shared with everything else that has no limit of its own.
_CREDIT_KNOWN_FOR_SECONDS: Final = 900
_RESET_HEADER: Final = "x-sib-ratelimit-reset"
# All documented values of `code`; nothing else of an error is repeated, since its text may name people.
ERROR_CODES: Final = frozenset(
    {
        "invalid_parameter",
        "missing_parameter",
        "out_of_range",
        "campaign_processing",
        "campaign_sent",
        "document_not_found",
        "not_enough_credits",
        "permission_denied",
        "duplicate_parameter",
        "duplicate_request",
        "method_not_allowed",
        "unauthorized",
        "account_under_validation",
        "not_acceptable",
        "bad_request",
        "unprocessable_entity",
    }
)
_ABOUT_THE_ACCOUNT: Final = frozenset(
    {"not_enough_credits", "unauthorized", "permission_denied", "account_under_validation"}
)
_TAKEN: Final = frozenset({HTTPStatus.CREATED, HTTPStatus.ACCEPTED})
_ALERTING_STATUSES: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}
)


class BrevoAccount:
    """One account: connections shared by all threads, and the credit that was last heard of."""

    def __init__(self, settings: BrevoSettings, timeout_seconds: float) -> None:
        self.url = settings.url
        self._http = ProviderHttp(settings.url, timeout_seconds)
        self._headers = {
            "api-key": settings.api_key.get_secret_value(),
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        self._credit: tuple[float, float] | None = None  # credits, and when they were told (monotonic)
        self._asking = threading.Lock()

    def post(self, path: str, content: JsonObject) -> HttpAnswer | NotSent | Unknown:
        return self._http.request("POST", path, body=orjson.dumps(content), headers=self._headers)

    def get(self, path: str) -> HttpAnswer | None:
        answer = self._http.request("GET", path, headers=self._headers)
        return answer if isinstance(answer, HttpAnswer) else None

    def close(self) -> None:
        self._http.close()

    def note_credit(self, remaining: object) -> None:
        """What an answer said in passing; anything but a number is ignored."""
        if (credit := _to_number(remaining)) is not None:
            self._credit = (credit, time.monotonic())

    def get_credit(self, count: Callable[[JsonObject], float | None]) -> float | None:
        """As noted lately, else as `count` reads it from `GET /account`; None when that does not tell."""
        with self._asking:
            if self._credit and time.monotonic() - self._credit[1] < _CREDIT_KNOWN_FOR_SECONDS:
                return self._credit[0]
            answer = self.get("/account")
            if answer is None or not answer.is_success:
                return None
            credit = count(read_object(answer.body))
            self.note_credit(credit)
            return credit

    def problems(self) -> tuple[list[str], JsonObject]:
        """Sentences for `doctor`, and the account when it could be read."""
        answer = self.get("/account")
        if answer is None:
            return [
                f"Brevo does not answer at {self.url}: check BREVO_URL and the way out of the network."
            ], {}
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            remedy = "check BREVO_API_KEY, and that Brevo's list of authorised IP addresses holds ours"
            return [f"Brevo refuses our key (HTTP {answer.status}): {remedy}."], {}
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return [], {}  # the key is not in question, and nothing can be told now
        if not answer.is_success:
            return [
                f"Brevo answers with HTTP {answer.status} when asked for the account: check BREVO_URL."
            ], {}
        return [], read_object(answer.body)


def answer_of_success(answer: HttpAnswer, reference: str | None) -> Accepted | Unknown:
    """Brevo takes a message with 201, or 202 when it sends it later; another 2xx may come from something between us."""
    if reference is None and answer.status not in _TAKEN:
        return Unknown(f"HTTP {answer.status} without the id of a message")
    return Accepted(reference)


def answer_of_error(answer: HttpAnswer) -> Refused | NotSent | Unknown:
    """What an answer other than 2xx means for a message (developers.brevo.com, errors)."""
    code = error_code(answer)
    reason = f"HTTP {answer.status} {code or ''}".rstrip()
    if code in _ABOUT_THE_ACCOUNT or answer.status in _ALERTING_STATUSES:
        log.warning("provider_account_problem", extra={"provider": NAME, "reason": reason})
        return NotSent(reason)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return NotSent(reason, seconds_until_reset(answer))
    return answer_of_failure(answer, reason)


def error_code(answer: HttpAnswer) -> str | None:
    """The documented `code` of an error; None for any other word."""
    code = read_object(answer.body).get("code")
    return code if isinstance(code, str) and code in ERROR_CODES else None


def seconds_until_reset(answer: HttpAnswer) -> float | None:
    """Brevo sends no Retry-After, but when the count of requests begins anew."""
    value = answer.headers.get(_RESET_HEADER, "")
    return float(value) if value.isdecimal() else answer.retry_after_seconds


def read_object(body: bytes) -> JsonObject:
    """Empty for anything but a JSON object."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def count_sms_credits(account: JsonObject) -> float | None:
    """Of the plan of type `sms`; None when the account has none."""
    return _sum_credits(account, lambda plan_type: plan_type == "sms")


def count_email_credits(account: JsonObject) -> float | None:
    """Of all other plans: `payAsYouGo`, `subscription`, `free`…"""
    return _sum_credits(account, lambda plan_type: plan_type != "sms")


def _sum_credits(account: JsonObject, is_wanted: Callable[[object], bool]) -> float | None:
    plans = account.get("plan")
    numbers = [
        _to_number(plan.get("credits"))
        for plan in (plans if isinstance(plans, list) else [])
        if isinstance(plan, dict) and is_wanted(plan.get("type"))
    ]
    told = [number for number in numbers if number is not None]
    return sum(told) if told else None


def _to_number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
