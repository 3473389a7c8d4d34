"""A mailbox that gathers bounces, emptied over IMAP (RFC 9051)."""

import imaplib
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

from api.config import InvalidConfigurationError, Settings
from api.providers.smtp.bounces import MAX_BYTES
from api.providers.smtp.return_path import ReturnPath

log = logging.getLogger(__name__)

_PORTS: Final = {"imaps": 993, "imap": 143}
# Mail that nobody understood stays for a person to look at, but not for ever: it names people.
_KEPT_FOR: Final = timedelta(days=30)
_FAILURES: Final = (imaplib.IMAP4.error, OSError)


@dataclass(frozen=True, slots=True)
class MailboxAddress:
    host: str
    port: int
    is_secure: bool
    username: str
    password: str = field(repr=False)
    folder: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """From `imaps://user:password@host[:port][/folder]`, URL-encoded. Raises `ValueError`."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not (parts.hostname and parts.username and parts.password):
            raise ValueError("not the address of a mailbox")
        if not unquote(f"{parts.username}{parts.password}{parts.path}").isascii():
            raise ValueError("the command LOGIN takes ASCII only")
        return cls(
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            is_secure=parts.scheme == "imaps",
            username=unquote(parts.username),
            password=unquote(parts.password),
            folder=unquote(parts.path.strip("/")) or "INBOX",
        )


class BounceMailbox:
    """One connection for each call."""

    def __init__(self, address: MailboxAddress, timeout_seconds: float) -> None:
        self._address = address
        self._timeout = timeout_seconds

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """None where none is configured. Raises `InvalidConfigurationError`."""
        url = settings.smtp_bounce_imap_url
        if url is None:
            return None
        if settings.smtp_bounce_domain is None:
            raise InvalidConfigurationError(["SMTP_BOUNCE_IMAP_URL: bounces need SMTP_BOUNCE_DOMAIN too"])
        try:
            address = MailboxAddress.parse(url.get_secret_value())
        except ValueError:
            form = "imaps://user:password@host/folder, URL-encoded"
            raise InvalidConfigurationError([f"SMTP_BOUNCE_IMAP_URL: it looks like {form}"]) from None
        return cls(address, settings.provider_timeout_seconds)

    def drain(self, take: Callable[[bytes], bool], limit: int) -> int:
        """Hand over the beginning of up to `limit` messages, and return how many.

        A message that `take` settled (True) is deleted, another one flagged and not read again. Whatever `take` raises
        leaves its message, and those after it, as they are. A mailbox that cannot be used is a line in the log.
        """
        taken = 0
        try:
            with self._open() as client:
                for identifier in _search(client, "UNDELETED", "UNFLAGGED")[:limit]:
                    content = _fetch(client, identifier)
                    if content is None:
                        continue
                    is_settled = take(content)
                    _mark(client, identifier, r"(\Deleted)" if is_settled else r"(\Flagged)")
                    taken += 1
                self._forget_old(client)
                client.expunge()
        except _FAILURES as error:
            log.warning("bounce_mailbox_unusable", extra={"error": type(error).__name__})
        return taken

    def problems(self) -> list[str]:
        mailbox = f"The bounce mailbox on {self._address.host}:{self._address.port}"
        try:
            with self._open():
                return []
        except ssl.SSLCertVerificationError as error:
            why = f"shows a certificate that we do not trust ({error.verify_message})"
            return [f"{mailbox} {why}: name its authority in SSL_CERT_FILE."]
        except _FAILURES as error:
            return [f"{mailbox} cannot be used ({type(error).__name__}): check SMTP_BOUNCE_IMAP_URL."]

    @contextmanager
    def _open(self) -> Iterator[imaplib.IMAP4]:
        """With the folder selected. Raises `IMAP4.error` or `OSError`."""
        address = self._address
        client: imaplib.IMAP4
        if address.is_secure:
            context = ssl.create_default_context()
            client = imaplib.IMAP4_SSL(address.host, address.port, ssl_context=context, timeout=self._timeout)
        else:
            client = imaplib.IMAP4(address.host, address.port, timeout=self._timeout)
        with client:
            client.login(address.username, address.password)
            status, _ = client.select(f'"{address.folder}"')
            if status != "OK":
                raise imaplib.IMAP4.error("no such folder")
            yield client

    def _forget_old(self, client: imaplib.IMAP4) -> None:
        _, day, month, year, *_ = format_datetime(datetime.now(UTC) - _KEPT_FOR).split()
        for identifier in _search(client, "FLAGGED", "BEFORE", f"{int(day)}-{month}-{year}"):
            _mark(client, identifier, r"(\Deleted)")


@dataclass(frozen=True, slots=True)
class Bounces:
    """Where e-mails come back to. `mailbox` is None where a mail server hands them over (`lmtp`)."""

    return_path: ReturnPath
    mailbox: BounceMailbox | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """None where they are not read. Raises `InvalidConfigurationError`."""
        mailbox = BounceMailbox.from_settings(settings)
        return_path = ReturnPath.from_settings(settings)
        return cls(return_path, mailbox) if return_path else None


def _search(client: imaplib.IMAP4, *criteria: str) -> list[str]:
    status, data = client.uid("SEARCH", *criteria)
    found: Any = data[0] if status == "OK" and data else None
    return found.decode().split() if found else []


def _fetch(client: imaplib.IMAP4, identifier: str) -> bytes | None:
    """None when it is gone meanwhile."""
    _, data = client.uid("FETCH", identifier, f"(BODY.PEEK[]<0.{MAX_BYTES}>)")
    return next((bytes(part[1]) for part in data if isinstance(part, tuple)), None)


def _mark(client: imaplib.IMAP4, identifier: str, flags: str) -> None:
    client.uid("STORE", identifier, "+FLAGS.SILENT", flags)
