"""HTTP to providers: pooled connections, both time-outs, and what a failure means for the message (design D5)."""

from collections.abc import Mapping
from dataclasses import dataclass

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.util import parse_url

from api.providers.protocol import NotSent, Refused, Unknown

_CONNECT_TIMEOUT_SECONDS = 5.0
_CONNECTIONS_KEPT = 256
_TAKEN_BY_NOBODY = frozenset({401, 402, 403, 408, 429, 503})


def is_success(status: int) -> bool:
    return status in range(200, 300)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes

    @property
    def is_success(self) -> bool:
        return is_success(self.status)

    @property
    def retry_after_seconds(self) -> float | None:
        """RFC 9110 allows a date too; providers send seconds."""
        value = self.headers.get("Retry-After", "")
        return float(value) if value.isdecimal() else None


class _PlainConnection(HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise NewConnectionError(self, type(error).__name__) from error


class _TlsConnection(HTTPSConnection):
    """Whatever goes wrong before the handshake is done, nothing was sent: urllib3 alone does not tell these apart."""

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, HTTPError) as error:
            raise NewConnectionError(self, type(error).__name__) from error


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class ProviderHttp:
    """Connections to one provider, shared by all threads of a process; sockets open on first use, after any fork."""

    def __init__(self, base_url: str, timeout_seconds: float) -> None:
        url = parse_url(base_url)
        pool_class = _TlsPool if url.scheme == "https" else _PlainPool
        self._pool = pool_class(
            url.host or "",
            url.port,
            maxsize=_CONNECTIONS_KEPT,
            timeout=Timeout(connect=min(_CONNECT_TIMEOUT_SECONDS, timeout_seconds), read=timeout_seconds),
        )
        self._prefix = (url.path or "").rstrip("/")

    def request(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer | NotSent | Unknown:
        """`path` starts with `/`. Redirects are not followed and nothing is tried twice."""
        try:
            response = self._pool.urlopen(
                method, self._prefix + path, body=body, headers=headers, redirect=False, retries=False
            )
        except (NewConnectionError, ConnectTimeoutError) as error:
            return NotSent(f"no connection: {_cause(error)}")
        except (HTTPError, OSError) as error:
            return Unknown(f"no answer: {_cause(error)}")
        return HttpAnswer(response.status, response.headers, response.data)

    def close(self) -> None:
        self._pool.close()


def _cause(error: BaseException) -> str:
    """The class of the failure: texts of exceptions hold addresses and, with some providers, recipients."""
    return type(error.__cause__ or error).__name__


def answer_of_failure(answer: HttpAnswer, reason: str | None = None) -> Refused | NotSent | Unknown:
    """What an HTTP status other than 2xx says about a message, where the provider documents nothing better.

    Overload, missing credit and refused credentials concern the account, not the message: it was not taken. After an
    internal or a gateway error nobody knows. Any other 4xx is about the message itself.
    """
    why = reason or f"HTTP {answer.status}"
    if answer.status in _TAKEN_BY_NOBODY or answer.status in range(300, 400):
        return NotSent(why, answer.retry_after_seconds)
    if answer.status in range(400, 500):
        return Refused(why)
    return Unknown(why)
