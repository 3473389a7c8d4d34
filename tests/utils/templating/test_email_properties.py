"""What holds for e-mails of any template and any values."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.templating.email import EmailTemplate

VOID = {"br", "hr", "img", "meta"}

snippets = st.sampled_from(
    ["# ", "## ", "* ", "  * ", "1. ", "^ ", "---", "===", "-", "```", "    ", "[t](", ")", "[", "]", "![a](x)", "(", "'",
     '"', "https://x.fr/", "[r]: ", "[r]", "[^1]", "[^1]: ", "|", "--|--", "\n", "\n\n", " ", "\\", "&lt;", "&#0;", "<b>",
     "((v))", "((w))", "((V))", "((v??", "))", "((c??# T\n))", "((l))", "[[fr]]\n", "[[/fr]]\n", "mot", "é", ",", "\t"]
)  # fmt: skip
contents = st.lists(snippets | st.text(max_size=3), max_size=25).map("".join)
texts = st.text(st.characters(codec=None), max_size=12) | st.lists(snippets, max_size=4).map("".join)
items = st.lists(texts, min_size=1, max_size=4)


class Structure(HTMLParser):
    """The elements and attribute names of a page in order; fails on elements that do not nest."""

    def __init__(self, html):
        super().__init__()
        self.events = []
        self.values = []
        self._open = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs)
        self.events.append((tag, tuple(name for name, _ in attrs)))
        self.values.extend(attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag


@given(contents, contents, texts | st.none(), texts | items | st.none(), st.booleans(), st.booleans())
def test_any_template_with_any_values_renders_balanced_html(
    subject, content, v, other, markdown, link_addresses
):
    template = EmailTemplate(subject, content, markdown_values=markdown, link_addresses=link_addresses)
    message = template.render({"v": v, "w": other, "l": other, "c": v}, unsubscribe_link=v)
    Structure(message.html)
    Structure(message.html_body)
    Structure(message.subject_html)
    message.html.encode()
    for text in (message.plain_text, message.subject, message.preheader):
        text.encode()
        assert not any(ord(char) >= 0xF0000 for char in text + message.html)
    assert "\n" not in message.subject
    assert "\n" not in message.preheader


@given(contents, texts.filter(lambda text: text.strip("\x00")))
def test_no_value_adds_elements_or_attributes(content, value):
    template = EmailTemplate("((v))", content)
    filled = template.render({"v": f"x{value}", "w": f"x{value}", "c": "yes", "l": [f"x{value}"] * 3})
    plain = template.render({"v": "x", "w": "x", "c": "yes", "l": ["x"] * 3})
    without_breaks = [event for event in Structure(filled.html).events if event != ("br", ())]
    assert without_breaks == [event for event in Structure(plain.html).events if event != ("br", ())]


@given(contents, texts)
def test_links_lead_to_allowed_schemes_only(content, value):
    message = EmailTemplate("s", content).render({"v": value, "w": value}, unsubscribe_link=value)
    targets = [target for name, target in Structure(message.html).values if name == "href"]
    assert all(
        target == "#" or target.lower().startswith(("http:", "https:", "mailto:", "tel:"))
        for target in targets
    )


entities = st.sampled_from(
    ["&nbsp;", "&eacute;", "&lt;", "&quot;", "&#39;", "&#x27;", "((v))", "((l))", "* ", "\n", "a"]
)


@given(st.lists(entities, max_size=20).map("".join))
def test_plain_text_holds_no_entity(content):
    values = {"v": "<a> &nbsp; &gt;", "l": ["&lt;", '"b"']}
    message = EmailTemplate(content, content).render(values)
    assert "&" not in message.plain_text + message.subject + message.preheader


@given(contents, texts, texts)
def test_a_compiled_shape_serves_other_values(content, first, second):
    values = {"v": second, "w": second, "c": "yes", "l": [second, "x"]}
    used = EmailTemplate("((w))", content)
    used.render({"v": first, "w": first, "c": "yes", "l": [first, "y"]}).html  # noqa: B018
    fresh = EmailTemplate("((w))", content)
    assert used.render(values).html == fresh.render(values).html
    assert used.render(values).plain_text == fresh.render(values).plain_text
