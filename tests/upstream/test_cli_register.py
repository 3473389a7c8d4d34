"""The verbs that look at where we stand: check, status, patch, explain, pin."""

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scripts.upstream_sync.check import Ours
from scripts.upstream_sync.cli import Verbs
from scripts.upstream_sync.cli import check as check_verb
from scripts.upstream_sync.cli import explain as explain_verb
from scripts.upstream_sync.cli import patch as patch_verb
from scripts.upstream_sync.cli import status as status_verb
from scripts.upstream_sync.cli.explain import key_of_vector
from scripts.upstream_sync.context import Context
from scripts.upstream_sync.facts import value_digest
from scripts.upstream_sync.lock import Pin, read_lock
from scripts.upstream_sync.pending import write_pending
from scripts.upstream_sync.watch import Kind, Role, Source, Watch
from tests.upstream.made_up import declare, make_pending, write_pins
from tests.upstream.projects import digest_tree, write_patches
from tests.upstream.repositories import Upstream, small_api

LIMIT, ERROR = "limit page-size", "error AuthError 403"
THEIRS = {LIMIT: 250, ERROR: {}}
CHANGED = {"slug": "pages", "title": "Pages", "facts": [declare(LIMIT, 250, 100)]}


@dataclass
class Project:
    root: Path
    upstream: Path
    ours: dict[str, Any] = field(default_factory=lambda: dict(THEIRS))

    def run(self, *arguments: str, as_json: bool = True) -> Result:
        source = Source(
            "uk-api",
            "https://example.org/api",
            Role.AUTHORITY,
            Kind.API,
            surfaces=("public-routes",),
            location=str(self.upstream),
        )
        context = Context(Watch({"uk-api": source}), self.root / "cache", as_json, self.root)
        return CliRunner().invoke(Verbs("upstream"), list(arguments), obj=context)

    def data(self, *arguments: str, status: int = 0) -> Any:
        result = self.run(*arguments)
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    def refuse(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 2, result.output
        return result.stderr


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    write_pins(root, {"uk-api": {"contract": THEIRS}})
    write_patches(root)
    made = Project(root, tmp_path / "upstream")
    for verb in (check_verb, explain_verb, patch_verb, status_verb):
        monkeypatch.setattr(verb, "our_side", lambda: Ours(made.ours, {}))
    return made


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    return Upstream(tmp_path_factory.mktemp("small") / "api", small_api())


@pytest.fixture
def upstream(api: Upstream, project: Project) -> Upstream:
    """A copy that the test may change, where the project's source is."""
    shutil.copytree(api.path, project.upstream)
    return Upstream(project.upstream)


def test_check_says_that_all_is_well(project: Project) -> None:
    assert project.data("check") == {"violations": [], "standings": {"in step": 2}}
    assert "not declared" in project.run("check", as_json=False).output


def test_check_fails_and_names_what_differs(project: Project) -> None:
    project.ours[LIMIT] = 100

    (found,) = project.data("check", status=1)["violations"]
    assert (found["kind"], found["subject"]) == ("divergence", LIMIT)
    assert LIMIT in project.run("check", as_json=False).output


def test_many_faults_of_a_kind_are_cut_short_for_people_only(project: Project) -> None:
    project.ours |= {f"limit n{number}": number for number in range(100)}

    assert len(project.data("check", status=1)["violations"]) == 100
    assert len(project.run("check", as_json=False).output.splitlines()) < 50


def test_passed_deadline_may_be_allowed(project: Project) -> None:
    del project.ours[ERROR]
    pending = make_pending(ERROR, opened=date(2020, 1, 1), deadline=date(2020, 1, 2))
    write_pending(project.root / "upstream" / "pending", 1, pending)

    assert len(project.data("check", status=1)["violations"]) == 1
    assert project.data("check", "--allow-overdue")["violations"] == []


def test_declarations_are_listed_with_their_states(project: Project) -> None:
    project.ours[LIMIT] = 100
    write_patches(project.root, CHANGED)
    (listed,) = project.data("patch", "list")
    assert (listed["name"], listed["state"], listed["facts"]) == ("pages", "clean", 1)

    project.ours[LIMIT] = 250
    (listed,) = project.data("patch", "list", status=1)
    assert (listed["state"], listed["because"]) == ("void", [LIMIT])


def test_declaration_is_shown_with_where_its_facts_stand(project: Project) -> None:
    project.ours[LIMIT] = 100
    write_patches(project.root, CHANGED)

    shown = project.data("patch", "show", "pages")

    assert [(fact["key"], fact["standing"]) for fact in shown["facts"]] == [(LIMIT, "declared divergence")]


def test_printed_lines_declare_the_fact(project: Project) -> None:
    project.ours[LIMIT] = 100

    assert project.data("patch", "fact", LIMIT)["toml"] == (
        f'[[fact]]\nkey = "{LIMIT}"\nbase = "{value_digest(250)}"\nours = 100\n'
    )
    assert "the same" in project.refuse("patch", "fact", ERROR)
    assert "neither" in project.refuse("patch", "fact", "limit none")


def test_refreshing_takes_upstreams_value_of_the_pin(project: Project) -> None:
    project.ours[LIMIT] = 100
    write_patches(project.root, CHANGED | {"facts": [declare(LIMIT, 300, 100)]})
    file = project.root / "patches" / "pages" / "patch.toml"
    head = file.read_text().partition("fact = [")[0]
    file.write_text(f'{head}[[fact]]\nkey = "{LIMIT}"\nbase = "{value_digest(300)}"\nours = 100\n')
    assert project.data("patch", "list", status=1)[0]["state"] == "conflict"

    assert project.data("patch", "refresh", "pages")["changed"] is True
    assert project.data("patch", "list")[0]["state"] == "clean"
    assert project.data("patch", "refresh", "pages")["changed"] is False


def test_dropped_patch_is_out_of_the_series(project: Project) -> None:
    project.ours[LIMIT] = 100
    write_patches(project.root, CHANGED)

    project.data("patch", "drop", "pages")

    assert (project.root / "patches" / "series").read_text() == ""


def test_dropped_extension_is_gone(project: Project) -> None:
    write_patches(project.root, {"slug": "core", "facts": [declare(LIMIT, 250, 100)]})
    extensions = project.root / "upstream" / "extensions"
    extensions.mkdir()
    (project.root / "patches" / "core" / "patch.toml").rename(extensions / "core.toml")
    shutil.rmtree(project.root / "patches" / "core")
    write_patches(project.root)

    project.data("patch", "drop", "core")

    assert list(extensions.iterdir()) == []
    assert "nothing called" in project.refuse("patch", "drop", "core")


def test_fact_is_explained_by_all_that_is_known_of_it(project: Project) -> None:
    project.ours[LIMIT] = 100
    write_patches(project.root, CHANGED)

    (found,) = project.data("explain", "limit *")

    assert (found["key"], found["profile"], found["ours"]) == (LIMIT, "strict", 100)
    assert [(place["source"], place["value"]) for place in found["upstream"]] == [("uk-api", 250)]
    assert found["declared"] == "patches/pages/patch.toml"
    assert project.run("explain", "limit none").exit_code == 1


@pytest.mark.parametrize(
    ("fact", "key"),
    [
        ("response POST /v2/x 201 /id", "schema POST /v2/x response 201 /id"),
        ("response POST /v2/x 201 /", "schema POST /v2/x response 201"),
        ("schema POST /v2/x request /a", "schema POST /v2/x request /a"),
        ("schema POST /v2/x query additional", "schema POST /v2/x query"),
        ("status sent", "status notification sent"),
        ("service-permission sms", "permission service sms"),
        ("limit sms-characters 918", "limit sms-characters"),
        ("error AuthError 403", "error AuthError 403"),
    ],
)
def test_facts_of_vectors_are_keys(fact: str, key: str) -> None:
    assert key_of_vector(fact) == key


def test_status_tells_age_lag_declarations_and_deadlines(project: Project, upstream: Upstream) -> None:
    commit = upstream.tip
    upstream.pull_request(1, {"README.md": "About"}, "about")
    upstream.pull_request(2, {"app/new.py": "A = 1\n"}, "more")
    today = datetime.now(UTC).date()
    write_pins(
        project.root,
        {"uk-api": {"contract": THEIRS}},
        commit=commit,
        committed=today - timedelta(days=9),
        **{"reviewed-through": commit},
    )
    del project.ours[ERROR]
    write_pending(project.root / "upstream" / "pending", 1, make_pending(ERROR, deadline=today))

    shown = project.data("status", "--classes")

    (pin,) = shown["pins"]
    assert (pin["age-days"], pin["behind"], sum(pin["classes"].values())) == (9, 2, 2)
    assert [(entry["file"], entry["overdue"]) for entry in shown["pending"]] == [
        ("upstream/pending/0001.toml", False)
    ]
    assert (shown["sync"], shown["violations"]) == (None, 0)


def test_status_works_without_the_repository_and_after_history_was_rewritten(
    project: Project, api: Upstream
) -> None:
    (pin,) = project.data("status")["pins"]
    assert "not on this machine" in pin["unknown"]

    shutil.copytree(api.path, project.upstream)
    upstream = Upstream(project.upstream)
    commit = upstream.commit({"x.py": "A = 1\n"})
    upstream.rewrite({"y.py": "B = 1\n"})
    write_pins(project.root, {"uk-api": {"contract": THEIRS}}, commit=commit, **{"reviewed-through": commit})

    (pin,) = project.data("status")["pins"]
    assert "rewritten" in pin["unknown"]


def test_source_is_pinned_once_and_read_anew_at_the_same_commit(project: Project, upstream: Upstream) -> None:
    for path in (project.root / "upstream.lock", project.root / "upstream" / "facts"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    commit = upstream.tip

    (pin,) = project.data("pin")
    assert (pin["id"], pin["commit"], pin["parse-failures"]) == ("uk-api", commit, 0)
    assert pin["surface"]["public-routes"]["count"] > 0
    first = digest_tree(project.root / "upstream")

    upstream.pull_request(1, {"app/constants.py": None}, "less")
    (again,) = project.data("pin", "uk-api")

    assert again == pin
    assert digest_tree(project.root / "upstream") == first
    assert "pinned at" in project.refuse("pin", f"uk-api@{upstream.tip}")
    assert read_lock(project.root / "upstream.lock").pin("uk-api") == Pin.model_validate_json(json.dumps(pin))


def test_lock_of_other_readers_is_only_read_anew_as_a_whole(project: Project, upstream: Upstream) -> None:
    assert upstream.tip
    (project.root / "upstream.lock").unlink()
    project.data("pin")
    lock = project.root / "upstream.lock"
    lock.write_text(lock.read_text().replace("tree-sitter-python", "another-parser"))

    assert "another-parser" in project.refuse("pin", "uk-api")
    project.data("pin")
    assert "another-parser" not in lock.read_text()


def test_frozen_source_stays_as_it_is(project: Project) -> None:
    write_pins(project.root, {"uk-api": {"contract": THEIRS}}, frozen=True)

    (pin,) = project.data("pin")

    assert pin["frozen"] is True
    assert project.data("check")["violations"] == []


def test_what_cannot_be_parsed_is_not_pinned(project: Project, upstream: Upstream) -> None:
    upstream.commit({"app/broken.py": "def (:\n"})
    (project.root / "upstream.lock").unlink()

    result = project.run("pin")

    assert result.exit_code == 1
    assert "app/broken.py" in result.stderr
    assert not (project.root / "upstream.lock").exists()
