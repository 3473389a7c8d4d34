import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.sms.counting import (
    Encoding,
    count_fragments,
    count_units,
    measure,
    utf16_length,
)
from notifications_utils.sms.gsm import BASIC, EXTENSION

SENT_TEXTS = st.text(alphabet="a€ê\n^é") | st.text(alphabet=BASIC + EXTENSION) | st.text()


def test_gsm_alphabet_is_complete():
    assert len(set(BASIC)) == len(BASIC) == 127  # 128 positions, less the escape
    assert len(set(EXTENSION)) == 9
    assert not set(BASIC) & set(EXTENSION)


@pytest.mark.parametrize(
    ("text", "characters", "fragments"),
    [
        *[("a" * n, n, f) for n, f in [(0, 1), (160, 1), (161, 2), (306, 2), (307, 3), (459, 3), (460, 4)]],
        *[("a" * n, n, f) for n, f in [(612, 4), (918, 6), (919, 7)]],
        *[("ê" * n, n, f) for n, f in [(70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)]],
        *[("€" * n, n, f) for n, f in [(80, 1), (81, 2), (153, 2), (154, 3)]],
        ("€" * 79 + "aa", 81, 1),
        ("€" * 79 + "aaa", 82, 2),
        ("a" * 69 + "ê", 70, 1),
        ("a" * 70 + "ê", 71, 2),
        ("ê" + "€" * 69, 70, 1),
        ("ê" + "€" * 70, 71, 2),
        pytest.param("🎉" * 35, 70, 1, id="an-emoji-counts-for-two"),
        pytest.param("🎉" * 36, 72, 2, id="emoji-in-two-parts"),
    ],
)
def test_characters_and_fragments(text, characters, fragments):
    assert measure(text).characters == characters
    assert measure(text).fragments == count_fragments(text) == fragments


@pytest.mark.parametrize("character", BASIC)
def test_a_basic_character_costs_one_septet(character):
    assert (measure(character).encoding, measure(character).units) == (Encoding.GSM7, 1)


@pytest.mark.parametrize("character", EXTENSION)
def test_an_extension_character_costs_two_septets_but_one_unit_of_ucs2(character):
    assert (measure(character).encoding, measure(character).units) == (Encoding.GSM7, 2)
    assert (measure(character + "ê").encoding, measure(character + "ê").units) == (Encoding.UCS2, 2)


@pytest.mark.parametrize("character", "âçêëîïôœûÿÀÂÈÊËÎÏÔŒÙÛŸ«»’…°`")
def test_one_character_beyond_gsm_moves_the_whole_message_to_ucs2(character):
    assert measure("a" * 70 + character).encoding is Encoding.UCS2


def test_units_of_a_part_of_the_message_follow_its_encoding():
    assert count_units("10 €", Encoding.GSM7) == 5
    assert count_units("10 €", Encoding.UCS2) == 4


@given(SENT_TEXTS, SENT_TEXTS)
def test_more_text_never_takes_fewer_fragments(text, more):
    assert count_fragments(text) <= count_fragments(text + more)


@given(SENT_TEXTS, SENT_TEXTS)
def test_utf16_lengths_add_up(text, more):
    assert utf16_length(text + more) == utf16_length(text) + utf16_length(more)


@given(st.text(alphabet=st.characters(codec="ascii")) | st.text())
def test_utf16_length_is_what_the_encoder_writes(text):
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2


@given(st.text(alphabet=BASIC + EXTENSION))
def test_gsm_units_lie_between_one_and_two_a_character(text):
    size = measure(text)
    assert size.encoding is Encoding.GSM7
    assert len(text) == size.characters <= size.units <= 2 * len(text)
