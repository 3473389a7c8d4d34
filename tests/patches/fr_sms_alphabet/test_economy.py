"""The tables of the French facts, against what a French deployment sends."""

import pytest

from api.config import load_settings
from notifications_utils.sms.counting import Encoding, measure
from notifications_utils.templating.sms import SmsTemplate
from patches.fr_sms_alphabet.alphabets import make_alphabets

ALPHABETS = make_alphabets(load_settings())
ECONOMY, FAITHFUL = ALPHABETS.offered.values()

KEPT = "àäéèöùüÄÆÇÉÖÜæ€$£¥§&@#%'\"*/+=<>^[]{}\\|~_¡¿¤"
LETTERS = {
    **dict(zip("âçêëîïôûÿ", "aceeiiouy", strict=True)),
    **dict(zip("ÀÂÈÊËÎÏÔÙÛŸ", "AAEEEIIOUUY", strict=True)),
    "œ": "oe",
    "Œ": "OE",
}
SIGNS = {
    **dict.fromkeys("«»“”„″", '"'),
    **dict.fromkeys("‹›‘’‚`´′", "'"),
    "…": "...",
    **dict.fromkeys("–—‐‑−•", "-"),
    **dict.fromkeys("°º", "o"),
    "ª": "a",
    "²": "2",
    "³": "3",
    "½": "1/2",
    "‰": "o/oo",
    "№": "No",
    "©": "(c)",
    "®": "(r)",
    "™": "TM",
    "×": "x",
    "÷": "/",
    "±": "+/-",
    "≤": "<=",
    "≥": ">=",
    "·": ".",
    "→": "->",
    **dict.fromkeys("\u00a0\u202f\u2009", " "),
    **dict.fromkeys("\u00ad\u200b", ""),
    "ﬁ": "fi",
    "ﬂ": "fl",
    "¢": "c",
    "✓": "x",
}
EXTENSION = "€^[]{}\\|~"


def sent(content, alphabet=ECONOMY):
    return SmsTemplate(content, alphabet=alphabet, max_parts=None).render()


def test_economy_is_the_default_and_faithful_the_other_choice():
    assert list(ALPHABETS.offered) == ["economy", "faithful"]
    assert ALPHABETS.default is ECONOMY


@pytest.mark.parametrize("character", KEPT)
def test_what_gsm_has_is_kept(character):
    message = sent(f"x{character}y")
    assert message.text == f"x{character}y"
    assert message.septets == 3 + (character in EXTENSION)


@pytest.mark.parametrize(("character", "replacement"), [*LETTERS.items(), *SIGNS.items()])
def test_what_gsm_lacks_gets_a_readable_replacement(character, replacement):
    message = sent(f"x{character}y")
    assert message.text == f"x{replacement}y"
    assert message.encoding is Encoding.GSM7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a\u2009b\u2003c", "a b c", id="note-a-every-space"),
        pytest.param("dit «\u00a0oui\u00a0» et «\u202fnon\u202f».", 'dit "oui" et "non".', id="note-b"),
        pytest.param("n° 3 et N°4", "no 3 et No4", id="note-c-number"),
        pytest.param("20 °C, 20°C, -5 °C", "20 deg C, 20 deg C, -5 deg C", id="note-c-temperature"),
        pytest.param("1°", "1 deg", id="note-c-after-a-number"),
        pytest.param("e\u0301te\u0301 ﬁn Ａ１ ǅ ő", "été fin A1 Dz o", id="note-d-order-of-forms"),
        pytest.param("漢", "?", id="note-d-nothing-else"),
        pytest.param("Bravo 🎉 ! ❤️", "Bravo !", id="note-e-emoji"),
    ],
)
def test_notes_of_the_table(text, expected):
    assert sent(text).text == expected


@pytest.mark.parametrize("letter", "êâîôûëïÀÈ")
def test_note_f_one_letter_would_more_than_double_the_parts(letter):
    text = "a" * 159 + letter
    assert (sent(text).fragments, sent(text, FAITHFUL).fragments) == (1, 3)


@pytest.mark.parametrize(
    ("content", "economy", "size", "faithful_parts"),
    [
        (
            "Reçu : « 10 € » à l’œuvre, Être à l’Hôtel n° 3…",
            "Recu : \"10 €\" à l'oeuvre, Etre à l'Hotel no 3...",
            (48, 49, 1),
            1,
        ),
        ("Noël", "Noel", (4, 4, 1), 1),
        ("e\u0301te\u0301", "été", (3, 3, 1), 1),
        ("ÇA", "ÇA", (2, 2, 1), 1),
        ("RDV le 12 août à 14\u00a0h\u00a030", "RDV le 12 aout à 14 h 30", (24, 24, 1), 1),
        ("a" * 158 + "ê", "a" * 158 + "e", (159, 159, 1), 3),
        ("a" * 159 + "œ", "a" * 159 + "oe", (161, 161, 2), 3),
    ],
)
def test_target_inputs(content, economy, size, faithful_parts):
    message = sent(content)
    assert message.text == economy
    assert (message.character_count, message.septets, message.fragments) == size
    assert sent(content, FAITHFUL).fragments == faithful_parts


def test_faithful_sends_what_was_written():
    text = "Reçu : « 10 € » à l’œuvre, Être à l’Hôtel n° 3…"
    message = sent(text, FAITHFUL)
    assert (message.text, message.encoding, message.size.units) == (text, Encoding.UCS2, 47)


def test_no_french_text_gets_a_question_mark():
    letters = "àâäæçéèêëîïôöœùûüÿÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜŸ"
    assert "?" not in sent(letters + "".join(SIGNS)).text
    assert measure(sent(letters).text).encoding is Encoding.GSM7
