"""Every text of the pages goes through the catalogues: in a pseudo-language that puts it between ⟦ and ⟧, no word
stands outside. What people wrote is put between them by the test.
"""

import gettext as gnu
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.http.ops import openapi
from api.providers.protocol import EmailMessage, SmsMessage
from api.providers.sandbox.behaviour import Behaviour, ReceiptMode
from api.providers.sandbox.server import SandboxOptions, running_sandbox
from api.providers.sandbox.texts import BUTTONS, NOTICES
from notifications_utils import localisation
from notifications_utils.templating.email import EmailTemplate
from tests.api.providers.conftest import SECRET, Sandbox

SMS = SmsMessage(uuid4(), "33639980001", "⟦Bonjour⟧", "⟦MAIRIE⟧", international=False)
EMAIL = EmailMessage(
    id=uuid4(),
    to="⟦lea@exemple.fr⟧",
    from_name="⟦Mairie",
    from_address="mairie@exemple.fr⟧",
    reply_to="⟦contact@exemple.fr⟧",
    subject="⟦Votre dossier⟧",
    html="<p>Bonjour</p>",
    text="⟦Bonjour⟧",
    unsubscribe_url="⟦https://exemple.fr/u⟧",
)


class PseudoTranslations(gnu.NullTranslations):
    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


class UnmarkedTexts(HTMLParser):
    """Words that a person sees or hears outside ⟦ ⟧. Code, machine-made times and other languages' names are left out."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})
    NOT_TEXT = frozenset({"style", "script", "pre", "code", "time"})
    SPOKEN = ("title", "alt", "aria-label", "placeholder")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.depth = 0
        self.left_out: list[bool] = []
        self.language = ""
        self.found: list[str] = []
        self.feed(page)
        assert self.depth == 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        language = attributes.get("lang") or self.language
        self.language = self.language or language
        self.found += [
            value for name in self.SPOKEN if has_words(value := outside(attributes.get(name) or "")[0])
        ]
        if tag not in self.VOID:
            self.left_out.append(tag in self.NOT_TEXT or language != self.language)

    def handle_endtag(self, tag: str) -> None:
        self.left_out.pop()

    def handle_data(self, data: str) -> None:
        if any(self.left_out):
            return
        seen, self.depth = outside(data, self.depth)
        if has_words(seen):
            self.found.append(seen.strip())


def outside(text: str, depth: int = 0) -> tuple[str, int]:
    seen = ""
    for character in text:
        depth += character == "⟦"
        seen += character if depth == 0 else ""
        depth -= character == "⟧"
    return seen, depth


def has_words(text: str) -> bool:
    return any(map(str.isalpha, text))


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(localisation, "load_translations", lambda language: PseudoTranslations())


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    options = SandboxOptions(
        secret=SECRET, receipts_url="http://127.0.0.1:9", behaviour=Behaviour(receipts=ReceiptMode.OFF)
    )
    with running_sandbox(options) as url:
        sandbox = Sandbox(url)
        yield sandbox
        sandbox.close()


@pytest.fixture
def api() -> FlaskClient:
    app = Flask("documentation")
    app.extensions["runtime"] = SimpleNamespace(
        settings=SimpleNamespace(api_base_url="https://api.exemple.fr")
    )
    app.register_blueprint(openapi.blueprint)
    return app.test_client()


def read(address: str) -> str:
    with urlopen(Request(address, headers={"Accept": "text/html"}), timeout=5) as answer:
        return answer.read().decode()


def test_unmarked_words_are_found() -> None:
    page = (
        '<html lang="fr"><p title="Ici">⟦Vu <b>ça</b>⟧ 12 <code>a</code></p><a lang="en">English</a>'
        "<p>Bonjour ⟦x⟧</p>"
    )
    assert UnmarkedTexts(page).found == ["Ici", "Bonjour"]


@pytest.mark.usefixtures("pseudo")
def test_the_sandbox_s_pages_hold_no_unmarked_text(sandbox: Sandbox) -> None:
    assert UnmarkedTexts(read(f"{sandbox.url}/")).found == []
    for _ in range(27):
        sandbox.sms.send(replace(SMS, id=uuid4()))
    for _ in range(2):
        sandbox.email.send(EMAIL)
    pages = [f"/messages/{message['reference']}" for message in sandbox.messages[:2]]
    notices = [f"/?notice={notice}&answer=200&label={label}" for notice in NOTICES for label in BUTTONS]
    for path in ("/", "/?page=2", "/?q=%E2%9F%A6x%E2%9F%A7", "/?q=Bonjour", *pages, *notices):
        assert UnmarkedTexts(read(sandbox.url + path)).found == [], path


@pytest.mark.usefixtures("pseudo")
def test_the_documentation_holds_no_unmarked_text(api: FlaskClient) -> None:
    page = api.get("/documentation").get_data(as_text=True)
    assert page.count("⟦") > 50
    assert UnmarkedTexts(page).found == []


@pytest.mark.usefixtures("pseudo")
def test_an_e_mail_holds_no_unmarked_text() -> None:
    message = EmailTemplate("⟦Objet⟧", "⟦Corps⟧").render(unsubscribe_link="https://exemple.fr/u")
    assert "⟦Stop receiving these messages⟧" in message.html
    assert UnmarkedTexts(message.html).found == []


def test_the_documentation_is_french_unless_asked_otherwise(api: FlaskClient) -> None:
    for accepted, address, title in (
        (None, "/documentation", "Documentation de l’API"),
        ("de", "/documentation", "Documentation de l’API"),
        ("en-GB,fr;q=0.5", "/documentation", "API documentation"),
        ("fr;q=0,en;q=0.1", "/documentation", "API documentation"),
        ("fr", "/documentation?lang=en", "API documentation"),
        ("en", "/documentation?lang=fr", "Documentation de l’API"),
    ):
        answer = api.get(address, headers={"Accept-Language": accepted} if accepted else {})
        page = answer.get_data(as_text=True)
        assert f"<h1>{title}</h1>" in page
        assert f'<html lang="{answer.headers["Content-Language"]}">' in page
