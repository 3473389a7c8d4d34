"""The JSON body of a request, whatever its content type says (contract: service-wide rules)."""

import json
from typing import Any

import orjson
from flask import request

from api.core.errors import BusinessRuleError


def json_body() -> Any:
    """Parsed JSON; anything empty (`null`, `[]`, nothing but blanks excepted) counts as `{}`."""
    raw = request.get_data(cache=False)
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        parsed = _lenient(raw)
    return parsed or {}


def _lenient(raw: bytes) -> Any:
    """The standard library reads what the fast parser refuses: numbers of any size, lone surrogates."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise BusinessRuleError("Invalid JSON supplied in POST data") from None
