"""E-mails in the form in which relays take them: MIME, multipart/alternative, safe headers."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage as MimeMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Final

from api.providers.protocol import EmailMessage

# Bodies as 7-bit, quoted-printable or base64, whichever is shortest: nothing depends on a relay's 8BITMIME.
_BODY_POLICY: Final = EmailPolicy(linesep="\r\n", cte_type="7bit", max_line_length=76)
# Python would turn a word longer than a line into encoded words, which breaks addresses in List-Unsubscribe.
_HEADER_POLICY: Final = EmailPolicy(linesep="\r\n", cte_type="7bit", max_line_length=990)
_CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_UNSAFE_IN_ADDRESS: Final = re.compile(r"[\s<>\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Envelope:
    sender: str
    recipient: str
    message_id: str  # without angle brackets
    content: bytes


def compose(message: EmailMessage, token: str | None = None) -> Envelope:
    """`token` stands for the message's identifier in its Message-ID. Raises `ValueError` for addresses that cannot be
    written.
    """
    sender = to_ascii_domain(message.from_address)
    recipient = to_ascii_domain(message.to)
    message_id = f"{token or message.id}@{sender.rpartition('@')[2]}"
    mime = MimeMessage(policy=_BODY_POLICY)
    mime["From"] = _address(sender, one_line(message.from_name))
    mime["To"] = _address(recipient)
    mime["Subject"] = one_line(message.subject)
    mime["Date"] = format_datetime(datetime.now(UTC))
    mime["Message-ID"] = f"<{message_id}>"
    mime["Auto-Submitted"] = "auto-generated"
    if message.reply_to:
        mime["Reply-To"] = _address(to_ascii_domain(message.reply_to))
    if message.unsubscribe_url:
        mime["List-Unsubscribe"] = f"<{one_line(message.unsubscribe_url)}>"
        mime["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mime.set_content(message.text)
    mime.add_alternative(message.html, subtype="html")
    return Envelope(sender, recipient, message_id, mime.as_bytes(policy=_HEADER_POLICY))


def to_ascii_domain(address: str) -> str:
    """The address with its domain in the form of the DNS (contract: local parts are ASCII). Raises `ValueError`."""
    local_part, at, domain = address.strip().rpartition("@")
    if (
        not (local_part and at and domain)
        or not local_part.isascii()
        or _UNSAFE_IN_ADDRESS.search(address.strip())
    ):
        raise ValueError("not an e-mail address")
    return f"{local_part}@{domain if domain.isascii() else domain.encode('idna').decode()}"


def _address(address: str, display_name: str = "") -> Address:
    local_part, _, domain = address.rpartition("@")
    return Address(display_name=display_name, username=local_part, domain=domain)


def one_line(text: str) -> str:
    """Header fields hold no line breaks: whoever smuggles one in adds fields."""
    return _CONTROL_CHARACTERS.sub(" ", text).strip()
