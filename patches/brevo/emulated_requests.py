"""How the emulator reads requests to send: the documented fields, and the errors for what is wrong with them."""

import re
import uuid
from dataclasses import dataclass
from typing import Any, Final

import orjson

_RECIPIENT: Final = re.compile(r"\+?\d{6,15}")
_LETTERS_OR_DIGITS: Final = re.compile(r"[A-Za-z0-9]{1,11}|\d{1,15}")
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_MOST_TAGS: Final = 10


class InvalidRequestError(Exception):
    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class SmsRequest:
    sender: str
    recipient: str  # digits
    content: str
    type: str
    tags: list[str]
    web_url: str | None
    is_unicode: bool


@dataclass(frozen=True, slots=True)
class EmailRequest:
    sender: str
    recipient: str
    subject: str
    headers: dict[str, str]

    @property
    def idempotency_key(self) -> str | None:
        return self.headers.get("idempotencyKey")


def read_sms(body: bytes) -> SmsRequest:
    """Raises `InvalidRequestError`."""
    data = _object(body)
    sender, recipient, content = (_text(data, field) for field in ("sender", "recipient", "content"))
    _require(_LETTERS_OR_DIGITS.fullmatch(sender), "sender takes 11 letters or digits, or 15 digits")
    _require(_RECIPIENT.fullmatch(recipient), "recipient is not a number")
    kind = data.get("type", "transactional")
    _require(kind in {"transactional", "marketing"}, "type is not valid")
    tag = data.get("tag", [])
    tags = tag if isinstance(tag, list) else [tag]
    _require(len(tags) <= _MOST_TAGS and all(isinstance(one, str) for one in tags), "tag is not valid")
    is_unicode = data.get("unicodeEnabled", False)
    _require(isinstance(is_unicode, bool), "unicodeEnabled is not a boolean")
    return SmsRequest(sender, recipient.lstrip("+"), content, kind, tags, data.get("webUrl"), is_unicode)


def read_email(body: bytes) -> EmailRequest:
    """Raises `InvalidRequestError`."""
    data = _object(body)
    sender = _address(_required(data, "sender"), "sender")
    recipients = _required(data, "to")
    _require(isinstance(recipients, list) and len(recipients) == 1, "to is not a list of one address")
    recipient = _address(recipients[0], "to")
    if "replyTo" in data:
        _address(data["replyTo"], "replyTo")
    subject = _text(data, "subject")
    _text(data, "htmlContent")
    headers = data.get("headers", {})
    _require(
        isinstance(headers, dict) and all(isinstance(value, str) for value in headers.values()),
        "headers is not an object of strings",
    )
    key = headers.get("idempotencyKey")
    _require(key is None or _is_uuid(key), "idempotencyKey is not a UUID")
    return EmailRequest(sender, recipient, subject, headers)


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidRequestError("bad_request", "the body is not JSON") from None
    _require(isinstance(data, dict), "the body is not an object")
    content: dict[str, Any] = data
    return content


def _required(data: dict[str, Any], field: str) -> Any:
    if not data.get(field):
        raise InvalidRequestError("missing_parameter", f"{field} is missing")
    return data[field]


def _text(data: dict[str, Any], field: str) -> str:
    value = _required(data, field)
    _require(isinstance(value, str), f"{field} is not a string")
    return str(value)


def _address(value: Any, field: str) -> str:
    address = value.get("email") if isinstance(value, dict) else None
    if not address:
        raise InvalidRequestError("missing_parameter", f"email is missing in {field}")
    _require(isinstance(address, str) and _ADDRESS.fullmatch(address), f"email is not valid in {field}")
    return str(address)


def _require(condition: object, message: str) -> None:
    if not condition:
        raise InvalidRequestError("invalid_parameter", message)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
