"""What is read from an admin: its pages and who may open them, and texts that people read, by place and hash."""

import json
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.upstream_sync.facts import FactSet, diff, hash_text
from scripts.upstream_sync.history import count_texts
from scripts.upstream_sync.surfaces import admin_routes, strings
from scripts.upstream_sync.surfaces.template_text import PLACEHOLDER, read_template
from scripts.upstream_sync.syntax.modules import ModuleSet

APP = {
    "app/main/__init__.py": """
        from flask import Blueprint

        main = Blueprint("main", __name__)
        quiet = Blueprint("quiet", __name__, url_prefix="/quiet")

        from app.main.views import pages  # noqa
    """,
    "app/constants.py": """
        MAY_OPEN = "open_services"
    """,
    "app/main/views/pages.py": """
        from app.constants import MAY_OPEN
        from app.main import main, quiet
        from app.guards import user_has_permissions, user_is_logged_in, user_is_platform_admin

        @main.route("/welcome")
        def welcome():
            return "x"

        @main.route("/services/<uuid:service_id>/letters", methods=["GET", "POST"])
        @user_has_permissions("send", "write", restrict_admin_usage=True)
        def letters(service_id):
            return "x"

        @main.route("/services/<uuid:service_id>/open")
        @user_has_permissions(org_permissions=[MAY_OPEN], allow_org_user=True)
        def open_it(service_id):
            return "x"

        @quiet.route("/ping")
        @user_is_platform_admin
        def ping():
            return "x"

        @main.get("/me")
        @user_is_logged_in
        def me():
            return "x"
    """,
}


def admin_facts(files: dict[str, str]) -> dict[str, object]:
    sources = {path: dedent(text).lstrip("\n").encode() for path, text in files.items()}
    blobs = {path: f"{number:040}" for number, path in enumerate(sources)}
    contents = {blob: sources[path] for path, blob in blobs.items()}
    facts, problems = admin_routes.extract(ModuleSet(blobs, blobs, contents.__getitem__))
    assert not problems
    return {fact.key: fact.value for fact in facts}


def test_pages_say_who_may_open_them():
    assert admin_facts(APP) == {
        "admin-route GET /me": {"for": "signed-in", "permissions": []},
        "admin-route GET /quiet/ping": {"for": "platform-admin", "permissions": []},
        "admin-route GET /services/{id}/letters": {
            "for": "member",
            "permissions": ["send", "write"],
            "restricted": True,
        },
        "admin-route POST /services/{id}/letters": {
            "for": "member",
            "permissions": ["send", "write"],
            "restricted": True,
        },
        "admin-route GET /services/{id}/open": {
            "for": "member",
            "permissions": ["organisation open_services"],
            "organisation": True,
        },
        "admin-route GET /welcome": {"for": "anyone", "permissions": []},
    }


def shown(template: str) -> list[tuple[str, str]]:
    return [(piece.slot, piece.text.replace(PLACEHOLDER, "…")) for piece in read_template(dedent(template))]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("<p>Plain <b>bold</b> rest</p>", ["Plain", "bold", "rest"]),
        ("<p>Dear {{ name }}, welcome</p>", ["Dear …, welcome"]),
        ('<p class="a > b">Text</p><!-- Not <b>this</b> -->', ["Text"]),
        ("<script>var Not = 'this';</script><style>p { }</style><p>This</p>", ["This"]),
        (
            '<img alt="A picture" src="/x.png"><input placeholder="Your name" value="not_this">',
            ["A picture", "Your name"],
        ),
        ("{% if big %}Large size{% else %}Small size{% endif %}", ["Large size", "Small size"]),
        ("{{ _('Send') }} {{ _('fix') }}", ["Send", "fix"]),
        ("{{ button({'text': 'Save it', 'classes': 'button--big', 'href': '/x'}) }}", ["Save it"]),
        ("{% set title = 'Page title' %}{{ title }}", ["Page title"]),
        ("{{ 'Is ' ~ name ~ ' here' }}", ["Is … here"]),
        ("{{ url_for('main.page', Name='Not this') }}", []),
        ("{% if kind == 'Not this' %}{% endif %}", []),
        ("&nbsp;{{ 3 }} &times;", []),
        ("Ready&nbsp;now", ["Ready now"]),
    ],
)
def test_a_template_shows_texts_and_no_code(template, expected):
    assert [text for _, text in shown(template)] == expected


def test_slots_are_blocks_and_macros():
    template = """
        {% macro card(head="Default head") %}<h2>Inner text</h2>{% endmacro %}
        {% block main %}<p>Main text</p>{% endblock %}
        Outer text
    """
    assert shown(template) == [
        ("macro:card", "Default head"),
        ("macro:card", "Inner text"),
        ("block:main", "Main text"),
        ("", "Outer text"),
    ]


def texts_of(source: str, path: str = "app/main/forms.py") -> dict[str, dict[str, object]]:
    facts, problems = strings.extract(path, dedent(source).encode())
    assert not problems
    return {fact.key: fact.value for fact in facts}


def test_a_program_shows_labels_messages_and_sentences():
    found = texts_of(
        '''
        """Not this docstring of the module, which is a sentence."""

        class Form:
            """Nor this one of the class."""
            name = TextField("Your name", validators=[DataRequired(message="Enter your name")])
            size = TextField("size_of_it")

        def check(value):
            log.info("This is only for those who read logs")
            if value == "This is only compared with something":
                raise ValidationError(f"Cannot be {value}")
            flash("Saved")
            return "This is a sentence that somebody sees"
        '''
    )
    expected = {
        "string app/main/forms.py#Form/1": "Your name",
        "string app/main/forms.py#Form/2": "Enter your name",
        "string app/main/forms.py#check/1": f"Cannot be {PLACEHOLDER}",
        "string app/main/forms.py#check/2": "Saved",
        "string app/main/forms.py#check/3": "This is a sentence that somebody sees",
    }
    assert {key: value["h"] for key, value in found.items()} == {
        key: hash_text(text)["h"] for key, text in expected.items()
    }
    assert found["string app/main/forms.py#check/1"]["ph"] == 1


def test_nothing_of_a_text_is_kept_but_hash_and_numbers():
    facts, _ = strings.extract(
        "app/templates/views/a.html", b"{% block b %}<p>Nobody keeps this sentence {{ x }}</p>{% endblock %}"
    )
    assert "Nobody" not in json.dumps([[fact.key, fact.value] for fact in facts])
    (fact,) = facts
    assert fact.key == "string views/a.html#block:b/1"
    assert fact.value == {**hash_text(f"Nobody keeps this sentence {PLACEHOLDER}"), "ph": 1}


def compare_texts(before: str, after: str) -> tuple[int, int]:
    sets = [
        FactSet.of("strings", strings.extract("app/templates/a.html", text.encode())[0])
        for text in (before, after)
    ]
    return count_texts(diff(*sets))


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        ("<p>One text</p><p>Two text</p>", "<p>One text</p><p>Two texts</p>", (1, 1)),
        ("<p>One text</p><p>Two text</p>", "<p>New text</p><p>One text</p><p>Two text</p>", (1, 0)),
        ("<p>One text</p><p>Two text</p>", "<p>Two text</p><p>One text</p>", (0, 0)),
        ("<p>One text</p>", "<div>\n  <p class='x'>One\n  text</p></div>", (0, 0)),
        ("<p>It’s here – now</p>", "<p>It's here - now</p>", (0, 0)),
    ],
)
def test_texts_that_only_move_or_change_typography_count_for_nothing(before, after, counts):
    assert compare_texts(before, after) == counts
    assert compare_texts(after, before) == counts[::-1]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("app/templates/a.html", b"{% if %}"),
        ("app/main/a.py", b"def broken(:\n"),
        ("app/templates/b.html", b"{{ x"),
    ],
)
def test_what_cannot_be_parsed_is_a_problem_and_gives_no_facts(path, content):
    facts, problems = strings.extract(path, content)
    assert facts == []
    assert [problem.kind for problem in problems] == ["parse"]


@given(st.binary(max_size=200), st.sampled_from(["app/templates/a.html", "app/main/a.py"]))
def test_no_content_makes_the_reader_fail(content, path):
    strings.extract(path, content)
