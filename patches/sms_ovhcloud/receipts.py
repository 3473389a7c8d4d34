"""What became of a message: codes and states, and the request in which OVHcloud tells them (github.com/ovh/docs)."""

import hmac
import logging
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from api.contract import Status
from api.providers.protocol import (
    ForbiddenRequestError,
    MalformedRequestError,
    ProviderRequest,
    Receipt,
    UnauthenticatedRequestError,
)
from patches.sms_ovhcloud.transport import PROVIDER

# Of the HTTP API. SMPP has another table: the same numbers mean other things there. `sending`: under way.
PTT: Final = {
    1: Status.SENDING,
    2: Status.SENDING,
    3: Status.SENDING,
    4: Status.DELIVERED,
    5: Status.PERMANENT_FAILURE,
    6: Status.TECHNICAL_FAILURE,
    8: Status.TEMPORARY_FAILURE,
    20: Status.PERMANENT_FAILURE,
    21: Status.TEMPORARY_FAILURE,
    23: Status.PERMANENT_FAILURE,
    24: Status.TEMPORARY_FAILURE,
    25: Status.TEMPORARY_FAILURE,
    26: Status.TEMPORARY_FAILURE,
    27: Status.PERMANENT_FAILURE,
    28: Status.PERMANENT_FAILURE,
    29: Status.PERMANENT_FAILURE,
    33: Status.PERMANENT_FAILURE,
    39: Status.TECHNICAL_FAILURE,
    73: Status.TEMPORARY_FAILURE,
    74: Status.TEMPORARY_FAILURE,
    76: Status.TECHNICAL_FAILURE,
    202: Status.TECHNICAL_FAILURE,
}
# `duration` in GET /sms/ptts, for codes that are not above.
DURATIONS: Final = {
    "permanent": Status.PERMANENT_FAILURE,
    "temporary": Status.TEMPORARY_FAILURE,
    "indeterminated": Status.TECHNICAL_FAILURE,
}
# Suspected spam, content not permitted: operators filter our sender or what we write.
_FILTERED: Final = frozenset({28, 29})
# States of delivery (DLR): pending, success, waiting, buffered. 2, failed, and 16, error, leave the cause to the code.
_STATES: Final = {0: Status.SENDING, 1: Status.DELIVERED, 4: Status.SENDING, 8: Status.SENDING}
_MAX_DIGITS: Final = 20

log = logging.getLogger(__name__)


def status_of(ptt: int | None, state: int | None) -> Status | None:
    """None: a failure whose code is not in our table, or nothing that we know."""
    known = None if ptt is None else PTT.get(ptt)
    return known or (None if state is None else _STATES.get(state))


def parse_callback(request: ProviderRequest, secret: str) -> list[Receipt]:
    """GET with `id`, `ptt`, `date`, `description` (the state) and `descriptionDlr` (its text).

    A failure of unknown code is left to polling, which can ask what the code means.
    """
    query = _read_query(request.query)
    given = query.get("secret")
    if given is None:
        raise UnauthenticatedRequestError("the address carries no secret")
    if not hmac.compare_digest(given.encode(), secret.encode()):
        raise ForbiddenRequestError("the secret of the address is wrong")
    job, ptt, state = (_number(query.get(name, "")) for name in ("id", "ptt", "description"))
    if job is None or (ptt is None and state is None):
        raise MalformedRequestError("a receipt has `id`, and `ptt` or `description`, all numbers")
    receipt = make_receipt(status_of(ptt, state), ptt, reference=str(job))
    return [] if receipt is None else [receipt]


def make_receipt(status: Status | None, ptt: int | None, reference: str) -> Receipt | None:
    """None while the message is under way."""
    if status is None or status is Status.SENDING:
        return None
    if ptt in _FILTERED:
        log.warning("provider_filters_messages", extra={"provider": PROVIDER, "code": ptt})
    return Receipt(status, code="" if ptt is None else str(ptt), reference=reference)


def _read_query(query: Mapping[str, str]) -> Mapping[str, str]:
    """Our address has a query of its own; whether OVHcloud then goes on with `&` or a second `?` is not documented."""
    secret, question_mark, rest = query.get("secret", "").partition("?")
    return {**query, **dict(parse_qsl(rest)), "secret": secret} if question_mark else query


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return int(text) if is_number else None
