"""Tokens of every quality: those that clients make, and those that a server must refuse."""

import json
import time
import warnings
from collections.abc import Mapping
from typing import Any

import jwt

_SECRET_LENGTH = 36


def service_id_of(key: str) -> str:
    """Contract: an API key ends with the service's UUID, a dash and the secret."""
    return key[-2 * _SECRET_LENGTH - 1 : -_SECRET_LENGTH - 1]


def authorization(spec: str | Mapping[str, Any], keys: Mapping[str, str]) -> str:
    """The header for `auth` of a request: a key's name, or an object that says what is peculiar about it."""
    options = {"key": spec} if isinstance(spec, str) else spec
    key = keys[options["key"]]
    token = _sign(
        _payload(service_id_of(key), options), options.get("secret", key[-_SECRET_LENGTH:]), options
    )
    if "parts" in options:
        token = ".".join(token.split(".")[: int(options["parts"])])
    return f"{options.get('scheme', 'Bearer')} {token}{options.get('after', '')}"


def _payload(service_id: str, options: Mapping[str, Any]) -> bytes:
    if "payload" in options:
        return json.dumps(options["payload"]).encode()
    claims = {"iss": service_id, "iat": int(time.time()), **options.get("claims", {})}
    for name in options.get("without", ()):
        del claims[name]
    return json.dumps(claims).encode()


def _sign(payload: bytes, secret: str, options: Mapping[str, Any]) -> str:
    algorithm = options.get("algorithm", "HS256")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # secrets are too short for the algorithms that servers must refuse
        return jwt.PyJWS().encode(payload, "" if algorithm == "none" else secret, algorithm)
