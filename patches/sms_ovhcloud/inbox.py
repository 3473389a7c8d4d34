"""What people send to the account: replies, and STOP."""

from datetime import datetime
from typing import Any, Final

from api.providers.protocol import OptOut, ReceivedText
from patches.sms_ovhcloud.polling import LOOKED_BACK, forget_all, identifiers_in, log_stop, since
from patches.sms_ovhcloud.transport import CallFailedError, SignedHttp

_MOST_TEXTS: Final = 200


class Inbox:
    """The account's received texts. They do not say to which number they came: the account has one."""

    def __init__(self, http: SignedHttp, account_path: str, number: str, *, delete: bool) -> None:
        self._http = http
        self._path = f"{account_path}/incoming"
        self._number = number
        self._delete = delete
        self._stored: set[int] = set()

    def poll(self) -> list[ReceivedText]:
        texts: list[ReceivedText] = []
        try:
            listed = set(identifiers_in(self._http.get(self._path, **since(LOOKED_BACK))))
            self._stored &= listed
            for identifier in sorted(listed - self._stored)[:_MOST_TEXTS]:  # identifiers grow
                found = self._http.get(f"{self._path}/{identifier}")
                if isinstance(found, dict):
                    texts.append(self._read(identifier, found))
        except CallFailedError as error:
            log_stop("incoming", error)
        return texts

    def forget(self, reference: str) -> None:
        self._stored.add(int(reference))
        if self._delete:
            forget_all(self._http, self._path, [reference])

    def _read(self, identifier: int, found: dict[str, Any]) -> ReceivedText:
        return ReceivedText(
            from_number=str(found.get("sender") or ""),
            to_number=self._number,
            content=str(found.get("message") or ""),
            reference=str(identifier),
            received_at=_read_time(found.get("creationDatetime")),
        )


class StopList:
    """The numbers to which the account sends nothing more, because they answered STOP."""

    def __init__(self, http: SignedHttp, account_path: str) -> None:
        self._http = http
        self._path = f"{account_path}/blacklists"
        self._known: set[str] = set()

    def poll(self) -> list[OptOut]:
        """Those that this process has not told yet."""
        try:
            listed = self._http.get(self._path)
        except CallFailedError as error:
            log_stop("blacklists", error)
            return []
        numbers = {str(number) for number in listed} if isinstance(listed, list) else set()
        new, self._known = numbers - self._known, numbers
        return [OptOut(recipient) for number in sorted(new) if (recipient := _e164_digits(number))]


def _read_time(text: Any) -> datetime | None:
    """ISO 8601; without an offset, that of this machine (not documented)."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.astimezone()


def _e164_digits(number: str) -> str | None:
    """From `+33…` or `0033…`."""
    digits = number.removeprefix("+").removeprefix("00")
    return digits if digits.isascii() and digits.isdecimal() else None
