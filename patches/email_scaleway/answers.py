"""What Scaleway's answers mean for a message (Scaleway's API reference)."""

import logging
from typing import Any, Final

import orjson

from api.contract import Status
from api.providers.http_client import HttpAnswer, answer_of_failure
from api.providers.protocol import Accepted, Answer, NotSent, Refused, Unknown

log = logging.getLogger(__name__)

# Types of errors about key, project or quota: the message was not taken, and people must act.
_ABOUT_THE_ACCOUNT: Final = frozenset(
    {"denied_authentication", "permissions_denied", "quotas_exceeded", "not_found"}
)
_RECIPIENT: Final = "to"


def answer_of(provider: str, answer: HttpAnswer) -> Answer:
    """Texts of errors may quote addresses: only their type goes into reasons."""
    data = _read(answer.body)
    if answer.is_success:
        return _accepted(data)
    kind = str(data.get("type", ""))
    if kind in _ABOUT_THE_ACCOUNT:
        log.warning("provider_refuses_account", extra={"provider": provider, "reason": kind})
        return NotSent(kind, answer.retry_after_seconds)
    if kind == "transient_state":
        return NotSent(kind, answer.retry_after_seconds)
    if kind == "invalid_arguments":
        return Refused(kind, _status_of_arguments(data))
    return answer_of_failure(answer)


def _accepted(data: dict[str, Any]) -> Accepted | Unknown:
    """One object for each recipient, and we have one."""
    try:
        return Accepted(str(data["emails"][0]["id"]))
    except (LookupError, TypeError):
        return Unknown("the answer names no e-mail")


def _status_of_arguments(data: dict[str, Any]) -> Status:
    details = data.get("details")
    names = [
        str(detail.get("argument_name", ""))
        for detail in (details if isinstance(details, list) else [])
        if isinstance(detail, dict)
    ]
    is_about_recipient = any(name.replace("[", ".").partition(".")[0] == _RECIPIENT for name in names)
    return Status.PERMANENT_FAILURE if is_about_recipient else Status.TECHNICAL_FAILURE


def _read(body: bytes) -> dict[str, Any]:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return data if isinstance(data, dict) else {}
