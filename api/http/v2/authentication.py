"""Who calls: a JWT signed with an API key's secret (contract: authentication, in the order of its checks)."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from flask import current_app, request

from api.cache import TimedCache
from api.contract import CLOCK_TOLERANCE_SECONDS
from api.core.notifications.accept import Caller
from api.core.services.directory import KnownKey, KnownService
from api.runtime import Runtime

_BEARER = "bearer "


class AuthenticationError(Exception):
    def __init__(self, message: str, status: int = 403) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token whose signature was checked: the next request of the same second carries the same one."""

    service_id: uuid.UUID
    key_id: uuid.UUID
    issued_at: float


_verified: TimedCache[str, _Verified] = TimedCache(CLOCK_TOLERANCE_SECONDS * 2, size=4096)


def runtime() -> Runtime:
    found: Runtime = current_app.extensions["runtime"]
    return found


def authenticate() -> Caller:
    """The service and key behind this request. Raises `AuthenticationError`."""
    token = _bearer_token(request.headers.get("Authorization"))
    return _recall(token) or _verify(token)


def _bearer_token(header: str | None) -> str:
    if not header:
        raise AuthenticationError("Unauthorized: authentication token must be provided", 401)
    if header[: len(_BEARER)].lower() != _BEARER:
        raise AuthenticationError("Unauthorized: authentication bearer scheme must be used", 401)
    return header[len(_BEARER) :]


def _recall(token: str) -> Caller | None:
    """Who sent this very token a moment ago, if clock and key still allow it."""
    verified = _verified.get(token)
    if verified is None or abs(time.time() - verified.issued_at) > CLOCK_TOLERANCE_SECONDS:
        return None
    service = runtime().services.find(verified.service_id)
    if service is None or not service.active:
        return None
    key = next((key for key in service.keys if key.id == verified.key_id and not key.revoked), None)
    return Caller(service, key) if key else None


def _verify(token: str) -> Caller:
    # What follows a blank is part of the signature, which then matches no key (contract: authentication, 13).
    service = _service_of(_unverified_claims(token.split(maxsplit=1)[0] if token.split() else token))
    for key in service.keys if " " not in token else ():
        claims = _claims_signed_with(key, token)
        if claims is None:
            continue
        if key.revoked:
            raise AuthenticationError("Invalid token: API key revoked")
        _verified.put(token, _Verified(service.id, key.id, float(claims["iat"])))
        return Caller(service, key)
    raise AuthenticationError("Invalid token: API key not found")


def _unverified_claims(token: str) -> Mapping[str, Any]:
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError):
        raise _malformed() from None
    return claims


def _service_of(claims: Mapping[str, Any]) -> KnownService:
    if "iss" not in claims:
        raise AuthenticationError("Invalid token: iss field not provided")
    try:
        service_id = uuid.UUID(claims["iss"])
    except (ValueError, AttributeError, TypeError):
        raise AuthenticationError("Invalid token: service id is not the right data type") from None
    service = runtime().services.find(service_id)
    if service is None:
        raise AuthenticationError("Invalid token: service not found")
    if not service.keys:
        raise AuthenticationError("Invalid token: service has no API keys")
    if not service.active:
        raise AuthenticationError("Invalid token: service is archived")
    return service


def _claims_signed_with(key: KnownKey, token: str) -> Mapping[str, Any] | None:
    """The claims if this key signed them, None if another one did."""
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key.secret,
            algorithms=["HS256"],
            leeway=CLOCK_TOLERANCE_SECONDS,
            options={"verify_iat": False, "verify_iss": False, "verify_sub": False, "verify_jti": False},
        )
    except jwt.InvalidAlgorithmError:
        raise AuthenticationError("Invalid token: algorithm used is not HS256") from None
    except jwt.InvalidSignatureError:
        return None
    except jwt.ImmatureSignatureError:
        raise _wrong_clock() from None
    except (jwt.ExpiredSignatureError, jwt.InvalidAudienceError):
        raise _malformed() from None
    except jwt.DecodeError:
        return None
    except jwt.InvalidTokenError:
        raise _malformed() from None
    if "iat" not in claims:
        return None
    if abs(time.time() - _seconds(claims["iat"])) > CLOCK_TOLERANCE_SECONDS:
        raise _wrong_clock()
    return claims


def _seconds(value: object) -> float:
    """`iat` may be a number or its text; anything else is a clock that we cannot trust."""
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    raise _wrong_clock()


def _wrong_clock() -> AuthenticationError:
    return AuthenticationError(
        f"Error: Your system clock must be accurate to within {CLOCK_TOLERANCE_SECONDS} seconds"
    )


def _malformed() -> AuthenticationError:
    where = runtime().settings.documentation_url
    return AuthenticationError(f"Invalid token: make sure your API token matches the example at {where}")
