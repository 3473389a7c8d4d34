"""Asking OVHcloud what became of messages, and having it forget them."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api.contract import Status
from api.providers.protocol import AwaitedReceipt, Receipt
from patches.sms_ovhcloud.receipts import DURATIONS, make_receipt, status_of
from patches.sms_ovhcloud.transport import PROVIDER, CallFailedError, SignedHttp

# Nothing is awaited for longer than 72 hours (contract).
LOOKED_BACK: Final = timedelta(days=4)

log = logging.getLogger(__name__)


class Outgoing:
    """The account's history of sent messages."""

    def __init__(self, http: SignedHttp, account_path: str) -> None:
        self._http = http
        self._path = f"{account_path}/outgoing"
        self._meanings: dict[int, Status] = {}

    def find_tag(self, tag: str) -> str | None:
        """Identifier of the message with this tag. None when there is none, or nobody can tell now."""
        try:
            found = identifiers_in(self._http.get(self._path, tag=tag))
        except CallFailedError:
            return None
        return str(found[0]) if found else None

    def poll(self, awaited: Sequence[AwaitedReceipt]) -> list[Receipt]:
        """One request a message, two for a code that was not seen before."""
        receipts: list[Receipt] = []
        try:
            for message in awaited:
                found = self._http.get(f"{self._path}/{message.reference}")
                receipt = self._read(found, message.reference)
                if receipt is not None:
                    receipts.append(replace(receipt, notification_id=message.notification_id))
        except CallFailedError as error:
            log_stop("outgoing", error)  # the rest of the batch would fare no better
        return receipts

    def list_kept(self) -> list[str]:
        try:
            found = identifiers_in(self._http.get(self._path, **since(LOOKED_BACK)))
        except CallFailedError as error:
            log_stop("outgoing", error)
            return []
        return [str(identifier) for identifier in found]

    def forget(self, references: Sequence[str]) -> None:
        forget_all(self._http, self._path, references)

    def _read(self, found: Any, reference: str) -> Receipt | None:
        """None while the message is under way, or still a job that has no history (404)."""
        if not isinstance(found, dict):
            return None
        ptt, state = (_as_int(found.get(name)) for name in ("ptt", "deliveryReceipt"))
        status = status_of(ptt, state)
        if status is None and ptt is not None:
            status = self._ask_meaning(ptt)
        return make_receipt(status, ptt, reference)

    def _ask_meaning(self, ptt: int) -> Status | None:
        """Of a code that our table has not. None when it is not told now: the message is asked about later."""
        if ptt not in self._meanings:
            try:
                found = self._http.get("/sms/ptts", ptt=str(ptt))
            except CallFailedError as error:
                log_stop("ptts", error)
                return None
            duration = found.get("duration") if isinstance(found, dict) else None
            self._meanings[ptt] = DURATIONS.get(str(duration), Status.TECHNICAL_FAILURE)
        return self._meanings[ptt]


def forget_all(http: SignedHttp, path: str, references: Sequence[str]) -> None:
    try:
        for reference in references:
            http.call("DELETE", f"{path}/{reference}")
    except CallFailedError as error:
        log_stop("delete", error)


def identifiers_in(listed: Any) -> list[int]:
    return [value for value in listed if isinstance(value, int)] if isinstance(listed, list) else []


def since(past: timedelta) -> dict[str, str]:
    """A filter of lists."""
    return {"creationDatetime.from": (datetime.now(UTC) - past).isoformat(timespec="seconds")}


def log_stop(what: str, error: CallFailedError) -> None:
    log.warning("polling_stopped", extra={"provider": PROVIDER, "what": what, "reason": str(error)})


def _as_int(value: Any) -> int | None:
    return value if isinstance(value, int) else None
