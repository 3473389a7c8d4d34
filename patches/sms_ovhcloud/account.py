"""The SMS account: its credit, and what would keep messages from leaving."""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from api.providers.protocol import Credit
from patches.sms_ovhcloud.answers import SERVICE_EXPIRED
from patches.sms_ovhcloud.settings import OvhcloudSettings
from patches.sms_ovhcloud.transport import CallFailedError, SignedHttp

CREDIT_UNIT: Final = "credits"  # one a part of a text to France
_CREDENTIALS: Final = "OVHCLOUD_APPLICATION_KEY, OVHCLOUD_APPLICATION_SECRET and OVHCLOUD_CONSUMER_KEY"
_UNUSABLE: Final = {
    "disable": "is disabled",
    "refused": "was refused by OVHcloud",
    "waitingValidation": "waits for OVHcloud's approval",
}


class Account:
    def __init__(
        self, http: SignedHttp, account_path: str, settings: OvhcloudSettings, receipts_url: str
    ) -> None:
        """`receipts_url`: our address with its secret, as OVHcloud should call it."""
        self._http = http
        self._path = account_path
        self._settings = settings
        self._receipts_url = receipts_url

    def get_credit(self) -> Credit | None:
        try:
            left = _fields(self._http.get(self._path)).get("creditsLeft")
        except CallFailedError:
            return None
        return Credit(float(left), CREDIT_UNIT) if isinstance(left, int | float) else None

    def problems(self) -> list[str]:
        try:
            return list(self._find_problems())
        except CallFailedError as error:
            return [self._explain(error)]

    def _find_problems(self) -> Iterator[str]:
        """Raises `CallFailedError`."""
        account = self._http.get(self._path)
        if account is None:
            yield (
                f"There is no SMS account {self._settings.service_name} for these credentials: "
                "correct OVHCLOUD_SERVICE_NAME."
            )
            return
        yield from self._examine(_fields(account))
        yield from self._examine_senders()
        if self._http.get("/sms/ptts", ptt="4") is None:
            yield "OVHcloud does not explain its codes at /sms/ptts: unknown ones stay unanswered."

    def _examine(self, account: Mapping[str, Any]) -> Iterator[str]:
        if (status := account.get("status")) != "enable":
            yield f"The SMS account is not enabled, but {status}."
        if (channel := account.get("channel")) != "transactional":
            yield (
                f"The SMS account's channel is {channel}: set it to `transactional`, "
                "or messages may be held back at night and on Sundays."
            )
        left = account.get("creditsLeft")
        if isinstance(left, int | float) and left <= 0:
            yield "The SMS account has no credit left: buy some, or switch automatic recredit on."
        declared = str(account.get("callBack") or "")
        if not hmac.compare_digest(declared.encode(), self._receipts_url.encode()):
            address = self._receipts_url.partition("?")[0]
            yield (
                f"The SMS account's `callBack` is not {address}?secret=… with the secret of "
                "OVHCLOUD_CALLBACK_SECRET: receipts come late, by polling only."
            )

    def _examine_senders(self) -> Iterator[str]:
        """Those that the settings name, or else all of the account."""
        path = f"{self._path}/senders"
        listed = self._http.get(path)
        there = [str(sender) for sender in listed] if isinstance(listed, list) else []
        named = [*self._settings.approved_senders, self._settings.default_sender or ""]
        wanted: Sequence[str] = sorted({self._settings.sender_of(name) for name in named if name}) or there
        if not wanted:
            yield "The SMS account has no sender: have one approved by OVHcloud."
        for sender in wanted:
            if sender not in there:
                yield f"The sender {sender} is unknown to the SMS account: have it approved by OVHcloud."
                continue
            status = _fields(self._http.get(f"{path}/{quote(sender, safe='')}")).get("status")
            if status != "enable":
                yield f"The sender {sender} {_UNUSABLE.get(str(status), f'is in state {status}')}."

    def _explain(self, failure: CallFailedError) -> str:
        error = failure.error
        if error is None:
            return f"OVHcloud does not answer at {self._settings.endpoint}: {failure}."
        if error.status == SERVICE_EXPIRED:
            return "The SMS account has expired: renew it at OVHcloud."
        if error.code == "NOT_GRANTED_CALL":
            return (
                "The consumer key lacks a right: it needs GET, POST and DELETE on `/sms/<service>*`, "
                "and GET on `/sms/ptts`."
            )
        if error.is_about_signature or error.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return f"OVHcloud refuses our credentials ({error}): check {_CREDENTIALS}."
        return f"OVHcloud answers with {error}: look at its status page, then at our log."


def _fields(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}
