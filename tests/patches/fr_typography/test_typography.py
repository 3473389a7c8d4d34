"""French typography: what each rule does, what is left alone, and what holds for every text."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.config import load_settings
from notifications_utils.sms.alphabet import FAITHFUL
from notifications_utils.templating.email import EmailTemplate
from notifications_utils.templating.language import ENGLISH, FRENCH
from notifications_utils.templating.sms import SmsTemplate
from notifications_utils.templating.typography import LINK_CHARACTERS, VALUE_CHARACTERS, neutral
from patches.fr_typography.typography import make_typography

TYPOGRAPHY = make_typography(load_settings())
VALUE = "\U000f0003"
OPEN, CLOSE, BARE = "\U00100000", "\U00100001", "\U00100002"


def french(text: str) -> str:
    """No-break spaces shown as `_` (NBSP) and `~` (NNBSP), values as ¤, links as ‹ › and ∞."""
    given_text = text.translate({ord("¤"): VALUE, ord("‹"): OPEN, ord("›"): CLOSE, ord("∞"): BARE})
    written = TYPOGRAPHY(given_text, "fr")
    assert TYPOGRAPHY(written, "fr") == written
    shown = {"\u00a0": "_", "\u202f": "~", VALUE: "¤", OPEN: "‹", CLOSE: "›", BARE: "∞"}
    return written.translate({ord(sign): name for sign, name in shown.items()})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bonjour ! Ça va ? Oui : non ; fin", "Bonjour~! Ça va~? Oui_: non~; fin"),
        ("Bonjour!", "Bonjour~!"),
        ('Il dit "oui"', "Il dit «_oui_»"),
        ('l\'"État"', "l’«_État_»"),
        ("100 %, 10 €, n° 5, M. Petit", "100_%, 10_€, n°_5, M._Petit"),
    ],
)
def test_target_inputs(text, expected):
    assert french(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vraiment ?!", "Vraiment~?!"),
        ("Vraiment  ?", "Vraiment~?"),
        ("Vraiment\u00a0? Oui\u202f: non", "Vraiment~? Oui_: non"),
        ("Objet:\nsuite", "Objet_:\nsuite"),
        ("(Oui!) et [non?]", "(Oui~!) et [non~?]"),
        ("« Oui! », dit-il", "«_Oui~!_», dit-il"),
        ("Oui!...", "Oui~!…"),
        ("Merci ¤!", "Merci ¤~!"),
        ("Voir ‹ici›: là", "Voir ‹ici›_: là"),
        ("Voir ∞ ; là", "Voir ∞~; là"),
        ("a , b .", "a, b."),
        pytest.param("! (?) ‹!›", "! (?) ‹!›", id="a-sign-that-follows-nothing"),
    ],
)
def test_blanks_before_punctuation(text, expected):
    assert french(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("«oui» et « non »", "«_oui_» et «_non_»"),
        ("«\u202foui\u202f»", "«_oui_»"),
        ('"Il a dit "oui" hier"', "«_Il a dit “oui” hier_»"),
        ('« Il a dit "oui" hier »', "«_Il a dit “oui” hier_»"),
        ('Le "‹guide›" et "¤"', "Le «_‹guide›_» et «_¤_»"),
        ('("oui"), "non".', "(«_oui_»), «_non_»."),
        ('"Oui?"', "«_Oui~?_»"),
        ('un écran de 27"', 'un écran de 27"'),
        ('"sans fin', '"sans fin'),
        ('vide "" ici', 'vide "" ici'),
        ("“déjà”", "“déjà”"),
    ],
)
def test_quotes(text, expected):
    assert french(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("l'été, aujourd'hui, d'11 ans", "l’été, aujourd’hui, d’11 ans"),
        ("d'¤ et l'‹ici›", "d’¤ et l’‹ici›"),
        ("5'10 et 'mot'", "5'10 et 'mot'"),
        ("a - b, a -- b, a – b", "a_– b, a_– b, a_– b"),
        ("a — b", "a_— b"),
        ("a-b, -5, 5 -3", "a-b, -5, 5 -3"),
        ("- dialogue\n– dialogue\na -\nb", "- dialogue\n– dialogue\na -\nb"),
        ("Attendez... et....", "Attendez… et...."),
    ],
)
def test_apostrophes_dashes_and_ellipses(text, expected):
    assert french(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10%, 10€ et 10 $", "10_%, 10_€ et 10_$"),
        ("¤ €, ¤ %, n° ¤, M. ¤", "¤_€, ¤_%, n°_¤, M._¤"),
        ("à 14 h 30 ou 9 h, il fait 20 °C", "à 14_h_30 ou 9_h, il fait 20_°C"),
        ("Mme Zoé, MM. A et B, p. 12, art. 3", "Mme_Zoé, MM._A et B, p._12, art._3"),
        ("12 345 habitants", "12~345 habitants"),
        ("1 234 567,89 €", "1~234~567,89_€"),
        ("1 500 € mais 1 500 pages", "1~500_€ mais 1 500 pages"),
        ("01 23 45 67 89, +33 6 12 34 56 78", "01_23_45_67_89, +33_6_12_34_56_78"),
    ],
)
def test_what_must_stay_together(text, expected):
    assert french(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://x.fr/?a=b:c",
        "Voir https://x.fr/a;b!c?d='e'&f=\"g\" et www.x.fr/l'été?a et x.gouv.fr/aujourd'hui",
        "o'neil@x.fr et l'ete+a-b@mairie.fr",
        "12:30, 16:9, 8:05:00",
        "&nbsp;&eacute;&#39;",
        '`a ? b : "c"`',
        "1er, 2e, XXIe, No 5",
        "75001 Paris, 69419 Lyon cedex 03",
        "En 2026 et 2027, le 12 10 2026",
        "SIRET 123 456 789 00012",
        "IBAN FR76 3000 6000 0112 3456 7890 189",
        "NIR 2 94 03 75 120 005 42",
        "dossier 0612 345 678 et ref 01 234",
        "1,234 et 3.14 et 100%25",
        "À ÉTÉ ÇA Œuvre",
    ],
)
def test_what_is_no_prose_or_right_already_stays(text):
    assert TYPOGRAPHY(text, "fr") == text


@pytest.mark.parametrize("language", ["en", "en-GB", "de", "rtl", "br"])
def test_other_languages_get_the_neutral_typography(language):
    text = 'It\'s "fine" - 10 % , really ? Yes !'
    assert TYPOGRAPHY(text, language) == neutral(text, language)


def test_regional_french_is_french():
    assert TYPOGRAPHY("Oui !", "fr-BE") == "Oui\u202f!"


def test_an_email_is_written_in_the_language_of_its_template_and_blocks():
    content = "Prêt ?\n\n[[en]]\n\nReady ?\n\n[[/en]]\n\n    code ?\n\nVoir [l'aide](https://x.fr/l'a?b) !"
    message = EmailTemplate("Prêt ((nom)) ?", content, language=FRENCH, typography=TYPOGRAPHY).render(
        {"nom": "Zoé ?"}
    )
    assert message.subject == "Prêt Zoé ?\u202f?"
    assert message.plain_text.split("\n\n") == [
        "Prêt\u202f?",
        "Ready ?",
        "code ?",
        "Voir l’aide: https://x.fr/l'a?b\u202f!\n",
    ]
    english = EmailTemplate("Prêt ?", "Prêt ?", language=ENGLISH, typography=TYPOGRAPHY).render()
    assert (english.subject, english.plain_text) == ("Prêt ?", "Prêt ?\n")


def test_text_messages_have_no_typography():
    text = 'Il dit "oui" - 10 % ? 14 h 30...'
    assert SmsTemplate(text, language=FRENCH, alphabet=FAITHFUL).render().text == text


TEXTS = st.text(
    alphabet=f"aéE1234 0,.;:!?«»\"'“”’-–—%€°hnM…()\n\t\u00a0\u202f`@/&{VALUE}{OPEN}{CLOSE}{BARE}\ue000"
) | st.lists(
    st.sampled_from(
        [
            "l'", '"', "« ", " »", "M. ", "n° ", "12 345", "1 500", "€", " %", " - ", "...", "!", " ?", ":",
            " ;", "https://x.fr/a", "a@b.fr", "&nbsp;", "`c`", "Oui", " ", "\n", VALUE, OPEN, CLOSE, BARE,
            "06 12 34 56 78", " h ", "30", "-", "(", ")", "\ue000",
        ]
    )
).map("".join)  # fmt: skip
PRIVATE = re.compile(f"[{VALUE_CHARACTERS}{LINK_CHARACTERS}\ue000]")


@given(TEXTS | st.text())
def test_it_is_idempotent(text):
    once = TYPOGRAPHY(text, "fr")
    assert TYPOGRAPHY(once, "fr") == once


@given(TEXTS | st.text())
def test_values_and_links_come_back_in_order(text):
    assert PRIVATE.findall(TYPOGRAPHY(text, "fr")) == PRIVATE.findall(text)


@given(TEXTS | st.text())
def test_only_blanks_quotes_apostrophes_dashes_and_full_stops_change(text):
    def rest(some: str) -> str:
        return re.sub("[ \t\u00a0\u202f\"«»“”'’–.…-]", "", some)

    assert rest(TYPOGRAPHY(text, "fr")) == rest(text)


@pytest.mark.parametrize(
    "text",
    ["a", "a+", "a.", "a-a.", "a@", "!", " ", '"', "«", "1 000", "0", "`", "&a", "www.", "http://", "l'"],
)
def test_hostile_texts_take_linear_time(text):
    started = time.process_time()
    TYPOGRAPHY("a " + text * 100_000, "fr")
    assert time.process_time() - started < 5  # a quadratic search would take minutes
