import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications_utils.sms.alphabet import ECONOMY, FAITHFUL, NEUTRAL, Replacement
from notifications_utils.sms.counting import Encoding, count_fragments
from notifications_utils.templating.language import FRENCH
from notifications_utils.templating.personalisation import Personalisation
from notifications_utils.templating.sms import SmsTemplate
from notifications_utils.templating.template_errors import (
    EmptyMessageError,
    MessageTooLongError,
    MissingPersonalisationError,
    TooManyPartsError,
)


def sent(content, values=None, **options):
    return SmsTemplate(content, **options).render(values)


@pytest.mark.parametrize(
    ("content", "prefix", "characters", "fragments"),
    [
        ("a" * 160, None, 160, 1),
        ("a" * 161, None, 161, 2),
        ("ê" * 70, None, 70, 1),
        ("ê" * 71, None, 71, 2),
        ("€" * 81, None, 81, 2),
        ("…" * 53, None, 159, 1),
        ("…" * 54, None, 162, 2),
        ("a" * 150, "Préfectûre", 162, 3),
        ("a" * 918, "Préfixe", 927, 7),
        ("a" * 919, "Préfixe", 928, 7),
        ("Bonjour", " Mairie  ", 15, 1),
        ("", "Mairie", 7, 1),
    ],
)
def test_size_of_the_message_with_its_prefix(content, prefix, characters, fragments):
    message = sent(content, prefix=prefix)
    assert message.character_count == characters
    assert message.fragments == fragments


def test_values_weigh_like_the_template():
    message = sent("((x))" + "a" * 156, {"x": "ééééé"})
    assert (message.character_count, message.fragments) == (161, 2)


@pytest.mark.parametrize("prefix", [None, "", "  ", "\u200b"])
def test_a_blank_prefix_is_not_shown(prefix):
    assert sent("Bonjour", prefix=prefix).text == "Bonjour"


def test_the_prefix_is_trimmed_and_left_out_of_the_body():
    message = sent("Bonjour", prefix=" Mairie  ")
    assert (message.text, message.body) == ("Mairie: Bonjour", "Bonjour")
    assert message.body_character_count == 7  # upstream counts 4: it subtracts the spaces too


def test_the_prefix_is_written_in_the_alphabet_of_the_message():
    assert sent("oui", prefix="L’Œuvre  «\u00a0A\u00a0»", alphabet=ECONOMY).text == 'L\'OEuvre "A": oui'


def test_the_separator_is_a_setting_and_is_counted():
    message = sent("Bonjour", prefix="Mairie", prefix_separator=" : ")
    assert (message.text, message.character_count, message.body_character_count) == (
        "Mairie : Bonjour",
        16,
        7,
    )


@pytest.mark.parametrize(
    ("content", "values", "text"),
    [
        ("Bonjour ((nom))", {"nom": "Zoé"}, "Bonjour Zoé"),
        ("Bonjour ((nom)) !", {"nom": ["a", "b", "c"]}, "Bonjour a, b et c !"),
        ("((a??oui (ou non))).", {"a": "vrai"}, "oui (ou non)."),
        pytest.param("Bonjour ((nom))", {}, "Bonjour", id="ours-no-trailing-space-without-data"),
        pytest.param("((a)) ((b))", {"a": 1}, "1 ((b))", id="ours-plain-marker-when-some-data-is-missing"),
        ("((a)) , ((b)) .", {"a": "x ", "b": "\u00a0y"}, "x, y."),
        ("a\u202f: ((b))\n\n\n\n((c))", {"b": "b  b", "c": "c\tc"}, "a : b b\n\nc c"),
        ("((a))", {"a": "<b>&amp;'\""}, "<b>&amp;'\""),
    ],
)
def test_the_sent_text(content, values, text):
    assert sent(content, values, language=FRENCH).text == text


@pytest.mark.parametrize("alphabet", [NEUTRAL, ECONOMY, FAITHFUL])
def test_decomposed_letters_are_composed_first(alphabet):
    message = sent("e\u0301t((e))", {"e": "e\u0301"}, alphabet=alphabet)
    assert (message.text, message.septets, message.encoding) == ("été", 3, Encoding.GSM7)


FRENCH_TEXTS = [
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
]


@pytest.mark.parametrize(("content", "text", "size", "faithful_parts"), FRENCH_TEXTS)
def test_economy_and_faithful_alphabets(content, text, size, faithful_parts):
    message = sent(content, alphabet=ECONOMY)
    assert message.text == text
    assert (message.character_count, message.septets, message.fragments) == size
    assert sent(content, alphabet=FAITHFUL).fragments == faithful_parts


def test_ucs2_messages_have_no_septets():
    assert sent("être").encoding is Encoding.UCS2
    assert sent("être").septets is None


def test_a_message_tells_what_its_alphabet_changed():
    message = sent("((a))  Noël", {"a": "cœur"}, alphabet=ECONOMY)
    assert message.written == "cœur Noël"
    assert message.replacements == (Replacement(1, "œ", "oe"), Replacement(7, "ë", "e"))
    assert message.costly == ()


@pytest.mark.parametrize(
    ("alphabet", "costly"),
    [
        (ECONOMY, ()),
        (NEUTRAL, (Replacement(2, "ê", "e"),)),
        (FAITHFUL, (Replacement(1, "’", "'"), Replacement(2, "ê", "e"), Replacement(7, "œ", "oe"))),
    ],
)
def test_a_message_tells_which_characters_cost_most(alphabet, costly):
    message = sent("l’être œ", alphabet=alphabet)
    assert message.costly == costly
    assert (message.encoding is Encoding.UCS2) == bool(costly)


@pytest.mark.parametrize(
    ("content", "prefix", "too_long"),
    [
        ("a" * 918, None, False),
        ("a" * 919, None, True),
        ("a" * 918, "Préfixe", False),
        ("a" * 919, "Préfixe", True),
        ("€" * 918, None, False),
        ("ê" * 918, None, False),
        ("…" * 306, None, False),
        ("…" * 307, None, True),
    ],
)
def test_the_limit_of_contract_is_918_characters_without_prefix(content, prefix, too_long):
    assert sent(content, prefix=prefix).is_too_long is too_long


@pytest.mark.parametrize(
    ("content", "prefix", "max_parts", "too_many"),
    [
        ("a" * 918, "Préfixe", 6, False),
        ("a" * 919, None, 6, True),
        pytest.param("€" * 459, None, 6, False, id="extension-characters-weigh-two"),
        pytest.param("€" * 460, None, 6, True, id="extension-characters-weigh-two-too-many"),
        pytest.param("ê" * 402, None, 6, False, id="ucs2"),
        pytest.param("ê" * 403, None, 6, True, id="ucs2-too-many"),
        pytest.param("a" * 403, "ê", 6, True, id="ucs2-because-of-the-prefix"),
        pytest.param("€" * 402, "ê", 6, False, id="extension-characters-weigh-one-in-ucs2"),
        ("ê" * 918, None, None, False),
        ("a" * 306, None, 2, False),
        ("a" * 307, None, 2, True),
    ],
)
def test_ours_the_weight_of_the_body_is_limited_in_parts(content, prefix, max_parts, too_many):
    assert sent(content, prefix=prefix, max_parts=max_parts).has_too_many_parts is too_many


@pytest.mark.parametrize(
    ("content", "values", "empty"),
    [
        ("", {}, True),
        ("((a))", {"a": ""}, True),
        ("((a)) ((b))", {"a": " ", "b": "\u200b"}, True),
        ("((a??b))", {"a": "no"}, True),
        ("x((a))", {"a": ""}, False),
    ],
)
@pytest.mark.parametrize("prefix", [None, "Mairie"])
def test_a_message_without_body_is_empty(content, values, empty, prefix):
    assert sent(content, values, prefix=prefix).is_empty is empty


def test_missing_and_additional_names():
    message = sent("((Prénom)) ((nom??x)) ((date))", {"NOM": None, "date": "", "Ville": "Lyon"})
    assert message.missing == ("Prénom", "nom")
    assert message.additional == ("Ville",)
    assert message.template.placeholders == ("Prénom", "nom", "date")


def test_checks_name_what_is_wrong():
    with pytest.raises(MissingPersonalisationError) as missing:
        sent("((a)) ((b))").check_content()
    assert missing.value.names == ("a", "b")
    with pytest.raises(EmptyMessageError):
        sent("((a))", {"a": ""}).check_content()
    with pytest.raises(MessageTooLongError) as too_long:
        sent("ê" * 919).check_length()
    assert (too_long.value.length, too_long.value.limit) == (919, 918)
    with pytest.raises(TooManyPartsError) as too_many:
        sent("ê" * 403).check_length()
    assert (too_many.value.weight, too_many.value.limit) == (403, 402)


def test_a_message_without_fault_passes_the_checks():
    message = sent("Bonjour ((nom))", {"nom": "Zoé"})
    message.check_content()
    message.check_length()


def test_personal_data_stay_out_of_the_representation():
    assert "Zoé" not in repr(sent("Bonjour ((nom))", {"nom": "Zoé"}))


@given(
    st.text(alphabet="()?ab é€\n«»°,.\u00a0\u200b") | st.text(),
    st.none() | st.dictionaries(st.text(alphabet="ab"), st.none() | st.text() | st.lists(st.text())),
    st.none() | st.text(),
    st.sampled_from([NEUTRAL, ECONOMY, FAITHFUL]),
)
def test_rendering_never_fails_and_its_figures_agree(content, values, prefix, alphabet):
    message = sent(content, values, prefix=prefix, alphabet=alphabet)
    assert message.text.endswith(message.body)
    assert message.body == message.body.strip()
    assert message.fragments == count_fragments(message.text)
    assert message.body_character_count <= message.character_count
    assert message.is_empty == (message.body == "")


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_a_prebuilt_personalisation_renders_alike(content, values):
    assert sent(content, Personalisation(values)).text == sent(content, values).text
