"""Histories of synthetic upstreams, classed from what their files tell."""

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from scripts.upstream_sync.classify import Class
from scripts.upstream_sync.fetching import fetch, open_repository
from scripts.upstream_sync.git import Repository
from scripts.upstream_sync.history import read_history
from scripts.upstream_sync.watch import Kind, Role, Source
from tests.upstream.repositories import Upstream, small_api

API = Source("uk-api", "https://example.org/team/api", Role.AUTHORITY, Kind.API)
ADMIN = Source("uk-admin", "https://example.org/team/admin", Role.AUTHORITY, Kind.ADMIN)
PAGE = "app/templates/views/page.html"
SMALL_ADMIN = {
    PAGE: "{% block main %}<p>Some words</p>{% endblock %}\n",
    "app/formatters.py": "def join(words):\n    return ', '.join(words)\n",
    "tests/test_formatters.py": "def test_join():\n    assert join(['a', 'b']) == 'a, b'\n",
}


def edit(name: str, old: str, new: str, files: dict[str, str] | None = None) -> dict[str, str]:
    content = (files or small_api())[name]
    assert old in content
    return {name: content.replace(old, new)}


@pytest.fixture
def api(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path / "upstream", small_api())


def classes(upstream: Upstream, source: Source, after: str, cache: Path) -> list[Class]:
    with Repository(upstream.path) as repository:
        return [each.class_ for each in read_history(repository, source, cache, after, upstream.tip)]


SCHEMAS = "app/v2/messages/schemas.py"
POST = "app/v2/messages/post.py"
MOVED = {
    SCHEMAS: None,
    "app/v2/messages/shapes.py": small_api()[SCHEMAS],
    **edit(POST, "messages.schemas import", "messages.shapes import"),
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (edit(SCHEMAS, '"reference": {', '"note": {"type": "string"}, "reference": {'), Class.CONTRACT),
        (edit(POST, 'jsonify({"id": "1",', 'jsonify({"id": "1", "added": [],'), Class.CONTRACT),
        (edit(POST, "if not post_sms_request:", "if not post_sms_request and message_type:"), Class.ADJACENT),
        (edit("app/models.py", "nullable=False, unique=True", "nullable=True, unique=True"), Class.DATA_MODEL),
        (edit("app/config.py", "hour=2", "hour=3"), Class.TASKS),
        (edit("app/team/rest.py", '@team_blueprint.route(""', '@team_blueprint.route("/new"'), Class.INTERNAL_API),
        (edit("app/team/rest.py", '"id": team_id', '"id": str(team_id)'), Class.QUIET),
        (edit("app/team/rest.py", "def get_team(team_id):", '# why\ndef get_team(team_id: str) -> object:\n    """Says."""'), Class.COSMETIC),
        ({"tests/test_status.py": "def test_status_says_ok():\n    assert 1\n"}, Class.UPKEEP),
        (edit("requirements.in", "flask==3.1.0", "flask==3.2.0"), Class.UPKEEP),
        ({"app/new_syntax.py": "def broken(:\n"}, Class.UNREADABLE),
    ],
)  # fmt: skip
def test_a_pull_request_is_classed_by_what_it_does(api, tmp_path, files, expected):
    start = api.tip
    api.pull_request(1, files)
    assert classes(api, API, start, tmp_path / "cache") == [expected]


def test_a_schema_that_moves_to_another_module_changes_no_fact(api, tmp_path):
    start = api.tip
    api.squash(1, MOVED)
    with Repository(api.path) as repository:
        (found,) = read_history(repository, API, tmp_path / "cache", start, api.tip)
    assert [change.key for change in found.evidence.all_changes] == []
    assert found.class_ is not Class.CONTRACT


def test_a_change_of_behaviour_is_told_by_its_tests(api, tmp_path):
    program = edit("app/team/rest.py", '"id": team_id', '"id": str(team_id)')
    start = api.tip
    api.pull_request(
        1, {**program, "tests/test_status.py": "def test_status_says_ok():\n    assert False\n"}, "changed"
    )
    api.pull_request(
        2,
        {
            "app/team/rest.py": small_api()["app/team/rest.py"],
            "tests/test_new.py": "def test_new():\n    assert True\n",
        },
        "grown",
    )
    assert classes(api, API, start, tmp_path / "cache") == [Class.BEHAVIOUR, Class.GROWN]


def test_a_reverted_contract_change_is_folded(api, tmp_path):
    start = api.tip
    merge = api.pull_request(
        1, edit(SCHEMAS, '"reference": {', '"note": {"type": "string"}, "reference": {'), "note"
    )
    api.revert(merge, 2, "note")
    assert classes(api, API, start, tmp_path / "cache") == [Class.REVERTED, Class.REVERTED]


def test_a_move_of_the_library_is_seen_with_both_pins(api, tmp_path):
    start = api.tip
    api.pull_request(1, edit("requirements.in", "utils.git@127.0.0", "utils.git@128.1.0"))
    with Repository(api.path) as repository:
        (found,) = read_history(repository, API, tmp_path / "cache", start, api.tip)
    assert found.evidence.bump is not None
    assert (found.evidence.bump.before, found.evidence.bump.after) == ("127.0.0", "128.1.0")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (edit(PAGE, "Some words", "Other words", SMALL_ADMIN), Class.CONTENT),
        (edit(PAGE, "<p>", '<p class="big">', SMALL_ADMIN), Class.MARKUP),
        (edit(PAGE, "{% block main %}", "{% block main %}\n   ", SMALL_ADMIN), Class.COSMETIC),
        ({PAGE: None, "app/templates/views/other.html": SMALL_ADMIN[PAGE]}, Class.MARKUP),
        ({"app/assets/a.scss": "p { color: red }\n"}, Class.FRONT_END),
        (edit("app/formatters.py", "', '", "'; '", SMALL_ADMIN), Class.VALUES),
        (edit("app/formatters.py", ".join(words)", ".join(list(words))", SMALL_ADMIN), Class.QUIET),
        (
            {
                **edit("app/formatters.py", ".join(words)", ".join(list(words))", SMALL_ADMIN),
                **edit(PAGE, "Some words", "Other words", SMALL_ADMIN),
                **edit("tests/test_formatters.py", "'a, b'", "'a'", SMALL_ADMIN),
            },
            Class.BEHAVIOUR,
        ),
        ({"app/notify_client/a.py": "PATH = '/x'\n"}, Class.API_CALLS),
    ],
)
def test_an_admin_is_classed_by_its_own_rules(tmp_path, files, expected):
    upstream = Upstream(tmp_path / "upstream", SMALL_ADMIN)
    start = upstream.tip
    upstream.pull_request(1, files)
    assert classes(upstream, ADMIN, start, tmp_path / "cache") == [expected]


def test_what_was_read_before_gives_the_same_again(api, tmp_path):
    start = api.tip
    api.pull_request(1, edit("app/models.py", "nullable=False, unique=True", "nullable=True"))
    first = classes(api, API, start, tmp_path / "cache")
    assert classes(api, API, start, tmp_path / "cache") == first
    assert classes(api, API, start, tmp_path / "another") == first


def test_a_long_history_is_shared_out_and_keeps_its_order(tmp_path, monkeypatch):
    upstream = Upstream(tmp_path / "upstream", SMALL_ADMIN)
    start = upstream.tip
    for number in range(1, 9):
        upstream.squash(number, {"app/formatters.py": dedent(f"""
            def join(words):
                return words[{number}]
        """)})  # fmt: skip
    alone = classes(upstream, ADMIN, start, tmp_path / "alone")
    monkeypatch.setattr("scripts.upstream_sync.history._WORTH_A_PROCESS", 2)
    told: list[tuple[int, int]] = []
    with Repository(upstream.path) as repository:
        shared = read_history(
            repository,
            ADMIN,
            tmp_path / "shared",
            start,
            upstream.tip,
            lambda done, total: told.append((done, total)),
        )
    assert [each.class_ for each in shared] == alone
    assert [each.pull.number for each in shared] == list(range(1, 9))
    assert told[-1] == (8, 8)


def test_a_clone_without_contents_gets_what_it_reads_at_once(api, tmp_path):
    start = api.tip
    api.pull_request(1, edit(SCHEMAS, '"reference": {', '"note": {"type": "string"}, "reference": {'))
    source = replace(API, location=f"file://{api.path}")
    fetch(source, tmp_path / "cache")
    with open_repository(source, tmp_path / "cache") as repository:
        assert repository.is_partial
        (found,) = read_history(repository, source, tmp_path / "cache", start, api.tip)
    assert found.class_ is Class.CONTRACT


def test_contents_that_are_nowhere_make_a_pull_request_unreadable(tmp_path):
    upstream = Upstream(tmp_path / "upstream", SMALL_ADMIN)
    start = upstream.tip
    upstream.pull_request(1, edit(PAGE, "<p>", '<p class="big">', SMALL_ADMIN))
    blob = upstream.git("rev-parse", f"HEAD:{PAGE}")
    (upstream.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    source = replace(ADMIN, surfaces=("strings",))
    assert classes(upstream, source, start, tmp_path / "cache") == [Class.UNREADABLE]
