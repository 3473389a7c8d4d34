"""Signed requests to the OVHcloud API, and what its errors look like (github.com/ovh/python-ovh)."""

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from api.providers.http_client import HttpAnswer, ProviderHttp
from api.providers.protocol import NotSent, Unknown
from patches.sms_ovhcloud.signing import Clock, Credentials

PROVIDER: Final = "ovhcloud"
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,59}")
_QUERY_ID: Final = re.compile(r"[\w.-]{1,120}", re.ASCII)
_REFUSALS: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ApiError:
    """`code` is the `errorCode`, or empty; `text` the `message` in lower case.

    The text may quote a recipient: it is looked at, never shown or logged.
    """

    status: int
    code: str
    text: str

    @property
    def is_about_signature(self) -> bool:
        """HTTP status and codes are not documented: the code or the text names the signature or the time."""
        code = self.code.casefold()
        return self.status in _REFUSALS and (
            "signature" in code or "time" in code or "signature" in self.text
        )

    def __str__(self) -> str:
        return f"HTTP {self.status} {self.code}".rstrip()


class CallFailedError(Exception):
    """The API gave no usable answer; `error` when it gave one at all. The text holds nothing personal."""

    def __init__(self, reason: str, error: ApiError | None = None) -> None:
        self.error = error
        super().__init__(reason)


class SignedHttp:
    """Safe to share between threads."""

    def __init__(self, endpoint: str, credentials: Credentials, timeout_seconds: float) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._http = ProviderHttp(self._endpoint, timeout_seconds)
        self._credentials = credentials
        self._clock = Clock(self._ask_time)

    def request(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: object = None
    ) -> HttpAnswer | NotSent | Unknown:
        """`path` in percent-encoding, without the version. A signature refused because of time is tried once more."""
        target = path + (f"?{urlencode(query)}" if query else "")
        content = b"" if body is None else orjson.dumps(body)
        try:
            difference = self._clock.difference()
            answer = self._send(method, target, content, difference)
            if _is_about_signature(answer) and (correct := self._clock.correct(difference)) is not None:
                answer = self._send(method, target, content, correct)
        except CallFailedError as error:
            return NotSent(str(error))
        if isinstance(answer, HttpAnswer) and not answer.is_success:
            _log_refusal(method, answer)
        return answer

    def get(self, path: str, **query: str) -> Any:
        """The JSON of the answer, None for 404. Raises `CallFailedError`."""
        return self.call("GET", path, query)

    def call(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Any:
        answer = self.request(method, path, query=query)
        if not isinstance(answer, HttpAnswer):
            raise CallFailedError(answer.reason)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if not answer.is_success:
            error = read_error(answer)
            raise CallFailedError(str(error), error)
        return read_json(answer)

    def close(self) -> None:
        self._http.close()

    def _send(
        self, method: str, target: str, body: bytes, clock_difference: int
    ) -> HttpAnswer | NotSent | Unknown:
        timestamp = int(time.time()) + clock_difference
        headers = self._credentials.headers(method, self._endpoint + target, body, timestamp)
        if body:
            headers["Content-Type"] = "application/json"
        return self._http.request(method, target, body=body or None, headers=headers)

    def _ask_time(self) -> int:
        """Raises `CallFailedError`: without the time nothing can be signed, so nothing was sent."""
        answer = self._http.request("GET", "/auth/time")
        if not isinstance(answer, HttpAnswer):
            raise CallFailedError(answer.reason)
        text = answer.body.strip()
        if not answer.is_success or not text.isdigit():
            raise CallFailedError(f"the time is not told: HTTP {answer.status}")
        return int(text)


def read_json(answer: HttpAnswer) -> Any:
    """None when the body is not JSON."""
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None


def read_error(answer: HttpAnswer) -> ApiError:
    data = read_json(answer)
    fields = data if isinstance(data, dict) else {}
    code = str(fields.get("errorCode", ""))
    return ApiError(
        answer.status, code if _CODE.fullmatch(code) else "", str(fields.get("message", "")).casefold()
    )


def _is_about_signature(answer: HttpAnswer | NotSent | Unknown) -> bool:
    return (
        isinstance(answer, HttpAnswer)
        and answer.status in _REFUSALS
        and read_error(answer).is_about_signature
    )


def _log_refusal(method: str, answer: HttpAnswer) -> None:
    """With the number under which OVHcloud's support finds the request; the path may hold a recipient."""
    query_id = answer.headers.get("X-OVH-QUERYID", "")
    log.info(
        "provider_call_refused",
        extra={
            "provider": PROVIDER,
            "method": method,
            "status": answer.status,
            "code": read_error(answer).code,
            "query_id": query_id if _QUERY_ID.fullmatch(query_id) else "",
        },
    )
