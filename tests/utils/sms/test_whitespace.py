import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.sms.whitespace import close_gaps, normalise_whitespace, tidy_lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Bonjour", "Bonjour"),
        (" Bonjour ", "Bonjour"),
        ("  a   b\t\tc  \n\n\n\n d \n  e  \n f", "a b c\n\nd\ne\nf"),
        ("a , b . c ; d : e ! f ?", "a, b. c ; d : e ! f ?"),
        ("a \t , b", "a, b"),
        ("a\t,b", "a,b"),
        ("a\u00a0: b\u00a0! c", "a : b ! c"),
        ("10\u202f000\u2009€\u3000x", "10 000 € x"),
        ("a\n,b\n.", "a\n,b\n."),
        ("a\n ,b", "a\n,b"),
        ("a \u200b b", "a b"),
        ("a\u200bb\ufeff\u2060\u180e", "ab"),
        ("g\u2028h\u2029i", "g\nh\ni"),
        ("a\r\nb\rc\vd\fe\x1cf\x1dg\x1eh\x85i", "a\nb\nc\nd\ne\nf\ng\nh\ni"),
        ("\n\n a \n\n", "a"),
        ("a\n \n \n b", "a\n\nb"),
        pytest.param("con\u00adtrat", "contrat", id="ours-soft-hyphen"),
    ],
)
def test_whitespace(text, expected):
    assert normalise_whitespace(text) == expected


@given(st.text(alphabet="a ,.\t\n\r\u00a0\u2028\u200bé") | st.text())
def test_only_single_spaces_and_newlines_remain(text):
    normalised = normalise_whitespace(text)
    assert normalised == tidy_lines(normalised) == normalised.strip()
    assert "  " not in normalised
    assert "\n\n\n" not in normalised
    assert {character for character in normalised if character.isspace()} <= {" ", "\n"}


@given(st.text(alphabet="a \n"))
def test_closing_gaps_is_tidying_lines(text):
    assert close_gaps(text) == tidy_lines(text)


@given(st.text(alphabet="ab,;\n \t"))
def test_letters_and_signs_are_never_lost(text):
    assert normalise_whitespace(text).split() or not text.split()
    assert "".join(normalise_whitespace(text).split()) == "".join(text.split())


@pytest.mark.parametrize("hostile", [" ", "\t", " \n", " ,", "a  "])
def test_whitespace_is_linear_in_hostile_text(hostile):
    started = time.process_time()
    normalise_whitespace(hostile * 200_000 + " ,")
    assert time.process_time() - started < 2  # quadratic behaviour would take hours
