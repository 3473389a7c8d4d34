"""The mailbox of bounces, over real sockets."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from api.config import InvalidConfigurationError, load_settings
from api.providers.registry import is_delivered_when_accepted
from api.providers.smtp.bounces import MAX_BYTES
from api.providers.smtp.client import SmtpEmail
from api.providers.smtp.mailbox import BounceMailbox, MailboxAddress
from tests.api.providers.smtp.imap_server import FOLDER, PASSWORD, USER, Mailbox, serving
from tests.api.providers.test_smtp import certificate  # noqa: F401 - a fixture


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    with serving(mailbox) as port:
        yield port


def url(port: int, scheme: str = "imap", password: str = PASSWORD, folder: str = FOLDER) -> str:
    return f"{scheme}://{quote(USER, '')}:{quote(password, '')}@127.0.0.1:{port}/{folder}"


def client(port: int, **changes: str) -> BounceMailbox:
    return BounceMailbox(MailboxAddress.parse(url(port, **changes)), 5)


def test_settled_mail_is_deleted_and_other_mail_kept_for_a_person(mailbox: Mailbox, port: int) -> None:
    mailbox.add(b"settled")
    odd = mailbox.add(b"odd")
    seen: list[bytes] = []

    def take(content: bytes) -> bool:
        seen.append(content)
        return content == b"settled"

    assert client(port).drain(take, 10) == 2
    assert client(port).drain(take, 10) == 0
    assert seen == [b"settled", b"odd"]
    assert list(mailbox.mails.values()) == [odd]
    assert odd.flags == {r"\Flagged"}


def test_batch_is_bounded_and_the_rest_comes_next_time(mailbox: Mailbox, port: int) -> None:
    for number in range(5):
        mailbox.add(b"%d" % number)
    assert [client(port).drain(lambda _: True, 2) for _ in range(4)] == [2, 2, 1, 0]


def test_only_the_beginning_of_huge_mail_is_fetched(mailbox: Mailbox, port: int) -> None:
    mailbox.add(b"x" * (3 * MAX_BYTES))
    sizes: list[int] = []
    client(port).drain(lambda content: not sizes.append(len(content)), 10)
    assert sizes == [MAX_BYTES]


def test_mail_that_could_not_be_kept_stays_with_those_after_it(mailbox: Mailbox, port: int) -> None:
    mailbox.add(b"first")
    mailbox.add(b"second")

    def take(_: bytes) -> bool:
        raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError):
        client(port).drain(take, 10)
    assert [mail.flags for mail in mailbox.mails.values()] == [set(), set()]
    assert client(port).drain(lambda _: True, 10) == 2


def test_odd_mail_is_forgotten_after_a_month(mailbox: Mailbox, port: int) -> None:
    now = datetime.now(UTC)
    mailbox.add(b"old", r"\Flagged", received=now - timedelta(days=32))
    young = mailbox.add(b"young", r"\Flagged", received=now - timedelta(days=28))
    client(port).drain(lambda _: True, 10)
    assert list(mailbox.mails.values()) == [young]


@pytest.mark.parametrize("changes", [{"password": "faux"}, {"folder": "Absent"}])
def test_mailbox_that_cannot_be_opened_is_a_line_in_the_log_and_a_problem(
    mailbox: Mailbox, port: int, changes: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    mailbox.add(b"x")
    assert client(port, **changes).drain(lambda _: True, 10) == 0
    assert "bounce_mailbox_unusable" in caplog.text
    assert "faux" not in caplog.text
    [problem] = client(port, **changes).problems()
    assert "SMTP_BOUNCE_IMAP_URL" in problem
    assert USER not in problem


def test_mailbox_that_is_well_or_away(mailbox: Mailbox, port: int) -> None:
    assert client(port).problems() == []
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]
    assert "ConnectionRefusedError" in client(closed).problems()[0]


def test_certificate_is_checked(
    mailbox: Mailbox,
    certificate: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with serving(mailbox, tls) as port:
        assert "SSL_CERT_FILE" in client(port, scheme="imaps").problems()[0]
        assert mailbox.logins == 0
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert client(port, scheme="imaps").problems() == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "imaps://host/INBOX",
        "https://a:b@host",
        "imaps://a@host",
        "imaps://a:b@host:port",
        "imaps://a:b@",
        "imaps://a:%C3%A0@h",
    ],
)
def test_address_of_the_mailbox_that_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        MailboxAddress.parse(text)
    with pytest.raises(InvalidConfigurationError, match="SMTP_BOUNCE_IMAP_URL") as caught:
        SmtpEmail.from_settings(settings(smtp_bounce_imap_url=text))
    assert not text or text not in str(caught.value)


def test_address_of_the_mailbox() -> None:
    address = MailboxAddress.parse("imaps://a%40b.fr:p%2F%3Aw@imap.exemple.fr/Sub/Retours")
    assert (address.host, address.port, address.is_secure) == ("imap.exemple.fr", 993, True)
    assert (address.username, address.password, address.folder) == ("a@b.fr", "p/:w", "Sub/Retours")
    assert "p/:w" not in repr(address)
    assert MailboxAddress.parse("imap://a:b@host").folder == "INBOX"


def settings(**changes: object):
    return load_settings(**{"smtp_host": "relais", "smtp_bounce_domain": "b.exemple.fr"} | changes)


def test_mailbox_needs_a_domain_and_production_an_encrypted_connection() -> None:
    with pytest.raises(InvalidConfigurationError, match="SMTP_BOUNCE_DOMAIN"):
        SmtpEmail.from_settings(settings(smtp_bounce_domain=None, smtp_bounce_imap_url=url(143)))
    safe = {"environment": "production", "secret_keys": "k" * 40, "sandbox_secret": "s" * 40}
    settings(**safe, smtp_bounce_imap_url=url(993, "imaps"))
    with pytest.raises(InvalidConfigurationError, match="SMTP_BOUNCE_IMAP_URL"):
        settings(**safe, smtp_bounce_imap_url=url(143))


def test_accepted_is_on_its_way_where_bounces_are_read(port: int) -> None:
    reading = SmtpEmail.from_settings(settings(smtp_bounce_imap_url=url(port)))
    assert not is_delivered_when_accepted(reading)
    assert is_delivered_when_accepted(SmtpEmail.from_settings(settings(smtp_bounce_domain=None)))


def test_doctor_examines_the_mailbox_with_the_relay(port: int) -> None:
    problems = SmtpEmail.from_settings(
        settings(
            smtp_host="127.0.0.1",
            smtp_port=1,
            smtp_security="none",
            smtp_bounce_imap_url=url(port, folder="x"),
        )
    ).problems()
    assert [name in problem for name, problem in zip(("SMTP_HOST", "IMAP_URL"), problems, strict=True)] == [
        True,
        True,
    ]
