"""The Markdown subset of e-mails, as HTML and as plain text. Inline styles are left out of the comparisons."""

import re
import time

import pytest

from notifications_utils.templating.email import EmailTemplate

RULE = "=-" * 32 + "="
LINE_1 = "=" * 65
LINE_2 = "-" * 65


def to_html(content, values=None, **options):
    html = EmailTemplate("s", content, **options).render(values).html_body
    return re.sub(r' style="[^"]*"', "", html).replace("\n", "")


def to_text(content, values=None, **options):
    return EmailTemplate("s", content, **options).render(values).plain_text


@pytest.mark.parametrize(
    ("content", "html", "text"),
    [
        ("L1\nL2", "<p>L1<br>L2</p>", "L1\nL2\n"),
        ("L1\r\nL2\rL3", "<p>L1<br>L2<br>L3</p>", "L1\nL2\nL3\n"),
        ("a\n\n\n\nb", "<p>a</p><p>b</p>", "a\n\nb\n"),
        ("", "", "\n"),
        ("a\u2028b\u3164c", "<p>abc</p>", "abc\n"),
        ("Texte **gras** _ital_ ~~s~~ `c`", "<p>Texte **gras** _ital_ ~~s~~ `c`</p>", "Texte **gras** _ital_ ~~s~~ `c`\n"),
        ("**gras** et *ital*", "<p>**gras** et *ital*</p>", "**gras** et *ital*\n"),
        (r"\*a\* \_b\_", "<p>*a* _b_</p>", "*a* _b_\n"),
        (r"\* pas une puce", "<p>* pas une puce</p>", "* pas une puce\n"),
        ("<b>gras</b>", "<p>&lt;b&gt;gras&lt;/b&gt;</p>", "<b>gras</b>\n"),
        ("> cité", "<p>&gt; cité</p>", "> cité\n"),
        ("– tiret", "<p>– tiret</p>", "– tiret\n"),
        ("— tiret", "<p>— tiret</p>", "— tiret\n"),
        ("N° 1. x", "<p>N° 1. x</p>", "N° 1. x\n"),
        ("+ a\n+ b", "<p>+ a</p><p>+ b</p>", "+ a\n\n+ b\n"),
        ("1) a", "<p>1) a</p>", "1) a\n"),
        ("avant\n![alt](https://x.fr/i.png)", "<p>avant<br></p>", "avant\n"),
        ("a | b\n--- | ---\n1 | 2\n\nfin", "<p>fin</p>", "fin\n"),
        ("Note[^1].\n\n[^1]: Le bas", "<p>Note.</p><p>Le bas</p>", "Note.\n\nLe bas\n"),
        ("Inconnue[^1]", "<p>Inconnue[^1]</p>", "Inconnue[^1]\n"),
        ("    du *code* [a](https://x.fr)", "<p>du *code* [a](https://x.fr)</p>", "du *code* [a](https://x.fr)\n"),
        ("```\n# a\n* b\n```\nfin", "<p># a<br>* b</p><p>fin</p>", "# a\n* b\n\nfin\n"),
        ("AT&T &copy; &eacute; &eacute &bogus;", "<p>AT&amp;T © é &amp;eacute &amp;bogus;</p>", "AT&T © é &eacute &bogus;\n"),
    ],
)  # fmt: skip
def test_paragraphs_and_literal_signs(content, html, text):
    assert to_html(content) == html
    assert to_text(content) == text


@pytest.mark.parametrize(
    ("content", "html", "text"),
    [
        ("# Titre\nTexte", "<h2>Titre</h2><p>Texte</p>", f"Titre\n{LINE_1}\n\nTexte\n"),
        ("#Titre collé", "<h2>Titre collé</h2>", f"Titre collé\n{LINE_1}\n"),
        ("   # Titre ##", "<h2>Titre</h2>", f"Titre\n{LINE_1}\n"),
        ("a\n## T", "<p>a</p><h3>T</h3>", f"a\n\n\nT\n{LINE_2}\n"),
        ("### T", "<p>T</p>", "T\n"),
        ("###### T", "<p>T</p>", "T\n"),
        ("#", "<p>#</p>", "#\n"),
        ("a\n===\nb", "<h2>a</h2><p>b</p>", f"a\n{LINE_1}\n\nb\n"),
        ("a\n---\nb", "<h3>a</h3><p>b</p>", f"a\n{LINE_2}\n\nb\n"),
        ("a\n-", "<h3>a</h3>", f"a\n{LINE_2}\n"),
        ("a\nb\n---", "<p>a</p><h3>b</h3>", f"a\n\n\nb\n{LINE_2}\n"),
        ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>", f"a\n\n{RULE}\n\nb\n"),
        ("***", "<hr>", f"{RULE}\n"),
        ("___", "<hr>", f"{RULE}\n"),
        ("*****", "<hr>", f"{RULE}\n"),
        ("- - -", "<hr>", f"{RULE}\n"),
    ],
)
def test_headings_and_rules(content, html, text):
    assert to_html(content) == html
    assert to_text(content) == text


@pytest.mark.parametrize(
    ("content", "html", "text"),
    [
        ("Texte\n* un\n* deux\nsuite", "<p>Texte</p><ul><li>un</li><li>deux<br>suite</li></ul>", "Texte\n\n• un\n• deux\nsuite\n"),
        ("- a\n• b\n*\u00a0c", "<ul><li>a</li><li>b</li><li>c</li></ul>", "• a\n• b\n• c\n"),
        ("3. un\n7. deux", "<ol><li>un</li><li>deux</li></ol>", "1. un\n2. deux\n"),
        ("* a\n* b\n\n1. c", "<ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>", "• a\n• b\n\n1. c\n"),
        ("* a\n1. b", "<ul><li>a</li></ul><ol><li>b</li></ol>", "• a\n\n1. b\n"),
        ("* a\n\n\n* b", "<ul><li>a</li></ul><ul><li>b</li></ul>", "• a\n\n• b\n"),
        ("* a\n\n* b", "<ul><li>a</li><li>b</li></ul>", "• a\n• b\n"),
        ("* a\n  * b\n  * c\n* d", "<ul><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ul>", "• a\n• b\n• c\n• d\n"),
        ("* a\n  1. b", "<ul><li>a<ol><li>b</li></ol></li></ul>", "• a\n1. b\n"),
        ("* a\n\n  b", "<ul><li>a<p>b</p></li></ul>", "• a\nb\n"),
        ("* a\n\nb", "<ul><li>a</li></ul><p>b</p>", "• a\n\nb\n"),
        ("* a\n# b", "<ul><li>a</li></ul><h2>b</h2>", f"• a\n\n\nb\n{LINE_1}\n"),
        ("* * a", "<ul><li>* a</li></ul>", "• * a\n"),
        ("* ", "", "\n"),
    ],
)  # fmt: skip
def test_lists(content, html, text):
    assert to_html(content) == html
    assert to_text(content) == text


@pytest.mark.parametrize(
    "content",
    ["12.03.2024 : rendez-vous", "10.50 euros", "2024. Fin", "-5 degrés", "1.a", "*a", "•a", "1234. x"],
)
def test_a_list_needs_a_blank_after_its_sign_and_three_digits_at_most(content):
    assert to_html(content) == f"<p>{content}</p>"
    assert to_text(content) == f"{content}\n"


@pytest.mark.parametrize(
    ("content", "html", "text"),
    [
        ("^ # titre\n^\n^ texte", '<div class="inset"><h2>titre</h2><p>texte</p></div>', f"titre\n{LINE_1}\n\ntexte\n"),
        ("^ a\nb\n\nc", '<div class="inset"><p>a<br>b</p></div><p>c</p>', "a\nb\n\nc\n"),
        ("^ a\n\n^ b", '<div class="inset"><p>a</p><p>b</p></div>', "a\n\nb\n"),
        ("^ * a\n^ * b", '<div class="inset"><ul><li>a</li><li>b</li></ul></div>', "• a\n• b\n"),
        ("a ^ b\n^ c", "<p>a ^ b<br>^ c</p>", "a ^ b\n^ c\n"),
        ("[[en]]\n# Hello\n[[/en]]\nBonjour", '<div lang="en"><h2>Hello</h2></div><p>Bonjour</p>', f"Hello\n{LINE_1}\n\nBonjour\n"),
        ("[[rtl]]\nab\n[[/rtl]]", '<div dir="rtl"><p>ab</p></div>', "ab\n"),
        ("[[en]]\nHello", "<p>[[en]]<br>Hello</p>", "[[en]]\nHello\n"),
    ],
)  # fmt: skip
def test_insets_and_language_blocks(content, html, text):
    assert to_html(content) == html
    assert to_text(content) == text


@pytest.mark.parametrize(
    ("content", "html", "text"),
    [
        ("[t](ex.fr)", '<a href="http://ex.fr">t</a>', "t: ex.fr"),
        ("[t](https://x.fr)", '<a href="https://x.fr">t</a>', "t: https://x.fr"),
        ("[t](localhost:8000/a)", '<a href="http://localhost:8000/a">t</a>', "t: localhost:8000/a"),
        ("[t](//x.fr)", '<a href="http://x.fr">t</a>', "t: //x.fr"),
        ('[t](https://x.fr "T & <t>")', '<a href="https://x.fr" title="T &amp; &lt;t&gt;">t</a>', "t (T & <t>): https://x.fr"),
        ("[t](mailto:a@b.fr)", '<a href="mailto:a@b.fr">t</a>', "t: mailto:a@b.fr"),
        ("[t](mailto:1@b.fr)", '<a href="mailto:1@b.fr">t</a>', "t: mailto:1@b.fr"),
        ("[t](tel:+33123456789)", '<a href="tel:+33123456789">t</a>', "t: tel:+33123456789"),
        ("[t](tel:0123)", '<a href="tel:0123">t</a>', "t: tel:0123"),
        ("[t](javascript:alert(1))", '<a href="#">t</a>)', "t: javascript:alert(1)"),
        ("[t](JavaScript:x)", '<a href="#">t</a>', "t: JavaScript:x"),
        ("[t](data:text/html,x)", '<a href="#">t</a>', "t: data:text/html,x"),
        ("[t](ftp://x.fr)", '<a href="#">t</a>', "t: ftp://x.fr"),
        ("[t](https://x.fr/(b))", '<a href="https://x.fr/%28b">t</a>)', "t: https://x.fr/(b)"),
        ("[](https://x.fr)", '<a href="https://x.fr">https://x.fr</a>', "https://x.fr"),
        ("[a]()", '<a href="#">a</a>', "a: "),
        ("[t](<https://x.fr/a b>)", '<a href="https://x.fr/a%20b">t</a>', "t: https://x.fr/a b"),
        ("[t [u]](https://x.fr)", '<a href="https://x.fr">t [u]</a>', "t [u]: https://x.fr"),
        ("[t] (https://x.fr)", '[t] (<a href="https://x.fr">https://x.fr</a>)', "[t] (https://x.fr)"),
        ("[t](x", "[t](x", "[t](x"),
        ("[[[[", "[[[[", "[[[["),
        ("http://ex.fr.", '<a href="http://ex.fr">http://ex.fr</a>.', "http://ex.fr."),
        ("(https://ex.fr/a_(b))", '(<a href="https://ex.fr/a_%28b">https://ex.fr/a_(b</a>))', "(https://ex.fr/a_(b))"),
        ("<https://ex.fr>", '&lt;<a href="https://ex.fr">https://ex.fr</a>&gt;', "<https://ex.fr>"),
        ("https://x.fr\u202f!", '<a href="https://x.fr">https://x.fr</a>\u202f!', "https://x.fr\u202f!"),
        ("https://x.fr/«a»", '<a href="https://x.fr/%C2%ABa%C2%BB">https://x.fr/«a»</a>', "https://x.fr/«a»"),
        ("https://x.fr/?a=1&b=2", '<a href="https://x.fr/?a=1&amp;b=2">https://x.fr/?a=1&amp;b=2</a>', "https://x.fr/?a=1&b=2"),
        ("www.x.fr ftp://x.fr a@b.fr", "www.x.fr ftp://x.fr a@b.fr", "www.x.fr ftp://x.fr a@b.fr"),
    ],
)  # fmt: skip
def test_links(content, html, text):
    assert to_html(content) == f"<p>{html}</p>"
    assert to_text(content).strip() == text.strip()


@pytest.mark.parametrize("reference", ["[t][r]", "[t][ R ]"])
def test_links_by_reference(reference):
    content = f'{reference}\n\n[r]: https://x.fr "T"'
    assert to_html(content) == '<p><a href="https://x.fr" title="T">t</a></p>'
    assert to_text(content) == "t (T): https://x.fr\n"


def test_a_reference_may_be_its_own_text_and_an_unknown_one_is_text():
    assert to_html("[r] [s]\n\n[r]: x.fr") == '<p><a href="http://x.fr">r</a> [s]</p>'


def test_lists_within_lists_end_somewhere():
    content = "\n".join("  " * depth + "* a" for depth in range(200))
    assert to_html(content).count("<ul>") == 6
    assert to_text(content).count("a") == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    ["[", "![", "[a](", '[a](x "x ', "* ", "  * a\n", "^ a\n\n", "^\n", "[[fr]]\n", "```\n", "a|\n", "|-", "https://",
     " ", "\n", "#", "# ", "- ", "[a", "[a]", "]:", "[a]: b\n", "a\n-\n", "a\n\n  ", " ,", "&a", "\\", "((a", "((a))"],
)  # fmt: skip
def test_hostile_content_costs_linear_time(unit):
    content = "x\n" + unit * (100_000 // len(unit)) + "\ny"
    start = time.process_time()
    assert to_html(content)
    assert to_text(content)
    assert time.process_time() - start < 5
