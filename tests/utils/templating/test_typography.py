"""The slot for typography, and its neutral default."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.templating.email import EmailTemplate
from notifications_utils.templating.language import FRENCH
from notifications_utils.templating.typography import LINK_CHARACTERS, VALUE_CHARACTERS, neutral


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a , b .", "a, b."),
        ("a \t , b", "a, b"),
        ("a\u00a0, b", "a\u00a0, b"),
        ("a ; b : c ! d ?", "a ; b : c ! d ?"),
        ('l\'été "a" - b...', 'l\'été "a" - b...'),
        ("a\n, b", "a\n, b"),
    ],
)
def test_the_neutral_typography_removes_blanks_before_commas_and_full_stops(text, expected):
    assert neutral(text, "fr") == neutral(text, "en") == expected


@given(st.text(" ,.a\t\n"))
def test_the_neutral_typography_is_idempotent(text):
    assert neutral(neutral(text, "en"), "en") == neutral(text, "en")


class Recorder:
    def __init__(self):
        self.texts = []
        self.languages = []

    def __call__(self, text, language, /):
        self.texts.append(text)
        self.languages.append(language)
        return text


def test_typography_sees_the_text_of_a_block_at_once_without_addresses_or_values():
    recorder = Recorder()
    content = '# T\n\nVoir "[ici](https://x.fr/a:b)" ou https://y.fr/?c ((nom)) !\n\n* un\n* deux'
    EmailTemplate("Objet ((nom))", content, typography=recorder).render({"nom": "Zoé ?"}).html  # noqa: B018
    value = "\U000f0006"
    opening, closing, address = "\U00100000", "\U00100001", "\U00100002"
    assert recorder.texts == [
        f"Objet {value[0]}".replace(value, "\U000f0003"),
        "T",
        f'Voir "{opening}ici{closing}" ou {address} \U000f0003 !',
        "un",
        "deux",
    ]


def test_typography_is_told_which_characters_stand_for_values_and_links():
    for first, last in (VALUE_CHARACTERS.split("-"), LINK_CHARACTERS.split("-")):
        assert first < last


def shout(text, _language, /):
    return text.upper().replace(" !", "\u202f!")


def test_typography_applies_to_subject_html_and_plain_text_but_not_to_the_body():
    message = EmailTemplate("Sujet !", "Un [lien](https://x.fr/a) !", typography=shout).render()
    assert message.subject == "SUJET\u202f!"
    assert 'href="https://x.fr/a"' in message.html_body
    assert ">LIEN</a>\u202f!</p>" in message.html_body
    assert message.plain_text == "UN LIEN: https://x.fr/a\u202f!\n"
    assert message.preheader == "UN LIEN\u202f!"
    assert message.body == "Un [lien](https://x.fr/a) !"


def test_typography_is_told_the_language_of_each_text():
    recorder = Recorder()
    content = "un\n\n[[en]]\n\n# two\n\n* three\n\n[[/en]]\n\nquatre"
    EmailTemplate("zéro", content, language=FRENCH, typography=recorder).render()
    assert list(zip(recorder.texts, recorder.languages, strict=True)) == [
        ("zéro", "fr"),
        ("un", "fr"),
        ("two", "en"),
        ("three", "en"),
        ("quatre", "fr"),
    ]


def test_typography_leaves_values_as_they_are():
    message = EmailTemplate("((v)) !", "((v)) !", typography=shout).render({"v": "a !"})
    assert message.subject == "a !\u202f!"
    assert message.plain_text == "a !\u202f!\n"


def test_typography_is_called_once_for_each_shape_not_for_each_message():
    recorder = Recorder()
    template = EmailTemplate("s", "((v))", typography=recorder)
    for value in "abc":
        template.render({"v": value}).html  # noqa: B018
    assert len(recorder.texts) == 2
