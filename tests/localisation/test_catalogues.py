"""Each kind of defect of a catalogue is caught, named with its place, and most are mended by the update."""

import re
import shutil
from pathlib import Path

import pytest

from scripts.checks.catalogues import find_problems, main, update
from scripts.checks.typography import find_mistakes
from scripts.local.processes import ROOT

FRENCH = "localisation/fr/LC_MESSAGES/messages.po"
ENGLISH = "localisation/en/LC_MESSAGES/messages.po"
TEMPLATE = "localisation/messages.pot"
PAGE = "api/page.html"
NBSP, NNBSP = "\u00a0", "\u202f"

PYTHON = """
from notifications_utils.localisation import gettext, gettext_noop

gettext("Sent to <b>%(name)s</b>: 100 %%", name="x")
LABEL = gettext_noop("Search")
"""
HTML = """
{# Translators: what a person did #}
<h1>{% trans %}
  Saved,
  thank you!
{% endtrans %}</h1>
<p>{% trans count=n %}{{ count }} message{% pluralize %}{{ count }} messages{% endtrans %}</p>
"""
FRENCH_TEXTS = {
    "Sent to": f"Envoyé à <b>%(name)s</b>{NBSP}: 100{NBSP}%%",
    "Search": "Rechercher",
    "Saved": f"Enregistré, merci{NNBSP}!",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small project whose catalogues are complete."""
    for folder in ("api", "localisation/fr/LC_MESSAGES", "localisation/en/LC_MESSAGES"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "localisation/babel.cfg", tmp_path / "localisation")
    (tmp_path / "api/texts.py").write_text(PYTHON)
    (tmp_path / PAGE).write_text(HTML)
    list(update(tmp_path))
    text = (tmp_path / FRENCH).read_text()
    for beginning, translation in FRENCH_TEXTS.items():
        text = re.sub(rf'(msgid "{beginning}.*"\nmsgstr )""', rf'\1"{translation}"', text)
    text = text.replace('msgstr[0] ""', f'msgstr[0] "%(count)s{NBSP}message"')
    text = text.replace('msgstr[1] ""', f'msgstr[1] "%(count)s{NBSP}messages"')
    (tmp_path / FRENCH).write_text(text)
    return tmp_path


def change(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert text.count(old) == 1
    (root / path).write_text(text.replace(old, new))


def place_of(root: Path, path: str, text: str) -> str:
    lines = (root / path).read_text().splitlines()
    return f"{path}:{next(number for number, line in enumerate(lines, 1) if text in line)}"


def test_the_project_s_own_catalogues_are_right():
    assert list(find_problems(ROOT)) == []


def test_texts_are_found_with_comments_and_without_places_or_dates(root):
    assert list(find_problems(root)) == []
    template = (root / TEMPLATE).read_text()
    ids = re.findall(r'^msgid "(.+)"', template, re.MULTILINE)
    assert ids == ["%(count)s message", "Saved, thank you!", "Search", "Sent to <b>%(name)s</b>: 100 %%"]
    assert "#. what a person did\n" in template
    assert not re.search(r"^#:|Date|texts\.py", template, re.MULTILINE)
    assert max(map(len, template.splitlines()[1:])) < 80


@pytest.mark.parametrize(
    ("path", "old", "new", "line", "said"),
    [
        (FRENCH, '"Rechercher"', '""', "msgid “Search”", "translation is missing"),
        (FRENCH, f'"%(count)s{NBSP}messages"', '""', "msgid “%(count)s message”", "translation is missing"),
        (FRENCH, 'msgid "Search"', '#, fuzzy\nmsgid "Search"', "msgid “Search”", "fuzzy"),
        (FRENCH, 'msgid "Search"', 'msgid "Other"', "msgid “Other”", "orphan"),
        (TEMPLATE, 'msgid "Search"', 'msgid "Other"', "msgid “Other”", "orphan"),
        (FRENCH, "à <b>%(name)s", "à <b>%(nom)s", "msgid “Sent", "Use name"),
        (FRENCH, f'%(count)s{NBSP}message"', 'Un message"', "msgid “%(count)s message”", "Use count"),
        (FRENCH, "Envoyé à <b>%(name)s</b>", "Envoyé à %(name)s", "msgid “Sent", "tags"),
        (FRENCH, "</b>" + NBSP, "<b>" + NBSP, "msgid “Sent", "tags"),
        (FRENCH, f"{NBSP}%%", f"{NBSP}%", "msgid “Sent", "lone %"),
        (FRENCH, "100" + NBSP, "100 ", "msgid “Sent", "before % or €"),
        (FRENCH, "Rechercher", "Rechercher  bien", "msgid “Search”", "double space"),
        (FRENCH, NNBSP, " ", "msgid “Saved", "narrow no-break space"),
        (ENGLISH, 'msgstr "Search"', 'msgstr "Look for"', "msgid “Search”", "something else"),
        (FRENCH, "Language: fr", "Language: de", None, "not as the update"),
        (TEMPLATE, 'msgid "Search"', '#: api/x.py:1\nmsgid "Search"', None, "not as the update"),
        (FRENCH, 'msgid "Search"', '<<<<<<< HEAD\nmsgid "Search"', "<<<<", "cannot be read"),
    ],
    ids=[
        "missing", "missing plural", "fuzzy", "orphan", "orphan in template", "other placeholder",
        "number left out", "tag left out", "tag not closed", "lone percent", "breaking space", "double space",
        "typography", "other English", "header", "location", "conflict marker",
    ],
)  # fmt: skip
def test_a_defect_is_named_with_its_place(root, path, old, new, line, said):
    change(root, path, old, new)
    found = list(find_problems(root))
    place = place_of(root, path, line.replace("“", '"').replace("”", '"')) if line else f"{path}:1"
    assert any(problem.startswith(f"{place}: ") and said in problem for problem in found), found
    assert main([], root) == 1


def test_an_obsolete_text_is_named(root):
    with (root / FRENCH).open("a") as catalogue:
        catalogue.write('\n#~ msgid "Gone"\n#~ msgstr "Parti"\n')
    [problem] = find_problems(root)
    assert problem.startswith(place_of(root, FRENCH, "Gone"))
    assert "obsolete" in problem


def test_a_new_text_is_named_where_the_code_says_it(root):
    change(root, PAGE, "<h1>", "<h2>{{ _('New') }}</h2>\n<h1>")
    found = list(find_problems(root))
    assert len(found) == 3
    assert all(problem.startswith(f"{PAGE}:3: “New” is missing from localisation/") for problem in found)


def test_straight_quotes_in_the_code_are_named_there(root):
    change(root, PAGE, "thank you", "that's it")
    assert any(
        problem.startswith(f"{PAGE}:3: ") and "straight quote" in problem for problem in find_problems(root)
    )


def test_a_page_that_does_not_parse_is_named(root):
    change(root, PAGE, "{% pluralize %}", "{% plural %}")
    with pytest.raises(SystemExit, match=rf"{PAGE}:7: .*trans"):
        list(find_problems(root))


def test_update_keeps_what_is_translated_and_tells_what_it_drops(root):
    change(root, "api/texts.py", "Search", "Find")
    (root / "localisation/br/LC_MESSAGES").mkdir(parents=True)
    assert list(update(root)) == ["en: dropped “Search”: Search", "fr: dropped “Search”: Rechercher"]
    found = list(find_problems(root))
    assert sum(problem.startswith(FRENCH) for problem in found) == 1
    assert not any(problem.startswith(ENGLISH) for problem in found)
    assert 'msgid "Find"\nmsgstr "Find"' in (root / ENGLISH).read_text()
    assert "Enregistré, merci" in (root / FRENCH).read_text()
    assert '"Language: br\\n"' in (root / "localisation/br/LC_MESSAGES/messages.po").read_text()


def test_update_leaves_a_catalogue_that_it_cannot_read(root, capsys):
    change(root, FRENCH, 'msgid "Search"', '>>>>>>> other\nmsgid "Search"')
    before = (root / FRENCH).read_text()
    assert main(["--update"], root) == 1
    assert (root / FRENCH).read_text() == before
    assert "cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        "L’API a répondu\u00a0: «\u00a0oui\u00a0»\u202f; et alors\u202f?!",
        "À 14:30, voyez https://exemple.fr/a?b=c;d et <code>a: 'b'?</code>…",
        '<a href="/x?y" title="z">Prix\u00a0: 3\u202f000\u00a0€ (50\u00a0%%)</a>',
        "Tom &amp; Léa\u202f!",
        "%(name)s\u00a0: en 2025",
    ],
)
def test_good_french_passes(text):
    assert list(find_mistakes(text, "fr")) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Quoi?", "; ! or ?"),
        ("Quoi\u00a0?", "; ! or ?"),
        ("un ; deux", "; ! or ?"),
        ("Merci !", "; ! or ?"),
        ("Voici :", "colon"),
        ("Voici\u202f: un", "colon"),
        ("« a\u00a0»", "inside"),
        ("«\u00a0a »", "inside"),
        ("l'API", "straight"),
        ('dit "oui"', "straight"),
        ("dit “oui”", "English quotes"),
        ("un  deux", "double"),
        ("un \u00a0deux", "double"),
        (" un", "at the end"),
        ("suite...", "full stops"),
        ("3 000", "thousands"),
        ("3,000 messages", "thousands"),
        ("20 €", "before % or €"),
        ("20%%", "before % or €"),
        ("&laquo;a&raquo;", "inside"),
    ],
)
def test_bad_french_is_named(text, said):
    assert any(said in mistake for mistake in find_mistakes(text, "fr"))


def test_english_has_its_own_punctuation():
    assert list(find_mistakes("Really? Yes: “3,000 a day”; 100%% of it!", "en")) == []
    assert list(find_mistakes("don't", "en"))
