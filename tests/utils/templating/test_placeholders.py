import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.templating.placeholders import (
    Conditional,
    Placeholder,
    normalise_name,
    parse,
    placeholder_names,
)

# Short alphabets make the interesting neighbourhoods frequent.
TEMPLATES = st.text(alphabet="()?ab \n") | st.text()


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("", ()),
        ("Bonjour", ("Bonjour",)),
        ("Bonjour ((nom))!", ("Bonjour ", Placeholder("nom"), "!")),
        ("(())", ("(())",)),
        ("((  ))", (Placeholder("  "),)),
        ("(( h ))", (Placeholder(" h "),)),
        ("(((a)))", ("(", Placeholder("a"), ")")),
        ("((((a))))", ("((", Placeholder("a"), "))")),
        ("((a) b))", ("((a) b))",)),
        ("((a\nb))", (Placeholder("a\nb"),)),
        ("((a,\t\"b\".<c>&'d'))", (Placeholder("a,\t\"b\".<c>&'d'"),)),
        ("((a)) )) ((", (Placeholder("a"), " )) ((")),
        ("((a??b))", (Conditional("a", "b"),)),
        ("((a?? b??c))", (Conditional("a", " b??c"),)),
        ("((a???b))", (Conditional("a", "?b"),)),
        ("((a??))", (Conditional("a", ""),)),
        ("((??b))", (Conditional("", "b"),)),
        ("((a?b))", (Placeholder("a?b"),)),
        ("((a??x) y))", ("((a??x) y))",)),
        ("((a??x", ("((a??x",)),
    ],
)
def test_parse_finds_placeholders_and_keeps_the_rest_literal(content, parts):
    assert parse(content) == parts


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("((a??dossier(s)))", (Conditional("a", "dossier(s)"),)),
        ("((a??(b)))", (Conditional("a", "(b)"),)),
        ("((a??b (c (d)) e))f", (Conditional("a", "b (c (d)) e"), "f")),
        ("((a??b (c) d)) ((e))", (Conditional("a", "b (c) d"), " ", Placeholder("e"))),
    ],
)
def test_text_of_a_conditional_may_hold_balanced_parentheses_unlike_upstream(content, parts):
    assert parse(content) == parts


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("((a??b ((c)) d))", ("((a??b ", Placeholder("c"), " d))")),
        ("((a??b ( c))", ("((a??b ( c))",)),
        ("((a (b) c))", ("((a (b) c))",)),
        ("((a??((b)))", ("((a??", Placeholder("b"), ")")),
    ],
)
def test_placeholders_do_not_nest(content, parts):
    assert parse(content) == parts


@given(TEMPLATES)
def test_parsed_parts_join_to_the_content(content):
    assert "".join(part if isinstance(part, str) else part.source for part in parse(content)) == content


@given(st.text(alphabet="abc ?é'"), st.text(alphabet="abc ?(é"))
def test_a_name_never_holds_a_parenthesis(name, text):
    slots = [part for part in parse(f"(({name}??{text}))") if not isinstance(part, str)]
    assert all(not set("()") & set(slot.name) for slot in slots)


@pytest.mark.parametrize("hostile", ["((a??(", "((a??", "(", "((a??b(c)", "((a", "))", "((a??(b"])
def test_parsing_is_linear_in_hostile_content(hostile):
    started = time.process_time()
    parse(hostile * 20_000)
    assert time.process_time() - started < 2  # quadratic behaviour would take minutes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nom de famille", "nom_de-FAMILLE"),
        ("_a-b c_", "ABC"),
        ("é", "É"),
        ("a<b>", "A<B>"),
        pytest.param("a’b", "a'b", id="ours-typographic-apostrophe"),
        pytest.param("nom\u00a0complet", "nom complet", id="ours-no-break-space"),
        pytest.param("nom\u202fcomplet", "nomcomplet", id="ours-narrow-no-break-space"),
        pytest.param("n\u200bom\ufeff", "nom", id="ours-zero-width"),
        pytest.param("pre\u0301nom", "prénom", id="ours-decomposed"),
    ],
)
def test_names_that_are_the_same(one, other):
    assert normalise_name(one) == normalise_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("prenom", "prénom"), ("a.b", "a b"), ("a\nb", "ab"), ("a", "a1")]
)
def test_names_that_differ(one, other):
    assert normalise_name(one) != normalise_name(other)


@given(st.text())
def test_normalising_twice_changes_nothing(name):
    assert normalise_name(normalise_name(name)) == normalise_name(name)


def test_names_are_listed_once_in_order_with_their_first_spelling():
    parts = parse("((Prénom)) ((nom??x)) ((PRENOM)) ((N O M)) (( h )) ((prénom))")
    assert placeholder_names(parts) == ("Prénom", "nom", "PRENOM", " h ")


def test_a_name_used_plain_and_as_a_conditional_is_listed_once():
    assert placeholder_names(parse("((a??)) ((a))")) == ("a",)
