"""The sandbox's pages, as a browser without scripts sees them."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from api.providers.http_client import HttpAnswer, ProviderHttp
from tests.api.providers.conftest import ListeningApi, Sandbox
from tests.api.providers.test_sandbox import EMAIL, SMS, new_sms


class Outline(HTMLParser):
    """What assistive technology asks of a page, and whether every opened element is closed."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.attributes if name == tag]


@dataclass
class Browser:
    url: str
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._http = ProviderHttp(self.url, 5)

    def get(self, path: str) -> HttpAnswer:
        return self._ask("GET", path, None)

    def post(self, path: str, **form: str) -> HttpAnswer:
        """Follows the redirection, as browsers do."""
        answer = self._ask("POST", path, urlencode(form).encode())
        return self.get(answer.headers["Location"]) if answer.status == 303 else answer

    def _ask(self, method: str, path: str, body: bytes | None) -> HttpAnswer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self._http.request(method, path, body=body, headers={"Cookie": cookies})
        assert isinstance(answer, HttpAnswer)
        for value in answer.headers.getlist("Set-Cookie"):  # type: ignore[attr-defined]
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(value).items()}
        return answer

    def close(self) -> None:
        self._http.close()


def text(answer: HttpAnswer) -> str:
    return answer.body.decode()


def token(answer: HttpAnswer) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', text(answer))
    assert found
    return found[1]


def message_page(sandbox: Sandbox) -> str:
    return f"/messages/{sandbox.messages[0]['reference']}"


@pytest.fixture
def browser(sandbox: Sandbox) -> Iterator[Browser]:
    browser = Browser(sandbox.url)
    yield browser
    browser.close()


def test_pages_are_french_and_one_click_makes_them_english_for_good(
    sandbox: Sandbox, browser: Browser
) -> None:
    assert '<html lang="fr">' in text(browser.get("/"))
    assert "Aucun message pour l’instant" in text(browser.get("/"))
    assert '<html lang="en">' in text(browser.get("/?lang=en"))
    assert "No messages yet" in text(browser.get("/"))
    assert '<html lang="en">' in text(browser.get("/?lang=xx"))


def test_every_page_is_well_formed_and_accessible(sandbox: Sandbox, browser: Browser) -> None:
    sandbox.sms.send(SMS)
    sms_page = message_page(sandbox)
    sandbox.email.send(EMAIL)
    for path, status in (("/", 200), (sms_page, 200), (message_page(sandbox), 200), ("/nowhere", 404)):
        answer = browser.get(path)
        assert answer.status == status
        outline = Outline(text(answer))
        assert not outline.open
        assert [len(outline.all(tag)) for tag in ("title", "main", "h1")] == [1, 1, 1]
        labelled = {attributes.get("for") for attributes in outline.all("label")}
        for control in [*outline.all("input"), *outline.all("textarea")]:
            assert control.get("type") == "hidden" or control["id"] in labelled
        for frame in outline.all("iframe"):
            assert frame["title"]
        for link in outline.all("a"):
            assert link["href"]
        assert not outline.all("script")


def test_pages_forbid_whatever_they_do_not_need(sandbox: Sandbox, browser: Browser) -> None:
    policy = browser.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert browser.get("/style.css").headers["Content-Type"] == "text/css"


def test_list_is_paged_newest_first(sandbox: Sandbox, browser: Browser) -> None:
    for number in range(27):
        sandbox.sms.send(replace(new_sms(), content=f"message {number:02}"))
    first, second = text(browser.get("/")), text(browser.get("/?page=2"))
    assert re.findall(r"message (\d\d)", first) == [f"{number:02}" for number in range(26, 1, -1)]
    assert re.findall(r"message (\d\d)", second) == ["01", "00"]
    assert 'rel="next" href="/?page=2"' in first
    assert 'rel="prev"' not in first
    assert 'rel="prev" href="/?page=1"' in second
    assert 'rel="next"' not in second
    assert browser.get("/?page=-1").status == browser.get("/?page=x").status == 200


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lea@", True),
        ("dossier", True),
        ("Bonjour", True),
        (str(EMAIL.id), True),
        ("100%", False),
        ("_", False),
    ],
    ids=["recipient", "subject", "text", "identifier", "percent", "underscore"],
)
def test_search_looks_at_recipient_subject_text_and_id(
    sandbox: Sandbox, browser: Browser, words: str, found: bool
) -> None:
    sandbox.email.send(EMAIL)
    page = text(browser.get("/?" + urlencode({"q": words})))
    assert ("lea@exemple.fr" in page) is found
    assert ("Aucun message ne correspond" in page) is not found


def test_words_of_people_are_never_markup(sandbox: Sandbox, browser: Browser) -> None:
    attack = "<script>alert(1)</script>"
    sandbox.sms.send(replace(SMS, content=attack, sender=attack))
    sandbox.email.send(replace(EMAIL, subject=attack, text=attack, to=attack))
    for path in ("/", "/?" + urlencode({"q": attack}), message_page(sandbox)):
        assert "<script" not in text(browser.get(path))


def test_email_is_shown_inside_a_frame_that_may_do_nothing(sandbox: Sandbox, browser: Browser) -> None:
    sandbox.email.send(EMAIL)
    page = message_page(sandbox)
    [frame] = Outline(text(browser.get(page))).all("iframe")
    assert frame["src"] == f"{page}/html"
    assert "allow-scripts" not in (frame["sandbox"] or "")
    assert "allow-same-origin" not in (frame["sandbox"] or "")
    shown = browser.get(f"{page}/html")
    assert shown.body == b"<p>Bonjour</p>"
    assert shown.headers["Content-Security-Policy"].startswith("sandbox ")
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]


def test_addresses_in_texts_can_be_followed(sandbox: Sandbox, browser: Browser) -> None:
    sandbox.sms.send(replace(SMS, content="Voyez https://exemple.fr/a?b=1&c=2, ou <https://exemple.fr/d>."))
    page = text(browser.get(message_page(sandbox)))
    assert '<a href="https://exemple.fr/a?b=1&amp;c=2">https://exemple.fr/a?b=1&amp;c=2</a>, ou &lt;' in page
    assert '<a href="https://exemple.fr/d">https://exemple.fr/d</a>&gt;.' in page


@pytest.mark.parametrize("status", ["delivered", "temporary-failure", "permanent-failure"])
def test_buttons_say_what_became_of_a_message(
    sandbox: Sandbox, listening_api: ListeningApi, browser: Browser, status: str
) -> None:
    sandbox.sms.send(SMS)
    page = message_page(sandbox)
    after = browser.post(f"{page}/receipt", csrf_token=token(browser.get(page)), status=status)
    assert 'role="status">L’API a répondu 200' in text(after)
    assert listening_api.bodies[0]["status"] == status
    assert sandbox.messages[0]["status"] == status


def test_page_tells_when_the_api_does_not_take_a_receipt(
    sandbox: Sandbox, listening_api: ListeningApi, browser: Browser
) -> None:
    listening_api.answers = [503]
    sandbox.sms.send(SMS)
    page = message_page(sandbox)
    after = browser.post(f"{page}/receipt", csrf_token=token(browser.get(page)), status="delivered")
    assert "(réponse 503)" in text(after)
    listening_api.wait_for(2)


def test_text_message_can_be_answered(
    sandbox: Sandbox, listening_api: ListeningApi, browser: Browser
) -> None:
    sandbox.sms.send(replace(SMS, sender="33639980050"))
    page = message_page(sandbox)
    before = browser.get(page)
    assert 'value="33639980050"' in text(before)
    after = browser.post(
        f"{page}/reply", csrf_token=token(before), to="33639980050", content="Merci & à bientôt"
    )
    assert "Merci &amp; à bientôt" in text(after)
    [request] = listening_api.wait_for(1)
    assert request.path == "/notifications/sms/receive/sandbox"
    body = listening_api.bodies[0]
    assert (body["from"], body["to"], body["content"]) == ("33639980001", "33639980050", "Merci & à bientôt")
    uuid.UUID(body["reference"])


def test_empty_reply_is_not_sent(sandbox: Sandbox, listening_api: ListeningApi, browser: Browser) -> None:
    sandbox.sms.send(SMS)
    page = message_page(sandbox)
    after = browser.post(f"{page}/reply", csrf_token=token(browser.get(page)), to="1", content=" ")
    assert "Écrivez un texte" in text(after)
    assert not listening_api.requests


def test_forms_of_other_sites_are_refused(
    sandbox: Sandbox, listening_api: ListeningApi, browser: Browser
) -> None:
    sandbox.sms.send(SMS)
    page = message_page(sandbox)
    browser.get(page)
    other = Browser(sandbox.url)
    stolen = token(other.get(page))
    other.close()
    for forged in ("", "0" * 64, stolen):
        assert browser.post(f"{page}/receipt", csrf_token=forged, status="delivered").status == 403
    assert not listening_api.requests


def test_what_does_not_exist_is_not_found(sandbox: Sandbox, browser: Browser) -> None:
    sandbox.sms.send(SMS)
    known = token(browser.get(message_page(sandbox)))
    assert browser.get("/messages/unknown").status == 404
    assert browser.get(message_page(sandbox) + "/html").status == 404
    assert browser.post("/messages/unknown/receipt", csrf_token=known, status="delivered").status == 404
    assert browser.post(message_page(sandbox) + "/receipt", csrf_token=known, status="lost").status == 404
    assert browser.post("/elsewhere", csrf_token=known).status == 404


def test_automatic_receipts_are_switched_on_and_off(
    sandbox: Sandbox, listening_api: ListeningApi, browser: Browser
) -> None:
    start = browser.get("/")
    assert "ne partent que lorsque vous les demandez" in text(start)
    known = token(start)
    assert "Réglage enregistré" in text(
        browser.post("/settings", csrf_token=known, automatic="on", delay="0,01")
    )
    sandbox.sms.send(new_sms())
    listening_api.wait_for(1)
    assert "partent seuls, 0,01\u00a0s" in text(browser.get("/"))
    assert "entre 0 et 3600" in text(
        browser.post("/settings", csrf_token=known, automatic="on", delay="soon")
    )
    browser.post("/settings", csrf_token=known, automatic="off")
    assert "ne partent que lorsque vous les demandez" in text(browser.get("/"))


def test_notices_cannot_be_forged_into_pages(sandbox: Sandbox, browser: Browser) -> None:
    page = text(browser.get("/?" + urlencode({"notice": "told", "answer": "call 0800", "label": "x"})))
    assert "call 0800" not in page
