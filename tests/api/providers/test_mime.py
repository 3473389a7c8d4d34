"""E-mails as relays get them, read back with Python's own parser."""

import email
import uuid
from dataclasses import replace
from email.message import EmailMessage as MimeMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.providers.mime import compose, to_ascii_domain
from api.providers.protocol import EmailMessage

MESSAGE = EmailMessage(
    id=uuid.UUID("0198c0de-0000-7000-8000-000000000001"),
    to="lea@exemple.fr",
    from_name="Mairie d’Évry",
    from_address="mairie@notifications.exemple.fr",
    reply_to="contact@exemple.fr",
    subject="Votre dossier n° 12 : « reçu »",
    html="<p>Bonjour à tous</p>\n",
    text="Bonjour à tous\n",
    unsubscribe_url="https://exemple.fr/unsubscribe/" + "x" * 400,
)


def read(message: EmailMessage) -> MimeMessage:
    parsed = email.message_from_bytes(compose(message).content, policy=default)
    assert isinstance(parsed, MimeMessage)
    return parsed


def lines_of(part: Any) -> list[str]:
    return part.get_content().replace("\r\n", "\n").rstrip("\n").split("\n")


def test_headers_say_who_writes_to_whom_and_how_to_answer() -> None:
    parsed = read(MESSAGE)
    assert {name: str(parsed[name]) for name in ("From", "To", "Reply-To", "Subject", "Message-ID")} == {
        "From": "Mairie d’Évry <mairie@notifications.exemple.fr>",
        "To": "lea@exemple.fr",
        "Reply-To": "contact@exemple.fr",
        "Subject": "Votre dossier n° 12 : « reçu »",
        "Message-ID": "<0198c0de-0000-7000-8000-000000000001@notifications.exemple.fr>",
    }
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Date"].datetime.tzinfo is not None
    assert not parsed.defects


def test_one_click_unsubscribe_is_offered_when_there_is_an_address() -> None:
    parsed = read(MESSAGE)
    assert parsed["List-Unsubscribe"] == f"<{MESSAGE.unsubscribe_url}>"
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"\r\nList-Unsubscribe: <{MESSAGE.unsubscribe_url}>\r\n".encode() in compose(MESSAGE).content
    assert read(replace(MESSAGE, unsubscribe_url=None))["List-Unsubscribe"] is None


def test_reader_without_html_gets_the_text_and_the_others_the_html() -> None:
    parsed = read(MESSAGE)
    assert parsed.get_content_type() == "multipart/alternative"
    text, html = parsed.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert lines_of(text) == ["Bonjour à tous"]
    assert lines_of(html) == ["<p>Bonjour à tous</p>"]


@given(
    text=st.text(
        st.characters(codec="utf-8", exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
        max_size=3000,
    )
)
def test_any_text_arrives_whole_in_short_seven_bit_lines(text: str) -> None:
    content = compose(replace(MESSAGE, text=text, html=text)).content
    assert content.isascii()
    assert all(len(line) <= 990 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    plain, html = email.message_from_bytes(content, policy=default).iter_parts()
    assert lines_of(plain) == lines_of(html) == text.rstrip("\n").split("\n")


@given(words=st.text(max_size=200))
def test_no_word_of_a_person_adds_a_header(words: str) -> None:
    try:
        content = compose(replace(MESSAGE, subject=words, from_name=words)).content
    except ValueError:
        assert not words.isascii()  # half of a surrogate pair
        return
    parsed = email.message_from_bytes(content, policy=default)
    assert set(parsed.keys()) == set(read(MESSAGE).keys())


@pytest.mark.parametrize("attack", ["a\r\nBcc: b@exemple.fr", "a\nBcc: b@exemple.fr", "a\x00b"])
def test_line_breaks_in_names_and_subjects_become_blanks(attack: str) -> None:
    parsed = read(replace(MESSAGE, subject=attack, from_name=attack, unsubscribe_url=None))
    assert parsed["Bcc"] is None
    assert "\n" not in parsed["Subject"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("lea@exemple.fr", "lea@exemple.fr"),
        (" lea@exemple.fr ", "lea@exemple.fr"),
        ("léa@exemple.fr", None),
        ("lea@été.exemple.fr", "lea@xn--t-9fab.exemple.fr"),
        ("lea@Élysée.fr", "lea@xn--lyse-9oad.fr"),
        ("lea", None),
        ("@exemple.fr", None),
        ("lea@", None),
        ("lea@exemple.fr\r\nRCPT TO:<x@y.fr>", None),
        ("lea>@exemple.fr", None),
    ],
)
def test_domains_are_written_as_the_dns_has_them(address: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError):
            to_ascii_domain(address)
    else:
        assert to_ascii_domain(address) == expected
