"""The command line: a whole sync of a synthetic upstream, what it prints, and its exit statuses."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scripts.local.processes import ROOT
from scripts.upstream_sync import sync_view
from scripts.upstream_sync.check import Ours, read_pinned
from scripts.upstream_sync.cli import Verbs, cli
from scripts.upstream_sync.cli_reference import PAGE, make_reference
from scripts.upstream_sync.context import Context
from scripts.upstream_sync.profiles import Profile
from scripts.upstream_sync.watch import Kind, Role, Source, Watch
from tests.upstream.projects import digest_tree, write_patches
from tests.upstream.repositories import START, Upstream, small_api

SOON = str(datetime.now(UTC).date() + timedelta(days=10))
NEW_ROUTE = """
    from flask import jsonify

    from app.v2.messages import v2_blueprint


    @v2_blueprint.route("/<message_id>/cancel", methods=["POST"])
    def cancel(message_id):
        return jsonify(id=message_id), 200
"""
KEY = "route POST /v2/messages/{id}/cancel"


@dataclass
class Workplace:
    """A project that follows a small upstream, and is in step with it."""

    project: Upstream
    upstream: Upstream
    cache: Path
    ours: dict[str, Any]

    def run(self, *arguments: str, as_json: bool = True) -> Result:
        source = Source(
            id="uk-api",
            url="https://example.org/api",
            role=Role.AUTHORITY,
            kind=Kind.API,
            surfaces=("public-routes",),
            location=str(self.upstream.path),
        )
        context = Context(Watch({"uk-api": source}), self.cache, as_json, self.project.path)
        return CliRunner().invoke(Verbs("upstream"), list(arguments), obj=context)

    def data(self, *arguments: str, status: int = 0) -> Any:
        result = self.run(*arguments)
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    def refuse(self, *arguments: str, status: int = 2) -> str:
        result = self.run(*arguments)
        assert result.exit_code == status, result.output
        return result.stderr


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Read alone: tests work on copies."""
    folder = tmp_path_factory.mktemp("workplace")
    upstream = Upstream(folder / "upstream", small_api())
    project = Upstream(folder / "project")
    (project.path / ".gitignore").write_text(".sync/\n")
    (project.path / "upstream").mkdir()
    write_patches(project.path)
    workplace = Workplace(project, upstream, folder / "cache", {})
    workplace.data("pin", "uk-api")
    project.commit({}, "Pin")
    workplace.ours.update(read_pinned(project.path).values(Profile.STRICT))
    post = "from app.v2.messages import post  # noqa\n"
    begin = (upstream.path / "app/v2/messages/__init__.py").read_text()
    both = begin.replace(post, post + "from app.v2.messages import cancel  # noqa\n")
    upstream.pull_request(11, {"README.md": "Something\n"}, "say something")
    upstream.pull_request(
        12, {"app/v2/messages/cancel.py": NEW_ROUTE, "app/v2/messages/__init__.py": both}, "cancel messages"
    )
    return workplace


@pytest.fixture
def workplace(prepared: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    project = tmp_path / "project"
    prepared.project.git("clone", "--quiet", str(prepared.project.path), str(project))
    own = Upstream(project)
    found = Workplace(own, prepared.upstream, prepared.cache, dict(prepared.ours))
    monkeypatch.setattr(sync_view, "our_side", lambda: Ours(found.ours, {}))
    return found


def test_whole_sync(workplace: Workplace) -> None:
    started = workplace.data("start", "uk-api")
    resolved = workplace.data("resolve", "12", "deferred", "--until", SOON, "--note", "With the letters")
    ended = workplace.data("continue")

    assert started["to"] == workplace.upstream.tip
    assert started["pull-requests"] == 2
    assert [obstacle["name"] for obstacle in started["obstacles"]] == ["#12"]
    assert resolved["items"] == ["#12"]
    assert "upstream.lock" in ended["changed"]
    rows = (workplace.project.path / "upstream/ledger.jsonl").read_text().splitlines()
    assert [(row["pr"], row["verdict"], row.get("auto", False)) for row in map(json.loads, rows)] == [
        (11, "irrelevant", True),
        (12, "deferred", False),
    ]
    (pending,) = ended["pending"]
    assert KEY in pending["facts"]
    assert pending["deadline"] == SOON


def test_nothing_of_upstreams_prose_is_kept(workplace: Workplace) -> None:
    workplace.data("start")
    workplace.data("skip", "12", "--until", SOON)

    texts = [path.read_text() for path in (workplace.project.path / ".sync").rglob("*") if path.is_file()]
    assert texts
    assert not any("cancel messages" in text.lower() for text in texts)


def test_what_is_in_the_way_is_listed(workplace: Workplace) -> None:
    workplace.data("start")
    before = digest_tree(workplace.project.path)

    found = workplace.data("continue", status=1)

    assert [obstacle["name"] for obstacle in found["obstacles"]] == ["#12"]
    assert digest_tree(workplace.project.path) == before


def test_abort_gives_everything_back(workplace: Workplace) -> None:
    before = digest_tree(workplace.project.path)
    workplace.data("start")

    assert workplace.data("abort") == {"restored": []}
    assert digest_tree(workplace.project.path) == before


def test_target_can_be_named(workplace: Workplace) -> None:
    started = workplace.data("start", "uk-api", "--to", "main~1")

    assert started["to"] == workplace.upstream.git("rev-parse", "main~1")
    assert workplace.data("continue")["obstacles"] == []


def test_start_at_the_pin_does_nothing(workplace: Workplace) -> None:
    pin = workplace.project.path.joinpath("upstream.lock").read_text().partition('commit = "')[2][:40]

    assert workplace.data("start", "--to", pin)["pull-requests"] == 0
    assert not (workplace.project.path / ".sync").exists()


def test_newest_change_has_to_settle(workplace: Workplace, tmp_path: Path) -> None:
    fresh = Upstream(tmp_path / "fresh")
    fresh.git("pull", "--quiet", str(workplace.upstream.path), "main")
    settled = fresh.tip
    fresh.commit({"README.md": "Anew\n"}, days=(datetime.now(UTC) - START).days)
    workplace.upstream = fresh

    assert workplace.data("start")["to"] == settled


def test_rewritten_history_is_told(workplace: Workplace, tmp_path: Path) -> None:
    workplace.upstream = Upstream(tmp_path / "other", {**small_api(), "README.md": "Elsewhere\n"})
    workplace.upstream.commit({"README.md": "Another history\n"})

    before = digest_tree(workplace.project.path)

    assert workplace.refuse("start", "--to", "main")
    assert digest_tree(workplace.project.path) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("continue",),
        ("abort",),
        ("resolve", "12", "adopt"),
        ("skip", "12", "--until", SOON),
        ("skip", "12"),
        ("start", "nowhere"),
        ("start", "--to", "nothing"),
        ("resolve", "12", "perhaps"),
        ("export", "nothing", "--clone", "."),
        ("export", "nothing"),
        ("vectors", "run", "http://127.0.0.1:1"),
        ("vectors", "run", "http://127.0.0.1:1", "--key", "other=1"),
    ],
)
def test_what_cannot_be_done_says_why(workplace: Workplace, arguments: Sequence[str]) -> None:
    assert workplace.refuse(*arguments)


def test_verdict_is_refused_by_class(workplace: Workplace) -> None:
    workplace.data("start")

    assert "irrelevant" in workplace.refuse("resolve", "12", "irrelevant")


@pytest.mark.parametrize("verb", ["start", "continue"])
def test_text_says_what_to_do_next(workplace: Workplace, verb: str) -> None:
    workplace.run("start")
    workplace.run("abort")
    text = workplace.run("start", as_json=False).stdout
    if verb == "continue":
        text = workplace.run("continue", as_json=False).stdout

    assert "./scripts/upstream resolve 12" in text
    assert "\x1b" not in text


def test_reference_is_up_to_date(workplace: Workplace) -> None:
    assert (ROOT / PAGE).read_text() == make_reference(cli), "./scripts/upstream docs"


def test_reference_that_is_not_up_to_date_is_told(workplace: Workplace) -> None:
    workplace.data("docs", "--check", status=1)
    workplace.data("docs")
    workplace.data("docs", "--check")


@pytest.mark.parametrize("name", cli.list_commands(None))  # type: ignore[arg-type]
def test_each_verb_explains_itself(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])

    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_fault_of_the_disk_is_told(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device", "facts.sqlite")

    monkeypatch.setattr("scripts.upstream_sync.cli.start.read_target", fail)

    assert "facts.sqlite: No space left on device" in workplace.refuse("start")
