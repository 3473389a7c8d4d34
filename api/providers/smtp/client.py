"""E-mail through any SMTP relay (RFC 5321), one kept connection a thread.

With a return path, each e-mail gets an address to which it bounces, and the relay is asked for reports (RFC 3461): what
it accepts is then on its way. Without, nothing is heard of it any more, and it counts as delivered (ADR 0006).
"""

import dataclasses
import re
import smtplib
import ssl
import threading
import time
from email.errors import MessageError
from typing import ClassVar, Final, Self

from api.config import InvalidConfigurationError, Settings
from api.contract import Status
from api.providers.mime import Envelope, compose
from api.providers.protocol import Accepted, Answer, EmailMessage, NotSent, Refused, Unknown
from api.providers.smtp.mailbox import Bounces

_IDLE_SECONDS: Final = 30.0
_MESSAGES_PER_CONNECTION: Final = 100
# RFC 5321 §4.5.3.2.6 asks for ten minutes; an answer given up too early leaves the outcome unknown.
_ACCEPTANCE_SECONDS: Final = 60.0
_ENHANCED_CODE: Final = re.compile(rb"^([245]\.\d{1,3}\.\d{1,3})\b")
_START_INPUT: Final = 354
# Replies without an enhanced code (RFC 3463) to RCPT: no such mailbox, not here, name not allowed; mailbox full.
_NO_MAILBOX: Final = frozenset({550, 551, 553})
_MAILBOX_FULL: Final = 552
# Enhanced codes about the sender, among those about addresses.
_SENDER_CODES: Final = frozenset({"5.1.7", "5.1.8"})


class SmtpEmail:
    name: ClassVar[str] = "smtp"
    display_name: ClassVar[str] = "SMTP"

    def __init__(
        self,
        host: str,
        port: int,
        *,
        security: str,
        own_name: str,
        timeout_seconds: float,
        username: str | None = None,
        password: str | None = None,
        bounces: Bounces | None = None,
    ) -> None:
        """`security` is `starttls`, `tls` or `none`; `own_name` is what we say in EHLO."""
        self.reads_bounces = bounces is not None
        self._host = host
        self._port = port
        self._security = security
        self._own_name = own_name
        self._timeout = timeout_seconds
        self._credentials = (username, password or "") if username else None
        self._tls = None if security == "none" else ssl.create_default_context()
        self._return_path = bounces.return_path if bounces else None
        self._mailbox = bounces.mailbox if bounces else None
        self._local = threading.local()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises `InvalidConfigurationError`."""
        if not settings.smtp_host:
            raise InvalidConfigurationError(["SMTP_HOST: the provider `smtp` needs the address of a relay"])
        password = settings.smtp_password
        return cls(
            settings.smtp_host,
            settings.smtp_port,
            security=settings.smtp_security,
            own_name=settings.email_domain,
            timeout_seconds=settings.provider_timeout_seconds,
            username=settings.smtp_username,
            password=password.get_secret_value() if password else None,
            bounces=Bounces.from_settings(settings),
        )

    def send(self, message: EmailMessage) -> Answer:
        try:
            envelope = self._compose(message)
        except (ValueError, MessageError) as error:
            return Refused(f"not an e-mail: {type(error).__name__}", Status.PERMANENT_FAILURE)
        try:
            client = self._ready_client()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return NotSent(f"no connection to the relay: {_describe(error)}")
        try:
            refusal = _offer(client, envelope, self._report_options(client, message, envelope))
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return NotSent(f"connection lost before the message went out: {_describe(error)}")
        return refusal or self._transmit(client, envelope)

    def _compose(self, message: EmailMessage) -> Envelope:
        """Raises `ValueError` or `MessageError`."""
        if self._return_path is None:
            return compose(message)
        envelope = compose(message, self._return_path.token(message.id))
        return dataclasses.replace(envelope, sender=self._return_path.address(message.id))

    def _report_options(
        self, client: smtplib.SMTP, message: EmailMessage, envelope: Envelope
    ) -> tuple[list[str], list[str]]:
        """Of MAIL and RCPT: tell us of success and failure, and send the headers back only (RFC 3461)."""
        if self._return_path is None or not client.has_extn("dsn"):
            return [], []
        recipient = f"ORCPT=rfc822;{_as_xtext(envelope.recipient)}"
        return (
            ["RET=HDRS", f"ENVID={self._return_path.token(message.id)}"],
            ["NOTIFY=SUCCESS,FAILURE", recipient],
        )

    def _transmit(self, client: smtplib.SMTP, envelope: Envelope) -> Answer:
        """From the first byte of the content on, a lost connection leaves the outcome open."""
        try:
            if client.sock is not None:
                client.sock.settimeout(_ACCEPTANCE_SECONDS)
            client.send(_as_data(envelope.content))
            code, reply = client.getreply()
            if client.sock is not None:
                client.sock.settimeout(self._timeout)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Unknown(f"connection lost after the message went out: {_describe(error)}")
        self._local.used_at = time.monotonic()
        self._local.messages += 1
        return Accepted(envelope.message_id) if _is_positive(code) else answer_of_reply(code, reply)

    def problems(self) -> list[str]:
        return [*self._problems_of_relay(), *(self._mailbox.problems() if self._mailbox else [])]

    def _problems_of_relay(self) -> list[str]:
        relay = f"The relay {self._host}:{self._port}"
        try:
            client = self._connect()
            client.quit()
        except smtplib.SMTPAuthenticationError:
            return [f"{relay} refuses our account: correct SMTP_USERNAME and SMTP_PASSWORD."]
        except smtplib.SMTPNotSupportedError:
            return [f"{relay} does not offer what is configured: check SMTP_SECURITY and SMTP_USERNAME."]
        except ssl.SSLCertVerificationError as error:
            why = f"shows a certificate that we do not trust ({error.verify_message})"
            return [f"{relay} {why}: name its authority in SSL_CERT_FILE."]
        except (smtplib.SMTPException, OSError) as error:
            return [
                f"{relay} cannot be used ({_describe(error)}): check SMTP_HOST, SMTP_PORT and SMTP_SECURITY."
            ]
        return []

    def _ready_client(self) -> smtplib.SMTP:
        """The connection of this thread when it still answers, otherwise a new one."""
        client: smtplib.SMTP | None = getattr(self._local, "client", None)
        if client is not None:
            is_fresh = (
                time.monotonic() - self._local.used_at < _IDLE_SECONDS
                and self._local.messages < _MESSAGES_PER_CONNECTION
            )
            if is_fresh and _still_answers(client):
                return client
            self._drop()
        client = self._connect()
        self._local.client = client
        self._local.used_at = time.monotonic()
        self._local.messages = 0
        return client

    def _connect(self) -> smtplib.SMTP:
        if self._security == "tls":
            assert self._tls is not None
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, self._own_name, timeout=self._timeout, context=self._tls
            )
        else:
            client = smtplib.SMTP(self._host, self._port, self._own_name, timeout=self._timeout)
        try:
            if self._security == "starttls":
                client.starttls(context=self._tls)
            client.ehlo_or_helo_if_needed()
            if self._credentials:
                client.login(*self._credentials)
        except BaseException:
            client.close()
            raise
        return client

    def _drop(self) -> None:
        client: smtplib.SMTP | None = getattr(self._local, "client", None)
        self._local.client = None
        if client is not None:
            client.close()


def _offer(
    client: smtplib.SMTP, envelope: Envelope, options: tuple[list[str], list[str]]
) -> Refused | NotSent | None:
    """MAIL, RCPT and DATA; None when the relay waits for the content. `options` of the first two."""
    of_mail, of_recipient = options
    code, reply = client.mail(envelope.sender, of_mail)
    if not _is_positive(code):
        return answer_of_reply(code, reply)
    code, reply = client.rcpt(envelope.recipient, of_recipient)
    if not _is_positive(code):
        return answer_of_reply(code, reply, is_about_recipient=True)
    code, reply = client.docmd("DATA")
    return None if code == _START_INPUT else answer_of_reply(code, reply)


def answer_of_reply(code: int, reply: bytes, *, is_about_recipient: bool = False) -> Refused | NotSent:
    """What a reply other than success means for the message. The reply's text may name people, so it stays here."""
    found = _ENHANCED_CODE.match(reply)
    enhanced = found[1].decode() if found else ""
    reason = f"the relay said {code} {enhanced}".rstrip()
    if code in range(500, 600):
        return Refused(reason, _status_of_refusal(code, enhanced, is_about_recipient=is_about_recipient))
    return NotSent(reason)


def _status_of_refusal(code: int, enhanced: str, *, is_about_recipient: bool) -> Status:
    if enhanced == "5.2.2":
        return Status.TEMPORARY_FAILURE
    if enhanced == "5.2.1" or (enhanced.startswith("5.1.") and enhanced not in _SENDER_CODES):
        return Status.PERMANENT_FAILURE
    if enhanced or not is_about_recipient:
        return Status.TECHNICAL_FAILURE
    if code == _MAILBOX_FULL:
        return Status.TEMPORARY_FAILURE
    return Status.PERMANENT_FAILURE if code in _NO_MAILBOX else Status.TECHNICAL_FAILURE


def _still_answers(client: smtplib.SMTP) -> bool:
    """RSET also forgets what an earlier, refused message left behind."""
    try:
        code, _ = client.rset()
    except (smtplib.SMTPException, OSError):
        return False
    return _is_positive(code)


def _as_data(content: bytes) -> bytes:
    """RFC 5321 §4.5.2: a line that begins with a dot gets another; a dot alone ends the content."""
    stuffed = re.sub(rb"(?m)^\.", b"..", content)
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


def _as_xtext(address: str) -> str:
    """RFC 3461 §4."""
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in address)


def _is_positive(code: int) -> bool:
    return code in range(200, 300)


def _describe(error: BaseException) -> str:
    """Class and code only: replies quote addresses."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
