"""Vectors on any deployment: a mismatch that a patch declares is told apart from one that nobody meant."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from scripts.conformance_suite.deployment import Deployment
from scripts.conformance_suite.vectors import Step, Vector
from scripts.upstream_sync.cli import Verbs
from scripts.upstream_sync.context import Context
from scripts.upstream_sync.playing import play_vectors
from scripts.upstream_sync.watch import Watch
from tests.upstream.made_up import make_entrant
from tests.upstream.projects import write_patches


class Answers(BaseHTTPRequestHandler):
    """`{"ok": true}` to everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"ok": true}')

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def make_vector(name: str, status: int = 200, *needs: str) -> Vector:
    step = Step({"method": "GET", "path": "/"}, {"status": status})
    return Vector(name, "some.json", needs, (step,), ("route GET /",), "8ea2366")


def test_verdicts(url: str) -> None:
    vectors = [
        make_vector("good"),
        make_vector("bad", 404),
        make_vector("sms-meant", 404),
        make_vector("sms-good"),
        make_vector("other", 200, "live-key"),
    ]
    entrants = [make_entrant("one", vectors=["sms-*"])]

    played = play_vectors(vectors, Deployment(url, {}), entrants, lambda *_: None)

    assert [(each.outcome.vector.name, each.verdict, each.declared) for each in played] == [
        ("good", "passed", ()),
        ("bad", "failed", ()),
        ("sms-meant", "declared", ("patches/one/patch.toml",)),
        ("sms-good", "passed", ("patches/one/patch.toml",)),
        ("other", "skipped", ()),
    ]


@pytest.fixture
def run(url: str, tmp_path: Path):
    def run_verb(*arguments: str, vectors: list[str], as_json: bool = True) -> Result:
        write_patches(tmp_path, {"slug": "one", "kind": "lag", "vectors": vectors})
        context = Context(Watch({}), tmp_path / "cache", as_json, tmp_path)
        return CliRunner().invoke(Verbs("upstream"), ["vectors", "run", url, *arguments], obj=context)

    return run_verb


@pytest.mark.parametrize(
    ("declared", "only", "status", "verdict"),
    [
        (["auth-header-missing-*"], "auth-header-missing-*", 0, "declared"),
        ([], "auth-header-missing-*", 1, "failed"),
        ([], "sms-reference-null", 0, "skipped"),
    ],
)
def test_exit_status(run, declared: list[str], only: str, status: int, verdict: str) -> None:
    result = run("--only", only, vectors=declared)

    assert result.exit_code == status, result.output
    vectors = json.loads(result.stdout)["vectors"]
    assert {vector["verdict"] for vector in vectors} == {verdict}


def test_text_names_who_declares_it(run) -> None:
    result = run("--only", "auth-header-missing-*", vectors=["auth-header-missing-*"], as_json=False)

    assert "declared auth-header-missing-post-sms: patches/one/patch.toml" in result.stdout


def test_nothing_to_play_is_an_error(run) -> None:
    assert run("--only", "no-such-*", vectors=[]).exit_code == 2
