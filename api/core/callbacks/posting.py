"""POST to addresses that services gave, without letting them reach our own network (server-side request forgery).

The name is resolved here, every address is looked at, and the connection goes to the very address that was looked at:
a name that changes in between leads nowhere else. Redirects are followed as the contract's HTTP library does, each
hop under the same rule.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import HTTPError

from api.core.callbacks.rules import (
    InvalidCallbackError,
    check_callback_url,
    is_public_address,
    is_retryable,
)

_MOST_REDIRECTS: Final = 5
_KEEPS_METHOD: Final = frozenset({307, 308})
_REDIRECTS: Final = frozenset({301, 302, 303}) | _KEEPS_METHOD
_CONNECTIONS_KEPT: Final = 4
_HOSTS_KEPT: Final = 256
_ANSWER_READ_BYTES: Final = 65_536
_USER_AGENT: Final = "notifications-callbacks"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one try. `error` is a word for the log, without addresses."""

    http_status: int | None = None
    error: str | None = None
    is_network_failure: bool = False

    @property
    def is_success(self) -> bool:
        """Contract: any status below 400."""
        return self.http_status is not None and self.http_status < 400 and self.error is None  # noqa: PLR2004

    @property
    def is_retryable(self) -> bool:
        return self.is_network_failure or (self.http_status is not None and is_retryable(self.http_status))


class _ForbiddenAddressError(Exception):
    pass


def post_json(
    url: str, body: bytes, bearer_token: str, *, timeout_seconds: float, allow_insecure: bool
) -> Outcome:
    """One try, redirects included."""
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {bearer_token}",
        "User-Agent": _USER_AGENT,
    }
    method, content = "POST", body
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            check_callback_url(url, allow_insecure=allow_insecure)
            status, location = _request(method, url, content, headers, timeout_seconds, allow_insecure)
        except (InvalidCallbackError, _ForbiddenAddressError):
            return Outcome(error="the address is not allowed")
        except (HTTPError, OSError, UnicodeError) as error:
            return Outcome(error=type(error).__name__, is_network_failure=True)
        if status not in _REDIRECTS or location is None:
            return Outcome(http_status=status)
        target = urljoin(url, location)
        if status not in _KEEPS_METHOD:
            method, content = "GET", b""
        if urlsplit(target).netloc != urlsplit(url).netloc:
            headers.pop("Authorization", None)
        url = target
    return Outcome(error="too many redirects")


def _request(
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout_seconds: float,
    allow_insecure: bool,  # noqa: FBT001
) -> tuple[int, str | None]:
    """The status, and where to a redirect leads."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _resolve(host, port, allow_insecure)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    response = _pool(parts.scheme, address, port, host).urlopen(
        method,
        target,
        body=body or None,
        headers={**headers, "Host": parts.netloc},
        redirect=False,
        retries=False,
        timeout=Timeout(total=timeout_seconds),
        preload_content=False,
    )
    try:
        return response.status, response.headers.get("Location")
    finally:
        # What a service writes in its answer is of no interest; a short one is read to keep the connection.
        length = response.length_remaining
        if length is not None and length <= _ANSWER_READ_BYTES:
            response.drain_conn()
        else:
            response.close()


def _resolve(host: str, port: int, allow_insecure: bool) -> str:  # noqa: FBT001
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not allow_insecure and not all(is_public_address(address) for address in addresses):
        raise _ForbiddenAddressError
    return addresses[0]


@lru_cache(maxsize=_HOSTS_KEPT)
def _pool(scheme: str, address: str, port: int, host: str) -> HTTPConnectionPool:
    """Connections to one address, which has to prove with its certificate that it is `host`."""
    options: dict[str, Any] = {"maxsize": _CONNECTIONS_KEPT, "block": False}
    if scheme == "https":
        return HTTPSConnectionPool(
            address, port, server_hostname=host, assert_hostname=host, cert_reqs="CERT_REQUIRED", **options
        )
    return HTTPConnectionPool(address, port, **options)
