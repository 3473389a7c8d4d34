"""The SMTP provider against relays that behave well and badly, over real sockets."""

import asyncio
import datetime as dt
import email
import ipaddress
import socket
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.config import InvalidConfigurationError, load_settings
from api.contract import Status
from api.providers.protocol import Accepted, Answer, NotSent, Refused, Unknown
from api.providers.registry import is_delivered_when_accepted
from api.providers.smtp import client as smtp_client
from api.providers.smtp.client import SmtpEmail, answer_of_reply
from tests.api.providers.test_mime import MESSAGE


class Relay:
    """What aiosmtpd asks; a test sets the replies, `None` hangs up."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.sessions: set[int] = set()
        self.replies: dict[str, str | None] = {}

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        envelope.mail_from = address
        return await self._reply(server, "MAIL", "250 2.1.0 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return await self._reply(server, "RCPT", "250 2.1.5 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return await self._reply(server, "DATA", "250 2.0.0 queued")

    async def _reply(self, server: SMTP, command: str, usual: str) -> str:
        reply = self.replies.get(command, usual)
        if reply is None:
            server.transport.abort()
            return usual
        return reply


@contextmanager
def running(handler: Relay, *, tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    conversations: list[SMTP] = []

    def converse() -> SMTP:
        conversations.append(SMTP(handler, hostname="relay", loop=loop, **options))
        return conversations[-1]

    async def start() -> asyncio.Server:
        return await loop.create_server(converse, "127.0.0.1", 0, ssl=tls)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        for conversation in conversations:
            if conversation.transport is not None:
                conversation.transport.abort()
        await asyncio.sleep(0.01)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(5)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def provider(port: int, **options: Any) -> SmtpEmail:
    defaults = {"security": "none", "own_name": "notifications.exemple.fr", "timeout_seconds": 5}
    return SmtpEmail("127.0.0.1", port, **(defaults | options))


def send(port: int, **options: Any) -> Answer:
    client = provider(port, **options)
    try:
        return client.send(MESSAGE)
    finally:
        client._drop()


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-made, for 127.0.0.1; key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "relay.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_accepted_email_has_the_message_id_as_its_reference(relay: Relay) -> None:
    with running(relay) as port:
        assert send(port) == Accepted(f"{MESSAGE.id}@notifications.exemple.fr")
    [envelope] = relay.envelopes
    assert envelope.mail_from == "mairie@notifications.exemple.fr"
    assert envelope.rcpt_tos == ["lea@exemple.fr"]
    parsed = email.message_from_bytes(envelope.content)
    assert parsed["Message-ID"] == f"<{MESSAGE.id}@notifications.exemple.fr>"


def test_lines_that_begin_with_a_dot_arrive_whole(relay: Relay) -> None:
    client_text = ".\n..\n.hidden\nend"
    with running(relay) as port:
        client = provider(port)
        client.send(replace(MESSAGE, text=client_text))
        client._drop()
    [envelope] = relay.envelopes
    text = email.message_from_bytes(envelope.content).get_payload(0).get_payload(decode=True)
    assert text.replace(b"\r\n", b"\n") == client_text.encode() + b"\n"


def test_one_connection_serves_many_messages(relay: Relay) -> None:
    with running(relay) as port:
        client = provider(port)
        answers = [client.send(replace(MESSAGE, id=uuid.uuid4())) for _ in range(3)]
        client._drop()
    assert all(isinstance(answer, Accepted) for answer in answers)
    assert len(relay.envelopes) == 3
    assert len(relay.sessions) == 1


def test_connection_serves_on_after_a_refusal(relay: Relay) -> None:
    with running(relay) as port:
        client = provider(port)
        relay.replies["RCPT"] = "550 5.1.1 unknown"
        assert isinstance(client.send(MESSAGE), Refused)
        relay.replies.clear()
        assert isinstance(client.send(MESSAGE), Accepted)
        client._drop()
    assert len(relay.sessions) == 1


def test_connection_that_the_relay_closed_is_replaced_before_anything_is_sent(relay: Relay) -> None:
    with running(relay, timeout=0.05) as port:
        client = provider(port)
        assert isinstance(client.send(MESSAGE), Accepted)
        threading.Event().wait(0.2)
        assert isinstance(client.send(MESSAGE), Accepted)
        client._drop()
    assert len(relay.envelopes) == 2


@pytest.mark.parametrize("limit", ["_IDLE_SECONDS", "_MESSAGES_PER_CONNECTION"])
def test_old_and_worn_connections_are_replaced(
    relay: Relay, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(smtp_client, limit, 0)
    with running(relay) as port:
        client = provider(port)
        client.send(MESSAGE)
        client.send(MESSAGE)
        client._drop()
    assert len(relay.envelopes) == 2


def test_each_thread_has_its_own_connection(relay: Relay) -> None:
    with running(relay) as port:
        client = provider(port)
        answers: list[Answer] = []

        def send_and_leave() -> None:
            answers.append(client.send(MESSAGE))
            client._drop()

        threads = [threading.Thread(target=send_and_leave) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
    assert [type(answer) for answer in answers] == [Accepted] * 4


def test_starttls_protects_and_login_proves(
    relay: Relay, certificate: Path, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def check(
        _server: SMTP, session: Session, _e: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        assert session.ssl is not None
        return AuthResult(success=data.password == b"secret", handled=False)

    options = {"authenticator": check, "auth_required": True, "tls_context": tls, "require_starttls": True}
    with running(relay, **options) as port:
        account = {"security": "starttls", "username": "notifications", "password": "secret"}
        assert isinstance(send(port, **account), Accepted)
        assert provider(port, **account).problems() == []
        assert send(port, **account | {"password": "wrong"}) == NotSent(
            "no connection to the relay: SMTPAuthenticationError 535"
        )
        assert "SMTP_USERNAME" in provider(port, **account | {"password": "wrong"}).problems()[0]


def test_tls_from_the_first_byte(
    relay: Relay, certificate: Path, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with running(relay, tls=tls) as port:
        assert isinstance(send(port, security="tls"), Accepted)


def test_certificate_of_a_stranger_is_not_accepted(relay: Relay, tls: ssl.SSLContext) -> None:
    with running(relay, tls_context=tls) as port:
        assert send(port, security="starttls") == NotSent(
            "no connection to the relay: SSLCertVerificationError"
        )
        assert "SSL_CERT_FILE" in provider(port, security="starttls").problems()[0]
    assert not relay.envelopes


def test_relay_without_starttls_gets_nothing_in_clear(relay: Relay) -> None:
    with running(relay) as port:
        assert isinstance(send(port, security="starttls"), NotSent)
        assert "SMTP_SECURITY" in provider(port, security="starttls").problems()[0]
    assert not relay.envelopes


def test_relay_that_is_away_means_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert send(port) == NotSent("no connection to the relay: ConnectionRefusedError")
    assert "SMTP_HOST" in provider(port).problems()[0]


@pytest.mark.parametrize(
    ("command", "reply", "expected"),
    [
        ("MAIL", "451 4.3.0 later", NotSent("the relay said 451 4.3.0")),
        ("MAIL", "421 4.3.2 closing", NotSent("the relay said 421 4.3.2")),
        ("MAIL", "550 5.7.1 not you", Refused("the relay said 550 5.7.1", Status.TECHNICAL_FAILURE)),
        ("RCPT", "450 4.2.0 greylisted", NotSent("the relay said 450 4.2.0")),
        ("RCPT", "550 5.1.1 nobody", Refused("the relay said 550 5.1.1", Status.PERMANENT_FAILURE)),
        ("DATA", "452 4.3.1 full", NotSent("the relay said 452 4.3.1")),
        ("DATA", "554 5.7.1 spam", Refused("the relay said 554 5.7.1", Status.TECHNICAL_FAILURE)),
    ],
)
def test_refusals_at_each_step(relay: Relay, command: str, reply: str, expected: Answer) -> None:
    relay.replies[command] = reply
    with running(relay) as port:
        assert send(port) == expected


@pytest.mark.parametrize(("command", "outcome"), [("MAIL", NotSent), ("RCPT", NotSent), ("DATA", Unknown)])
def test_connection_lost_before_the_content_is_safe_and_after_it_unknown(
    relay: Relay, command: str, outcome: type[Answer]
) -> None:
    relay.replies[command] = None
    with running(relay) as port:
        assert isinstance(send(port), outcome)


def test_relay_that_takes_the_content_and_falls_silent_leaves_the_outcome_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp_client, "_ACCEPTANCE_SECONDS", 0.1)
    done = threading.Event()

    class Silent(Relay):
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
            await asyncio.get_running_loop().run_in_executor(None, done.wait, 5)
            return "250 OK"

    with running(Silent()) as port:
        assert send(port) == Unknown("connection lost after the message went out: SMTPServerDisconnected")
        done.set()


@pytest.mark.parametrize(
    ("code", "reply", "at_recipient", "expected"),
    [
        (550, b"5.1.10 null MX", True, Status.PERMANENT_FAILURE),
        (550, b"5.2.1 disabled", True, Status.PERMANENT_FAILURE),
        (550, b"5.1.1 unknown", False, Status.PERMANENT_FAILURE),
        (550, b"5.1.8 bad sender", True, Status.TECHNICAL_FAILURE),
        (552, b"5.2.2 over quota", True, Status.TEMPORARY_FAILURE),
        (550, b"5.7.1 policy", True, Status.TECHNICAL_FAILURE),
        (550, b"no such user", True, Status.PERMANENT_FAILURE),
        (553, b"not allowed", True, Status.PERMANENT_FAILURE),
        (552, b"full", True, Status.TEMPORARY_FAILURE),
        (554, b"no", True, Status.TECHNICAL_FAILURE),
        (550, b"no", False, Status.TECHNICAL_FAILURE),
    ],
)
def test_meaning_of_permanent_replies(code: int, reply: bytes, at_recipient: bool, expected: Status) -> None:
    answer = answer_of_reply(code, reply, is_about_recipient=at_recipient)
    assert isinstance(answer, Refused)
    assert answer.status is expected


def test_reasons_never_quote_the_relay() -> None:
    answer = answer_of_reply(550, b"5.1.1 <lea@exemple.fr> unknown", is_about_recipient=True)
    assert "lea" not in str(answer)


def test_address_that_cannot_be_written_is_refused_without_asking() -> None:
    client = provider(1)
    assert client.send(replace(MESSAGE, to="léa@exemple.fr")) == Refused(
        "not an e-mail: ValueError", Status.PERMANENT_FAILURE
    )


def test_accepted_counts_as_delivered_because_nothing_comes_afterwards() -> None:
    assert is_delivered_when_accepted(provider(1))


def test_settings_without_a_relay_are_a_problem_with_a_name() -> None:
    with pytest.raises(InvalidConfigurationError, match="SMTP_HOST"):
        SmtpEmail.from_settings(load_settings(smtp_host=None))
    made: Callable[..., SmtpEmail] = SmtpEmail.from_settings
    assert made(load_settings(smtp_host="relay.exemple.fr", smtp_password="x")).name == "smtp"
