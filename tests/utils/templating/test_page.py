"""The HTML page around an e-mail."""

from html.parser import HTMLParser

import pytest

from notifications_utils.templating.email import EmailTemplate
from notifications_utils.templating.language import FRENCH
from notifications_utils.templating.page import Branding, BrandingKind, relative_luminance

BANNER = BrandingKind.BANNER
LOGO = BrandingKind.LOGO
URL = "https://cdn.example/logo.png"


class Page(HTMLParser):
    """Elements with their attributes, and the text of some."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.title = ""
        self._in_title = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._in_title = tag == "title"

    def handle_data(self, data):
        if self._in_title:
            self.title += data
            self._in_title = False

    def find(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]


def make_page(*brandings, subject="Sujet", content="Corps", values=None, **options):
    template = EmailTemplate(subject, content, brandings=brandings, **options)
    return template.render(values).html


def test_the_page_is_complete_and_names_its_language_and_subject():
    html = make_page(subject='Un "sujet" <b> & fin', language=FRENCH)
    page = Page(html)
    assert html.startswith("<!DOCTYPE html>\n")
    assert html.rstrip().endswith("</html>")
    assert page.find("html") == [{"lang": "fr"}]
    assert page.title == 'Un "sujet" <b> & fin'
    article = next(element for element in page.find("div") if element.get("role") == "article")
    assert article == {"role": "article", "aria-label": 'Un "sujet" <b> & fin', "lang": "fr"}
    assert {"charset": "utf-8"} in page.find("meta")
    assert {"name": "color-scheme", "content": "light dark"} in page.find("meta")


def test_every_table_is_for_layout_only():
    page = Page(make_page(Branding(BANNER, "Nom", colour="#000091")))
    assert page.find("table")
    assert all(table["role"] == "presentation" for table in page.find("table"))


def test_nothing_is_loaded_but_the_logo():
    page = Page(make_page(Branding(LOGO, "Nom", URL), content="[a](https://x.fr)"))
    assert [image["src"] for image in page.find("img")] == [URL]
    for name in ("script", "link", "iframe", "object"):
        assert page.find(name) == []


def test_the_preheader_comes_first_and_is_hidden():
    html = make_page(content="Bonjour *vous* & <eux>")
    body = html.partition("<body")[2]
    assert body.split("\n")[1].startswith('<span style="display:none;')
    assert ">Bonjour *vous* &amp; &lt;eux&gt;…</span>" in body


def test_an_empty_body_has_no_preheader():
    assert "display:none" not in make_page(content="")


def test_without_branding_there_is_no_header():
    page = Page(make_page())
    assert page.find("img") == []
    assert not any(table.get("class") for table in page.find("table"))


@pytest.mark.parametrize(
    ("branding", "image", "name"),
    [
        (
            Branding(BANNER, "Nom & <Cie>", URL, "logo", "#000091"),
            {"src": URL, "alt": "", "height": "48"},
            True,
        ),
        (
            Branding(BANNER, "", URL, "Ministère", "#000091"),
            {"src": URL, "alt": "Ministère", "height": "48"},
            False,
        ),
        (Branding(LOGO, "", URL, 'Mini"stère'), {"src": URL, "alt": 'Mini"stère', "height": "48"}, False),
        (Branding(LOGO, "", URL), {"src": URL, "alt": "", "height": "48"}, False),
        (Branding(LOGO, "Nom & <Cie>", URL, logo_height=30), {"src": URL, "alt": "", "height": "30"}, True),
        (Branding(BANNER, "Nom & <Cie>", colour="#000091"), None, True),
    ],
)
def test_a_branding_shows_its_logo_and_name(branding, image, name):
    html = make_page(branding)
    images = [
        {key: value for key, value in each.items() if key != "style"} for each in Page(html).find("img")
    ]
    assert images == ([image] if image else [])
    assert ("Nom &amp; &lt;Cie&gt;</span>" in html) is name


def test_several_brandings_stand_one_below_the_other():
    state = Branding(LOGO, "État", URL)
    service = Branding(BANNER, "Service", colour="#000091")
    html = make_page(state, service)
    assert html.index("État") < html.index("Service") < html.index(">Corps</p>")
    assert [table["class"] for table in Page(html).find("table") if table.get("class")] == ["logo", "banner"]


@pytest.mark.parametrize(
    "options",
    [
        {"kind": BANNER, "name": "x"},
        {"kind": LOGO},
        {"kind": BANNER, "name": "x", "colour": "red"},
        {"kind": BANNER, "name": "x", "colour": "#000;background:url(x)"},
        {"kind": LOGO, "logo_url": "javascript:x"},
        {"kind": LOGO, "logo_url": 'https://x" onerror="y z'},
        {"kind": LOGO, "name": "\U000f0000"},
    ],
)
def test_a_branding_that_cannot_be_shown_is_refused(options):
    with pytest.raises(ValueError):
        Branding(**options)


@pytest.mark.parametrize(
    "colour", ["#000091", "#0b0c0c", "#ffffff", "#ffe800", "#808080", "#e1000f", "#1d70b8", "#00a95f"]
)
def test_the_name_in_a_banner_contrasts_enough(colour):
    text = Branding(BANNER, "x", colour=colour).text_colour
    light, dark = sorted((relative_luminance(text), relative_luminance(colour)), reverse=True)
    # 3 is what WCAG 2 AA asks of large bold text.
    assert (light + 0.05) / (dark + 0.05) >= 3


def test_links_and_texts_of_the_page_contrast_enough():
    for colour, background in (
        ("#161616", "#ffffff"),
        ("#0b4f9e", "#ffffff"),
        ("#f2f2f2", "#161616"),
        ("#9cc4ff", "#161616"),
    ):
        light, dark = sorted((relative_luminance(colour), relative_luminance(background)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 7
