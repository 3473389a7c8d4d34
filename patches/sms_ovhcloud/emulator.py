"""Emulator of the SMS API of OVHcloud (the API's public schema)."""

import hmac
import re
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar, Final, TypeAlias
from urllib.parse import quote, urlencode

import orjson

from api.providers.emulation import CallBack, Emulator, Fault, json_response
from api.providers.http_server import Request, Response
from patches.sms_ovhcloud.answers import SERVICE_EXPIRED
from patches.sms_ovhcloud.emulated_account import (
    INVALID_NUMBER,
    SERVICE,
    EmulatedAccount,
    Job,
    code_of,
    estimate,
    meaning_of,
    state_of,
)
from patches.sms_ovhcloud.signing import Credentials

VERSION: Final = "/1.0"
CREDENTIALS: Final = Credentials("emulated-key", "emulated-application-secret", "emulated-consumer-key")
CALLBACK_SECRET: Final = "emulated-callback-secret"  # noqa: S105 - of nobody
_TOLERANCE_SECONDS: Final = 60
_MAX_TAG_LENGTH: Final = 20
_RECEIVER: Final = re.compile(r"\+[1-9]\d{6,14}")
_REASONS: Final = {SERVICE_EXPIRED: "Expired"}
# Numbers for these answers of the job call, and `errorCode` of each.
_REFUSALS: Final = {
    400: "INVALID_PARAMETERS",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    429: "TOO_MANY_REQUESTS",
    460: "SERVICE_EXPIRED",
    500: "INTERNAL_SERVER_ERROR",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
}
_FAULTS: Final = {Fault.SERVER_ERROR: 500, Fault.UNAVAILABLE: 503, Fault.TOO_MANY_REQUESTS: 429}

Handler: TypeAlias = Callable[[Request, str], Response]


class OvhcloudEmulator(Emulator):
    """Numbers whose last four digits are 9 and a code have that end; all others are delivered.

    | digits | what happens |
    |---|---|
    | 9001, 9002, 9003 | under way for ever, with that ptt |
    | 9004 … 9076, 9202 | each ptt of the documentation; others are delivered |
    | 9097, 9098, 9099 | a ptt that only `/sms/ptts` knows: indeterminated, temporary, permanent |
    | 9400, 9403, 9404, 9409, 9429, 9460, 9500, 9502, 9503 | the job call answers with that HTTP status |
    | 9402 | no credit |
    | 9999 | the number is invalid: a report without a job |

    A number that wrote STOP gets ptt 23. A job leaves after the conduct's delay of receipts; then it is in the history,
    and its receipt goes out. `conduct.outcome` is a ptt. `clock_ahead_seconds` sets the server's clock wrong.
    """

    display_name: ClassVar[str] = "OVHcloud"

    def __init__(self, api_url: str) -> None:
        super().__init__(api_url)
        secret = urlencode({"secret": CALLBACK_SECRET})
        self.account = EmulatedAccount.with_callback(f"{self.api_url}/notifications/sms/ovhcloud?{secret}")
        self.clock_ahead_seconds = 0
        account = self.account
        self._routes: dict[tuple[str, str, bool], Handler] = {
            ("GET", "", False): lambda _request, _name: json_response(200, account.properties),
            ("PUT", "", False): self._change_account,
            ("POST", "jobs", False): self._send_job,
            ("GET", "jobs", False): lambda request, _name: self._list_jobs(request, has_left=False),
            ("GET", "jobs", True): lambda _request, name: self._show_job(name, has_left=False),
            ("DELETE", "jobs", True): lambda _request, name: self._delete_job(name, has_left=False),
            ("GET", "outgoing", False): lambda request, _name: self._list_jobs(request, has_left=True),
            ("GET", "outgoing", True): lambda _request, name: self._show_job(name, has_left=True),
            ("DELETE", "outgoing", True): lambda _request, name: self._delete_job(name, has_left=True),
            ("GET", "senders", False): lambda _request, _name: json_response(200, list(account.senders)),
            ("GET", "senders", True): self._show_sender,
            ("GET", "incoming", False): lambda _request, _name: json_response(200, list(account.incoming)),
            ("GET", "incoming", True): lambda _request, name: _found(_get(account.incoming, name)),
            ("DELETE", "incoming", True): lambda _request, name: _removed(account.incoming, name),
            ("GET", "blacklists", False): lambda _request, _name: json_response(200, list(account.blacklist)),
            ("GET", "blacklists", True): self._show_blacklisted,
            ("DELETE", "blacklists", True): self._delete_blacklisted,
        }

    @classmethod
    def environment(cls, address: str) -> dict[str, str]:
        return {
            "OVHCLOUD_ENDPOINT": address + VERSION,
            "OVHCLOUD_APPLICATION_KEY": CREDENTIALS.application_key,
            "OVHCLOUD_APPLICATION_SECRET": CREDENTIALS.application_secret,
            "OVHCLOUD_CONSUMER_KEY": CREDENTIALS.consumer_key,
            "OVHCLOUD_SERVICE_NAME": SERVICE,
            "OVHCLOUD_CALLBACK_SECRET": CALLBACK_SECRET,
        }

    def is_handing_over(self, request: Request) -> bool:
        return request.method == "POST" and request.path.endswith("/jobs")

    def answer_fault(self, fault: Fault) -> Response:
        return _no_credit() if fault is Fault.NO_CREDIT else _refusal(_FAULTS[fault])

    async def answer(self, request: Request) -> Response:
        if request.path == f"{VERSION}/auth/time":
            return json_response(200, self._now())
        refusal = self._check_credentials(request)
        if refusal is not None:
            return refusal
        top, *rest = request.path.removeprefix(VERSION).strip("/").split("/")
        if top != "sms":
            return _error(403, "NOT_GRANTED_CALL", "No right to this call")
        return self._answer_sms(request, rest)

    def _now(self) -> int:
        return int(time.time()) + self.clock_ahead_seconds

    def _check_credentials(self, request: Request) -> Response | None:
        """None when they are good. The signature is of the address as the client wrote it."""
        headers = request.headers
        if headers.get("x-ovh-application") != CREDENTIALS.application_key:
            return _error(403, "INVALID_KEY", "Unknown application key")
        if "x-ovh-consumer" not in headers:
            return _error(403, "NOT_CREDENTIAL", "A consumer key is wanted")
        if headers["x-ovh-consumer"] != CREDENTIALS.consumer_key:
            return _error(403, "INVALID_CREDENTIAL", "Unknown consumer key")
        stamp = headers.get("x-ovh-timestamp", "")
        if not stamp.isdecimal() or abs(int(stamp) - self._now()) > _TOLERANCE_SECONDS:
            return _error(403, "QUERY_TIME_OUT", "The query is out of time")
        url = f"http://{headers.get('host', '')}{quote(request.path)}"
        url += f"?{request.query_string}" if request.query_string else ""
        expected = CREDENTIALS.sign(request.method, url, request.body, int(stamp))
        if not hmac.compare_digest(headers.get("x-ovh-signature", "").encode(), expected.encode()):
            return _error(400, "INVALID_SIGNATURE", "The signature is invalid")
        return None

    def _answer_sms(self, request: Request, rest: list[str]) -> Response:
        match (request.method, rest):
            case ("GET", []):
                return json_response(200, [SERVICE])
            case ("GET", ["ptts"]):
                asked = request.query.get("ptt", "")
                return _found(meaning_of(int(asked)) if asked.isdecimal() else None)
            case ("POST", ["estimate"]):
                return json_response(200, estimate(str(_read(request).get("message", ""))))
        service, resource, name = [*rest, "", ""][:3]
        handler = self._routes.get((request.method, resource, bool(name)))
        if service != SERVICE or handler is None:
            return _refusal(404)
        return handler(request, name)

    def _change_account(self, request: Request, _name: str) -> Response:
        known = {name: value for name, value in _read(request).items() if name in self.account.properties}
        self.account.properties.update(known)
        return json_response(200, None)

    def _send_job(self, request: Request, _name: str) -> Response:
        data = _read(request)
        receivers = data.get("receivers")
        if problem := self._find_problem(data, receivers):
            return _error(400, "INVALID_PARAMETERS", problem)
        [receiver] = receivers or [""]
        code = code_of(receiver)
        if code == HTTPStatus.PAYMENT_REQUIRED or self.account.properties["creditsLeft"] <= 0:
            return _no_credit()
        if code in _REFUSALS:
            return _refusal(code)
        if code == INVALID_NUMBER or not _RECEIVER.fullmatch(receiver):
            return json_response(200, _report([], invalid=[receiver]))
        job = self.account.add_job(receiver, data, self.conduct.receipt_delay_seconds)
        if self.conduct.outcome:
            job.ptt = int(self.conduct.outcome)
        self.call_back(lambda: self._receipt(job))
        return json_response(200, _report([job]))

    def _find_problem(self, data: dict[str, Any], receivers: Any) -> str | None:
        if not isinstance(data.get("message"), str) or not data["message"]:
            return "Missing parameter: message"
        if not isinstance(receivers, list) or len(receivers) != 1:
            return "This emulator takes one receiver"
        if self.account.senders.get(str(data.get("sender"))) != "enable":
            return "The sender is not valid"
        if data.get("charset", "UTF-8") != "UTF-8" or not isinstance(data.get("noStopClause", False), bool):
            return "Invalid parameter: charset or noStopClause"
        return "The tag is too long" if len(str(data.get("tag", ""))) > _MAX_TAG_LENGTH else None

    def _receipt(self, job: Job) -> CallBack:
        address = str(self.account.properties["callBack"])
        if self.conduct.wrong_signature:
            address = address.replace(CALLBACK_SECRET, "wrong")
        told = {
            "id": job.id,
            "ptt": job.ptt,
            "date": time.strftime("%Y%m%d%H%M%S"),
            "description": state_of(job.ptt),
            "descriptionDlr": "state of delivery",
        }
        return CallBack("GET", f"{address}{'&' if '?' in address else '?'}{urlencode(told)}")

    def _list_jobs(self, request: Request, *, has_left: bool) -> Response:
        tag = request.query.get("tag")
        jobs = self.account.jobs.values()
        found = [job.id for job in jobs if job.has_left is has_left and tag in (None, job.tag)]
        return json_response(200, found)

    def _show_job(self, name: str, *, has_left: bool) -> Response:
        job = _get(self.account.jobs, name)
        return _found(job.shown() if job is not None and job.has_left is has_left else None)

    def _delete_job(self, name: str, *, has_left: bool) -> Response:
        job = _get(self.account.jobs, name)
        if job is None or job.has_left is not has_left:
            return _refusal(404)
        return _removed(self.account.jobs, name)

    def _show_sender(self, _request: Request, name: str) -> Response:
        status = self.account.senders.get(name)
        return _found(None if status is None else {"sender": name, "status": status, "type": "alpha"})

    def _show_blacklisted(self, _request: Request, name: str) -> Response:
        moment = self.account.blacklist.get(name)
        return _found(None if moment is None else {"number": name, "dateCreation": moment})

    def _delete_blacklisted(self, _request: Request, name: str) -> Response:
        gone = self.account.blacklist.pop(name, None)
        return _refusal(404) if gone is None else json_response(200, None)


def _report(jobs: list[Job], invalid: list[str] | None = None) -> dict[str, Any]:
    return {
        "ids": [job.id for job in jobs],
        "validReceivers": [job.receiver for job in jobs],
        "invalidReceivers": invalid or [],
        "totalCreditsRemoved": sum(job.shown()["credits"] for job in jobs),
        "tag": jobs[0].tag if jobs else "",
    }


def _read(request: Request) -> dict[str, Any]:
    try:
        data = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return {}
    return data if isinstance(data, dict) else {}


def _get(kept: dict[int, Any], name: str) -> Any:
    return kept.get(int(name)) if name.isdecimal() else None


def _found(value: Any) -> Response:
    return _refusal(404) if value is None else json_response(200, value)


def _removed(kept: dict[int, Any], name: str) -> Response:
    gone = kept.pop(int(name), None) if name.isdecimal() else None
    return _refusal(404) if gone is None else json_response(200, None)


def _refusal(status: int) -> Response:
    return _error(status, _REFUSALS[status], f"Emulated error {status}")


def _no_credit() -> Response:
    """The status is not documented; that the text names the credit is what our client looks for."""
    return _error(400, "", "There is not enough credit on this account")


def _error(status: int, code: str, message: str) -> Response:
    reason = _REASONS.get(status) or HTTPStatus(status).phrase
    body = {"message": message, "httpCode": f"{status} {reason}"} | ({"errorCode": code} if code else {})
    headers = (("X-OVH-QUERYID", f"EU.ext-0.{uuid.uuid4()}"),)
    return Response(status, orjson.dumps(body), headers=headers)
