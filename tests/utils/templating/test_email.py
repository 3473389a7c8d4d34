"""E-mail templates: what goes into the placeholders, and where."""

import re

import pytest

from notifications_utils.templating.email import MAX_BYTES, EmailTemplate
from notifications_utils.templating.email_shape import MAX_PLACEHOLDERS
from notifications_utils.templating.language import FRENCH
from notifications_utils.templating.template_errors import (
    EmptyMessageError,
    MessageTooLongError,
    MissingPersonalisationError,
)


def render(content, values=None, *, subject="s", unsubscribe_link=None, **options):
    return EmailTemplate(subject, content, **options).render(values, unsubscribe_link=unsubscribe_link)


def to_html(content, values=None, **options):
    html = render(content, values, **options).html_body
    return re.sub(r' style="[^"]*"', "", html).replace("\n", "")


@pytest.mark.parametrize(
    ("content", "value", "html", "text"),
    [
        ("Bonjour ((v))", "Zoé", "<p>Bonjour Zoé</p>", "Bonjour Zoé\n"),
        ("Bonjour ((v))", 0, "<p>Bonjour 0</p>", "Bonjour 0\n"),
        ("((v))", "<b>&amp;&nbsp;&lt;\"'é</b>", "<p>&lt;b&gt;&amp;\u00a0&lt;\"'é&lt;/b&gt;</p>", "<b>&\u00a0<\"'é</b>\n"),
        ("((v))", "# pas un titre", "<p># pas un titre</p>", "# pas un titre\n"),
        ("((v))", "* pas une puce\n* non plus", "<p>* pas une puce<br>* non plus</p>", "* pas une puce\n* non plus\n"),
        ("((v))", "[a](https://ex.fr)", "<p>[a](https://ex.fr)</p>", "[a](https://ex.fr)\n"),
        ("((v))", "((b))", "<p>((b))</p>", "((b))\n"),
        ("((v))", r"\*", r"<p>\*</p>", "\\*\n"),
        ("((v))", "a\r\nb\n\nc", "<p>a<br>b<br><br>c</p>", "a\nb\n\nc\n"),
        ("((v))", "a\x00\u2028\u3164\ud800b", "<p>ab</p>", "ab\n"),
        ("* ((v))", "# pas titre\n* puce", "<ul><li># pas titre<br>* puce</li></ul>", "• # pas titre\n* puce\n"),
        ("# ((v))", "T", "<h2>T</h2>", f"T\n{'=' * 65}\n"),
        ("# ((v))", "", "", "\n"),
        ("a\n\n((v))\n\nb", "", "<p>a</p><p>b</p>", "a\n\nb\n"),
        ("a\n- ((v))", "", "<p>a</p>", "a\n"),
        ("a((v))b", " \n ", "<p>a b</p>", "a b\n"),
        ("((v)). a", "1", "<p>1. a</p>", "1. a\n"),
        ("**((v))**", "x", "<p>**x**</p>", "**x**\n"),
    ],
)  # fmt: skip
def test_values_are_text(content, value, html, text):
    message = render(content, {"V": value})
    assert to_html(content, {"V": value}) == html
    assert message.plain_text == text


@pytest.mark.parametrize(
    ("content", "value", "html", "text"),
    [
        ("[t](((v)))", 'https://ex.fr/?a=1&b=é "x', '<a href="https://ex.fr/?a=1&amp;b=%C3%A9%20%22x">t</a>', "t: https://ex.fr/?a=1&b=%C3%A9%20%22x"),
        ("[t](((v)))", "ex.fr/(b)", '<a href="http://ex.fr/%28b%29">t</a>', "t: ex.fr/%28b%29"),
        ("[t](((v)))", "javascript:alert(1)", '<a href="#">t</a>', "t: javascript:alert%281%29"),
        ("[t](((v)))", " java\nscript:x", '<a href="http://java%0Ascript:x">t</a>', "t: %20java%0Ascript:x"),
        ("[t](((v)))", "", '<a href="#">t</a>', "t:"),
        ("[t](java((v)))", "script:x", '<a href="#">t</a>', "t: javascript:x"),
        ("[t](javascript:((v)))", "x", '<a href="#">t</a>', "t: javascript:x"),
        ("[t](mailto:((v)))", "a+b@x.fr", '<a href="mailto:a+b@x.fr">t</a>', "t: mailto:a+b@x.fr"),
        ("[((v))](https://x.fr)", "](https://y.fr)", '<a href="https://x.fr">](https://y.fr)</a>', "](https://y.fr): https://x.fr"),
        ("[t](https://x.fr '((v))')", 'x" onmouseover="y', '<a href="https://x.fr" title="x&quot; onmouseover=&quot;y">t</a>', 't (x" onmouseover="y): https://x.fr'),
        ("https://x.fr/((v))", "é/b c", '<a href="https://x.fr/%C3%A9/b%20c">https://x.fr/é/b c</a>', "https://x.fr/%C3%A9/b%20c"),
        ("https://((v))/a", 'x.fr/"><b>', '<a href="https://x.fr/%22%3E%3Cb%3E/a">https://x.fr/"&gt;&lt;b&gt;/a</a>', "https://x.fr/%22%3E%3Cb%3E/a"),
        ("((v))", "https://x.fr", "https://x.fr", "https://x.fr"),
    ],
)  # fmt: skip
def test_values_in_links(content, value, html, text):
    assert to_html(content, {"v": value}) == f"<p>{html}</p>"
    assert render(content, {"v": value}).plain_text == f"{text}\n"


@pytest.mark.parametrize(
    ("value", "html"),
    [
        ("https://x.fr/?a=b&c", '<a href="https://x.fr/?a=b&amp;c">https://x.fr/?a=b&amp;c</a>'),
        ("Voir https://x.fr", "Voir https://x.fr"),
        ("javascript:x", "javascript:x"),
        ('https://x.fr/" b', 'https://x.fr/" b'),
    ],
)
def test_a_value_that_is_an_address_becomes_a_link_where_the_template_asks_for_it(value, html):
    assert to_html("((v))", {"v": value}, link_addresses=True) == f"<p>{html}</p>"
    assert to_html("[t](https://y.fr/?n=((v)))", {"v": value}, link_addresses=True).count("<a ") == 1


@pytest.mark.parametrize(
    ("content", "value", "html", "text"),
    [
        ("((v))", ["a", "b"], "<ul><li>a</li><li>b</li></ul>", "• a\n• b\n"),
        ("((v))", ["a"], "<ul><li>a</li></ul>", "• a\n"),
        ("((v))", ["", None, " ", "\u200b"], "", "\n"),
        ("((v))", [" a ", 1, True, None, "<b>"], "<ul><li>a</li><li>1</li><li>True</li><li>&lt;b&gt;</li></ul>", "• a\n• 1\n• True\n• <b>\n"),
        ("Liste : ((v)) fin", list("abc"), "<p>Liste :</p><ul><li>a</li><li>b</li><li>c fin</li></ul>", "Liste :\n\n• a\n• b\n• c fin\n"),
        ("* x\n* ((v))\n* y", ["a", "b"], "<ul><li>x</li><li>a</li><li>b</li><li>y</li></ul>", "• x\n• a\n• b\n• y\n"),
        ("((v))\n\n  suite", ["a", "b"], "<ul><li>a</li><li>b<p>suite</p></li></ul>", "• a\n• b\nsuite\n"),
        ("```\n((v))\n```", ["a", "b", "c"], "<p>* a<br>* b<br>* c</p>", "* a\n* b\n* c\n"),
        ("((v))", ["* a", "[b](https://x.fr)"], "<ul><li>* a</li><li>[b](https://x.fr)</li></ul>", "• * a\n• [b](https://x.fr)\n"),
    ],
)  # fmt: skip
def test_a_list_becomes_bullets(content, value, html, text):
    assert to_html(content, {"v": value}) == html
    assert render(content, {"v": value}).plain_text == text


def test_the_number_of_items_does_not_need_another_compilation():
    template = EmailTemplate("s", "((v))")
    for size in range(2, 100):
        assert template.render({"v": ["x"] * size}).html_body.count("<li") == size
    assert template._compile.cache_info().misses == 1


@pytest.mark.parametrize(
    ("value", "html"),
    [
        (True, "<h2>T</h2><p>texte</p><p>fin</p>"),
        ("yes", "<h2>T</h2><p>texte</p><p>fin</p>"),
        ("oui", "<h2>T</h2><p>texte</p><p>fin</p>"),
        ("no", "<p>fin</p>"),
        (0, "<p>fin</p>"),
    ],
)
def test_the_text_of_a_conditional_is_markdown(value, html):
    assert to_html("((v??# T\n\ntexte))\n\nfin", {"v": value}) == html


PLAIN = "<span class='placeholder'>&#40;&#40;nom&#41;&#41;</span>"


@pytest.mark.parametrize(
    ("content", "html", "text"),
    [
        ("Bonjour ((nom))", f"<p>Bonjour {PLAIN}</p>", "Bonjour ((nom))\n"),
        ("((a<b>))", "<p><span class='placeholder'>&#40;&#40;a&lt;b&gt;&#41;&#41;</span></p>", "((a<b>))\n"),
        ("((a??b *c*))", "<p><span class='placeholder-conditional'>&#40;&#40;a??</span>b *c*&#41;&#41;</p>", "((a??b *c*))\n"),
        ("[t](https://x.fr/((nom)))", '<p><a href="https://x.fr/%28%28nom%29%29">t</a></p>', "t: https://x.fr/%28%28nom%29%29\n"),
        ("[t](x.fr '((nom))')", '<p><a href="http://x.fr" title="((nom))">t</a></p>', "t (((nom))): x.fr\n"),
        ("(())", "<p>(())</p>", "(())\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("values", [None, {}, {"autre": "x"}, {"nom": None, "a": None}])
def test_missing_values_show_markers(content, html, text, values):
    assert to_html(content, values) == html
    assert render(content, values).plain_text == text


def test_markers_may_be_redacted():
    message = render(
        "((nom)) ((y)) ((a??b))", {"y": 1}, subject="((nom))", language=FRENCH, redact_missing=True
    )
    hidden = "<span class='placeholder-redacted'>masqué</span>"
    assert f">{hidden} 1 {hidden}</p>" in message.html_body
    assert message.plain_text == "[masqué] 1 [masqué]\n"
    assert message.subject == "[masqué]"
    assert message.subject_html == hidden


@pytest.mark.parametrize(
    ("subject", "value", "expected"),
    [
        ("  Un   sujet \n long ", None, "Un sujet long"),
        ("a\u00a0:\u202fb\u200bc", None, "a\u00a0:\u202fbc"),
        ("a \u00a0 \u202f b\u00a0", None, "a\u00a0b"),
        ("((v))", ["x", "y"], "x and y"),
        ("((v)) !", "a\r\nBcc: b@x.fr", "a Bcc: b@x.fr !"),
        ("((v))", "<b>&amp;</b>", "<b>&</b>"),
        ("# ((v))", "[a](b)", "# [a](b)"),
        ("Objet ((v))", None, "Objet ((v))"),
        ("Objet ((v??oui))", None, "Objet ((v??oui))"),
        ("a , b", None, "a, b"),
    ],
)
def test_the_subject_is_one_line_of_plain_text(subject, value, expected):
    assert render("c", {"v": value}, subject=subject).subject == expected


def test_the_subject_in_html_is_escaped_and_shows_markers():
    message = render("c", {"v": "<b>"}, subject="((v)) & ((nom))")
    assert message.subject_html == f"&lt;b&gt; &amp; {PLAIN}"
    assert "<title>&lt;b&gt; &amp; ((nom))</title>" in message.html


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("# T\n\n* a\n* b\n\n---\n\n^ c [d](https://x.fr)\nhttps://y.fr", "T • a • b c d https://y.fr"),
        ("a\n\n((v))", "a x y"),
        ("é" * 300, "é" * 256),
        ("&amp;" * 300, "&" * 256),
        ("a" * 255 + " b", "a" * 255),
    ],
)
def test_the_preheader_is_the_beginning_of_the_text(content, expected):
    assert render(content, {"v": "x\n  y"}).preheader == expected


def test_a_preheader_of_long_values_is_cut_too():
    assert render("((v)) " * 200, {"v": "mot " * 50}).preheader == ("mot " * 64).strip()


@pytest.mark.parametrize(
    ("language", "text"), [("en", "Stop receiving these messages"), ("fr", "Ne plus recevoir ces messages")]
)
def test_the_link_to_unsubscribe_follows_the_body_only(language, text):
    options = {"language": FRENCH} if language == "fr" else {}
    message = render("Corps", unsubscribe_link="https://x.fr/u?a=1&b=2", **options)
    html = to_html("Corps", unsubscribe_link="https://x.fr/u?a=1&b=2", **options)
    assert html == f'<p>Corps</p><hr><p><a href="https://x.fr/u?a=1&amp;b=2">{text}</a></p>'
    assert message.plain_text.endswith(f"=\n\n{text}: https://x.fr/u?a=1&b=2\n")
    assert message.body == message.preheader == "Corps"
    assert text in message.html


@pytest.mark.parametrize(
    ("content", "values", "expected"),
    [
        ("  Bonjour ((v)) &amp; *a*\n", {"v": "<b>"}, "Bonjour <b> &amp; *a*"),
        ("Liste : ((v)) fin", {"v": ["a", "b"]}, "Liste : \n\n* a\n* b fin"),
        ("((v??oui)) ((w))", {"v": "yes"}, "oui ((w))"),
    ],
)
def test_the_body_is_the_content_with_placeholders_filled_in(content, values, expected):
    assert render(content, values).body == expected


@pytest.mark.parametrize(
    ("content", "values", "expected"),
    [
        ("", {}, True),
        (" ", {}, False),
        ("((a))", {"a": ""}, True),
        ("((a))", {"a": " "}, True),
        ("((a??b))", {"a": "no"}, True),
        ("((a)) ((b))", {"a": "", "b": ""}, True),
        ("x((a))", {"a": ""}, False),
        ("((a))", {"a": "x"}, False),
    ],
)
def test_emptiness(content, values, expected):
    message = render(content, values)
    assert message.is_empty is expected
    if expected:
        with pytest.raises(EmptyMessageError):
            message.check_content()


def test_missing_and_additional_names():
    message = render("((Nom)) ((b??c)) ((d))", {"d": 1, "E f": 2}, subject="((objet)) ((NOM))")
    assert message.template.placeholders == ("objet", "NOM", "b", "d")
    assert message.missing == ("objet", "NOM", "b")
    assert message.additional == ("E f",)
    with pytest.raises(MissingPersonalisationError, match="objet, NOM, b"):
        message.check_content()


def test_the_limit_of_size_is_in_bytes():
    render("a((v))", {"v": "é" * (MAX_BYTES // 2 - 1)}).check_length()
    message = render("aa((v))", {"v": "é" * (MAX_BYTES // 2)})
    assert message.size == MAX_BYTES + 2
    with pytest.raises(MessageTooLongError):
        message.check_length()


@pytest.mark.parametrize(
    ("content", "value", "html"),
    [
        ("((v))", "[a](https://ex.fr)", '<p><a href="https://ex.fr">a</a></p>'),
        ("((v))", "# T\n\n* a", "<h2>T</h2><ul><li>a</li></ul>"),
        ("* ((v))", "# pas titre\n* puce", "<ul><li># pas titre</li><li>puce</li></ul>"),
        ("((v))", ["[a](ex.fr)", "<b>"], '<ul><li><a href="http://ex.fr">a</a></li><li>&lt;b&gt;</li></ul>'),
        ("https://x.fr/((v))", "é/b c", '<p><a href="https://x.fr/%C3%A9/b">https://x.fr/é/b</a> c</p>'),
        ("((v))", "\U000f0003\U00100000", "<p></p>"),
        ("((v)) ((w))", "a", "<p>a <span class='placeholder'>&#40;&#40;w&#41;&#41;</span></p>"),
    ],
)
def test_values_are_markdown_for_senders_who_ask_for_it(content, value, html):
    assert to_html(content, {"v": value}, markdown_values=True).replace("<p></p>", "") == html.replace(
        "<p></p>", ""
    )


def test_a_template_with_too_many_placeholders_is_refused():
    content = "".join(f"((p{number}))" for number in range(MAX_PLACEHOLDERS))
    EmailTemplate("s", content).render({f"p{number}": [1, 2] for number in range(MAX_PLACEHOLDERS)}).html  # noqa: B018
    with pytest.raises(ValueError, match="at most"):
        EmailTemplate("((one more))", content)


def test_more_links_than_holes_lead_nowhere_rather_than_fail():
    content = "".join(f"[a](((v)){number}) " for number in range(9_000))
    html = render(content, {"v": "x.fr/"}).html_body
    assert html.count('href="http://x.fr/') + html.count('href="#"') == 9_000
