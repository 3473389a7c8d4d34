import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.templating.filling import (
    fill,
    html_marker,
    is_true,
    list_items,
    redacted_html_marker,
    redacted_plain_marker,
    to_text,
    to_text_with_bullets,
)
from notifications_utils.templating.language import ENGLISH, FRENCH
from notifications_utils.templating.personalisation import Personalisation
from notifications_utils.templating.placeholders import Conditional, Placeholder, parse


def filled(content, values, **options):
    return fill(parse(content), Personalisation(values), **options)


@pytest.mark.parametrize(
    ("content", "values", "text"),
    [
        ("Bonjour ((nom))", {"nom": "Zoé"}, "Bonjour Zoé"),
        ("Bonjour ((nom))", {"nom": 0}, "Bonjour 0"),
        ("Bonjour ((nom))", {"nom": ""}, "Bonjour "),
        ("((a)) ((b)) ((c))", {"a": False, "b": ("a", "b"), "c": {"a": 1}}, "False ('a', 'b') {'a': 1}"),
        ("((a))", {"a": "((b))", "b": "x"}, "((b))"),
        ("((Nom)) ((nom)) ((N_o m))", {"nom": "Zoé"}, "Zoé Zoé Zoé"),
        ("((a?? b??c))", {"a": True}, " b??c"),
        ("((a??b))", {"a": "no"}, ""),
        ("((a??b ((c)) d))", {"a": True, "c": "C"}, "((a??b C d))"),
        ("(((a)))", {"a": "X"}, "(X)"),
        ("((((a))))", {"a": "X"}, "((X))"),
        ("((a) b))", {"a": "X"}, "((a) b))"),
        ("((a\nb))", {"a\nb": "X"}, "X"),
        ("((a??)) ((a))", {"a": "yes"}, " yes"),
        ("((a)) )) ((", {"a": "x"}, "x )) (("),
        ("((a??b))", {"a": "yes", "b": "VAL"}, "b"),
        ("((a??dossier(s)))", {"a": "yes"}, "dossier(s)"),
    ],
)
def test_filling(content, values, text):
    assert filled(content, values) == text


@pytest.mark.parametrize("values", [{}, {"autre": "x"}, {"nom": None}])
def test_an_unfilled_placeholder_shows_its_plain_marker(values):
    assert filled("Bonjour (( Nom )) ((nom??x))", values) == "Bonjour (( Nom )) ((nom??x))"


def test_html_markers_cannot_be_taken_for_placeholders_and_escape_names():
    text = filled("((nom)) ((a<b>??c & d)) ((y))", {"y": 1}, marker=html_marker)
    assert text == (
        "<span class='placeholder'>&#40;&#40;nom&#41;&#41;</span> "
        "<span class='placeholder-conditional'>&#40;&#40;a&lt;b&gt;??</span>c &amp; d&#41;&#41; 1"
    )


def test_redaction_hides_unfilled_slots_only():
    content = "((name??x)) ((y))"
    html = filled(content, {"y": 1}, marker=redacted_html_marker(ENGLISH))
    assert html == "<span class='placeholder-redacted'>hidden</span> 1"
    assert filled(content, {"y": 1}, marker=redacted_plain_marker(FRENCH)) == "[masqué] 1"


def test_a_channel_decides_how_values_become_text():
    assert filled("<((a))>", {"a": "b"}, value_text=lambda value, _language: f"[{value}]") == "<[b]>"


@pytest.mark.parametrize(
    ("items", "english", "french"),
    [
        ([], "", ""),
        (["", None, " ", "\u200b", "\u00a0"], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a and b", "a et b"),
        (["a", "b", "c"], "a, b and c", "a, b et c"),
        ([" a ", 1, True, None, "<b>"], "a, 1, True and <b>", "a, 1, True et <b>"),
        pytest.param(["10\u00a0€\u00a0"], "10\u00a0€", "10\u00a0€", id="ours-no-break-space-inside-stays"),
    ],
)
def test_lists_become_sentences(items, english, french):
    assert to_text(items) == english
    assert to_text(items, FRENCH) == french


def test_lists_become_markdown_lists_on_demand():
    text = filled("Liste : ((name)) fin", {"name": ["a", " ", "b"]}, value_text=to_text_with_bullets)
    assert text == "Liste : \n\n* a\n* b fin"
    assert to_text_with_bullets([]) == ""
    assert to_text_with_bullets("a") == "a"
    assert list_items(["\u200ba ", None]) == ["a"]


@pytest.mark.parametrize(
    "value",
    ["yes", "Y", "true", "T", "1", "include", "SHOW", True, 1, ["yes"]]
    + [
        pytest.param(word, id=f"ours-{word}")
        for word in (" yes ", "oui", "O", "vrai", "V", "inclure", "Afficher")
    ],
)
@pytest.mark.parametrize("language", [ENGLISH, FRENCH])
def test_true_values(value, language):
    assert is_true(value, language)


@pytest.mark.parametrize(
    "value", ["no", "0", "False", "", "2", False, 0, 2, [], ["yes", "yes"], "non", "faux"]
)
@pytest.mark.parametrize("language", [ENGLISH, FRENCH])
def test_false_values(value, language):
    assert not is_true(value, language)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.text(alphabet="()?ab \n"), st.dictionaries(st.text(alphabet="ab"), JSON_VALUES))
def test_filling_never_fails(content, values):
    assert isinstance(filled(content, values), str)


@given(st.text(alphabet="()?ab"), st.text())
def test_without_slots_content_is_unchanged(content, value):
    if not any(isinstance(part, Placeholder | Conditional) for part in parse(content)):
        assert filled(content, {"a": value}) == content
