"""The verbs `fetch` and `extract`, and what all verbs have in common."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scripts.upstream_sync.cli import cli
from scripts.upstream_sync.facts import read_facts
from tests.upstream.repositories import Upstream, small_api


@pytest.fixture(scope="module")
def upstream(tmp_path_factory) -> Upstream:
    return Upstream(tmp_path_factory.mktemp("upstream"), small_api())


@pytest.fixture
def run(upstream, tmp_path: Path):
    def run(*arguments: str, source: str = "") -> Result:
        place = f"--source=uk-api={source or upstream.path}"
        return CliRunner().invoke(cli, ["--cache", str(tmp_path / "cache"), place, *arguments])

    return run


def test_every_verb_says_what_it_does(run):
    listed = run("--help").stdout
    assert "extract" in listed
    assert "fetch" in listed
    assert "Exit status" in listed
    assert run("extract", "--help").exit_code == 0
    assert run("unheard-of").exit_code == 2


def test_extract_counts_and_shows_facts(run):
    text = run("extract", "uk-api", "--surface", "migrations", "--facts")
    assert (text.exit_code, "migration head" in text.stdout) == (0, True)
    found = json.loads(run("--json", "extract", "uk-api", "--facts").stdout)
    assert found["migrations"]["facts"] == {"migration head": "0002_teams"}
    assert found["migrations"]["digest"].startswith("sha256:")
    assert found["syntax"] == {"count": 0, "digest": found["syntax"]["digest"], "problems": [], "facts": {}}


def test_extract_reads_another_revision_and_writes_files(run, upstream, tmp_path):
    first = upstream.tip
    upstream.commit(
        {"migrations/versions/0003_more.py": 'revision = "0003_more"\ndown_revision = "0002_teams"\n'}
    )
    for revision, head in ((first, "0002_teams"), ("main", "0003_more")):
        folder = tmp_path / head
        assert run("extract", f"uk-api@{revision}", "--write", str(folder)).exit_code == 0
        assert read_facts(folder / "migrations.jsonl").values == {"migration head": head}
    upstream.git("reset", "--quiet", "--hard", first)


def test_what_cannot_be_read_is_told_and_not_written(run, tmp_path):
    broken = Upstream(tmp_path / "broken", {"app/a.py": "def f(:\n"})
    result = run("extract", "uk-api", "--write", str(tmp_path / "facts"), source=str(broken.path))
    assert result.exit_code == 1
    assert "app/a.py" in result.output
    assert not (tmp_path / "facts").exists()


def test_errors_say_what_to_do_next(run, tmp_path):
    unknown = run("extract", "uk-nothing")
    assert (unknown.exit_code, "uk-api" in unknown.stderr) == (2, True)
    never = run("extract", "uk-api", source=(tmp_path / "gone.git").as_uri())
    assert (never.exit_code, "fetch uk-api" in never.stderr) == (2, True)
    revision = run("extract", "uk-api@nothing")
    assert (revision.exit_code, "nothing" in revision.stderr) == (2, True)


def test_fetch_tells_what_is_new_and_goes_on_after_a_failure(run, upstream, tmp_path):
    url = upstream.path.as_uri()
    assert "nothing new" not in run("fetch", "uk-api", source=url).stdout
    assert "nothing new" in run("fetch", "uk-api", source=url).stdout
    gone = f"--source=uk-utils={(tmp_path / 'gone').as_uri()}"
    result = run("--json", gone, "fetch", "uk-utils", "uk-api", source=url)
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [each["source_id"] for each in found["fetched"]] == ["uk-api"]
    assert [each["source_id"] for each in found["failed"]] == ["uk-utils"]
    assert found["failed"][0]["cure"]
