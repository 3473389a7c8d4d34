"""What a service may give as the address of a callback, and when a failed one is tried again. Pure."""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from api.core.errors import BusinessRuleError

MIN_TOKEN_LENGTH: Final = 10
MAX_ATTEMPTS: Final = 6  # contract: five retries
TOO_MANY_REQUESTS: Final = 429

_LOCAL_NAMES: Final = ("localhost", "local", "internal", "home.arpa")
# IPv6 that carries an IPv4 address in its last 32 bits (RFC 6052).
_NAT64: Final = IPv6Network("64:ff9b::/96")


class InvalidCallbackError(BusinessRuleError):
    """The sentence says what to mend."""


def check_callback(url: str, bearer_token: str, *, allow_insecure: bool) -> None:
    """Raises `InvalidCallbackError` (contract: https, a token of at least ten characters; ours: no private host)."""
    if len(bearer_token) < MIN_TOKEN_LENGTH:
        raise InvalidCallbackError(f"The bearer token must have at least {MIN_TOKEN_LENGTH} characters")
    check_callback_url(url, allow_insecure=allow_insecure)


def check_callback_url(url: str, *, allow_insecure: bool) -> None:
    """Raises `InvalidCallbackError`. Names are resolved when a callback is sent: what they mean may change."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise InvalidCallbackError("The URL is not valid") from None
    if parts.scheme != "https" and not (allow_insecure and parts.scheme == "http"):
        raise InvalidCallbackError("The URL must start with https://")
    if not host or any(character.isspace() for character in url):
        raise InvalidCallbackError("The URL is not valid")
    if parts.username is not None:
        raise InvalidCallbackError("The URL must not hold a user name or a password: use the bearer token")
    if not allow_insecure and _is_local_name(host):
        raise InvalidCallbackError("The URL must name a host that can be reached from the internet")


def _is_local_name(host: str) -> bool:
    try:
        return not is_public_address(host)
    except ValueError:
        name = host.rstrip(".").lower()
        return "." not in name or name.endswith(tuple(f".{suffix}" for suffix in _LOCAL_NAMES))


def is_public_address(address: str) -> bool:
    """Whether packets to an IP address leave for the internet; raises ValueError when it is not an address."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in _NAT64:
            inner = ip_address(int(parsed) & 0xFFFFFFFF)  # type: ignore[assignment]
        if inner is not None:
            return is_public_address(str(inner))
    return parsed.is_global and not parsed.is_multicast


def is_retryable(http_status: int) -> bool:
    """Contract: a server's error or its plea to wait; other refusals are final."""
    return http_status >= 500 or http_status == TOO_MANY_REQUESTS  # noqa: PLR2004


def next_try(now: datetime, attempts: int, retry_seconds: int) -> datetime | None:
    """When a callback that has failed `attempts` times is posted again; None when that was the last time."""
    return now + timedelta(seconds=retry_seconds) if attempts < MAX_ATTEMPTS else None
