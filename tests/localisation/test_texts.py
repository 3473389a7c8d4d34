"""Texts in the reader's language, as code and templates ask for them."""

import subprocess
import sys
import threading

import jinja2
import pytest

from notifications_utils import localisation
from notifications_utils.localisation import (
    choose_language,
    find_languages,
    get_language_name,
    get_locale,
    gettext,
    install_translations,
    load_translations,
    use_language,
)

UNSUBSCRIBE = "Stop receiving these messages"


def test_french_is_the_default_and_english_is_there():
    assert find_languages() == ("fr", "en")
    assert gettext(UNSUBSCRIBE) == "Ne plus recevoir ces messages"


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        ((), "fr"),
        ((None, "", "xx"), "fr"),
        (("en",), "en"),
        (("de", "en-GB", "fr"), "en"),
        (("FR-ca", "en"), "fr"),
        (("*",), "fr"),
        (("../../etc",), "fr"),
    ],
    ids=["none", "unknown", "known", "first-known", "region", "any", "hostile"],
)
def test_the_first_wish_with_a_catalogue_is_taken(wishes, language):
    assert choose_language(*wishes) == language


def test_a_language_is_used_inside_its_block_and_its_thread_only():
    elsewhere = []
    with use_language("en"):
        assert gettext(UNSUBSCRIBE) == UNSUBSCRIBE
        with use_language("fr"):
            assert gettext(UNSUBSCRIBE) != UNSUBSCRIBE
        assert gettext(UNSUBSCRIBE) == UNSUBSCRIBE
        thread = threading.Thread(target=lambda: elsewhere.append(gettext(UNSUBSCRIBE)))
        thread.start()
        thread.join()
    assert elsewhere == ["Ne plus recevoir ces messages"]
    assert gettext(UNSUBSCRIBE) == "Ne plus recevoir ces messages"


def test_values_take_their_places():
    text = "The API answered %(status)s: it has the reply."
    assert gettext(text, status=200, unused="x") == "L’API a répondu 200\u00a0: la réponse lui est parvenue."
    with pytest.raises(KeyError):
        gettext(text)


@pytest.mark.parametrize(
    ("language", "count", "shown"),
    [
        ("fr", 0, "0\u00a0fois"),
        ("fr", 2, "2\u00a0fois"),
        ("en", 0, "0 times"),
        ("en", 1, "1 time"),
        ("en", 2, "2 times"),
    ],
)
def test_templates_count_and_escape(language, count, shown):
    environment = jinja2.Environment(autoescape=True)
    install_translations(environment)
    template = environment.from_string(
        "{% trans count=count %}{{ count }} time{% pluralize %}\n{{ count }} times{% endtrans %}|"
        "{% trans words %}Results for “{{ words }}”{% endtrans %}"
    )
    with use_language(language):
        times, words = template.render(count=count, words="<b>").split("|")
    assert times == shown
    assert "&lt;b&gt;" in words


def test_french_plural_begins_at_two():
    plural = load_translations("fr").plural
    assert [plural(n) for n in (0, 1, 2)] == [0, 0, 1]


def test_languages_write_dates_their_way_and_have_names():
    assert str(get_locale()) == "fr"
    with use_language("en"):
        assert str(get_locale()) == "en_150"
    assert [get_language_name(language) for language in find_languages()] == ["Français", "English"]


def test_a_missing_catalogue_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(localisation, "CATALOGUES", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"nn.*messages\.po"):
        load_translations("nn")


def test_catalogues_are_not_read_before_the_first_text():
    script = (
        "import sys, notifications_utils.templating.email, notifications_utils.localisation as l;"
        "print('babel' in sys.modules); l.gettext('Search'); print('babel.messages' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
