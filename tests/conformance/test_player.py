"""The player itself: what it fills in, what it compares, what it says, and how it ends."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest

from scripts.conformance_suite import run
from scripts.conformance_suite.deployment import Deployment, InvalidDeploymentError, read_state
from scripts.conformance_suite.expanding import UnknownPlaceholderError, expand
from scripts.conformance_suite.http_client import HttpClient
from scripts.conformance_suite.matching import find_differences
from scripts.conformance_suite.playing import Verdict, play
from scripts.conformance_suite.tokens import authorization, service_id_of
from scripts.conformance_suite.vectors import InvalidVectorError, Step, Vector, load_vectors

SERVICE, SECRET = "0b5f2a3e-6a0c-4a1e-9a53-3f0f8e2a7c11", "5d0a1c6e-2b7f-4e0b-8c9d-7a6b5c4d3e2f"
KEY = f"name-{SERVICE}-{SECRET}"


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ([1, {"a": 1}], [1, {"a": 1, "b": 2}]),
        ({"$pattern": "a.c"}, "abc"),
        ({"$type": "uuid"}, SERVICE),
        ({"$type": "timestamp"}, "2026-11-02T09:00:00.120000Z"),
        ({"$type": "timestamp", "nullable": True}, None),
        ({"$type": "integer"}, 3),
        ({"$type": "number"}, 0.5),
        ({"$one-of": [0, 1]}, 1),
        ({"$not": "a"}, "b"),
        ({"$length": 2}, [1, 2]),
        ({"$length": 2, "$each": {"a": 1}}, [{"a": 1}, {"a": 1}]),
        ({"$includes": [{"a": 2}]}, [{"a": 1}, {"a": 2}]),
        ({"$items": [2, 1]}, [1, 2]),
        ({"$sorted": "a", "descending": True}, [{"a": 2}, {"a": 1}]),
    ],
)
def test_what_holds(expected: Any, actual: Any) -> None:
    assert list(find_differences(expected, actual)) == []


@pytest.mark.parametrize(
    ("expected", "actual", "said"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "/a/b: expected 1, got 2"),
        ({"a": 1}, {}, "/a: expected 1, got nothing"),
        ({"a": 1}, [], "/: expected an object, got []"),
        ([1], [1, 2], "/: expected a list of 1: [1], got [1, 2]"),
        (1, True, "/: expected 1, got true"),
        ({"$pattern": "a"}, "ab", '/: expected text like a, got "ab"'),
        ({"$type": "uuid"}, "x", '/: expected a value of type uuid, got "x"'),
        (
            {"$type": "timestamp"},
            "2026-11-02 09:00",
            '/: expected a value of type timestamp, got "2026-11-02 09:00"',
        ),
        ({"$type": "integer"}, True, "/: expected a value of type integer, got true"),
        ({"$one-of": [0]}, 1, "/: expected one of [0], got 1"),
        ({"$not": "a"}, "a", '/: expected anything but "a", got "a"'),
        ({"$length": 2}, [1], "/: expected a list of 2, got 1"),
        ({"$each": 1}, [], "/: expected a list with items, got []"),
        ({"$each": 1}, [1, 2], "/1: expected 1, got 2"),
        ({"$includes": [3]}, [1], "/: expected a list with 3, got [1]"),
        ({"$items": [1]}, [1, 2], "/: unexpected item 2"),
        ({"$sorted": "a"}, [{"a": 2}, {"a": 1}], "/: expected a list sorted by a, got [2, 1]"),
    ],
)
def test_what_differs(expected: Any, actual: Any, said: str) -> None:
    assert list(find_differences(expected, actual)) == [said]


def test_placeholders_are_filled() -> None:
    values = {"id": "AB-c", "recipient": "+447700900123"}
    assert expand({"a": ["${id|upper}", "x${id|hex}"]}, values) == {"a": ["AB-C", "xABc"]}
    assert expand("${recipient|spaced}", values) == "+44 770 090 012 3"
    assert expand({"$repeat": "ab", "times": 2}, {}) == "abab"
    assert expand({"$pattern": "${recipient}.*"}, values) == {"$pattern": r"\+447700900123.*"}


def test_unknown_placeholder_is_named() -> None:
    with pytest.raises(UnknownPlaceholderError, match=r"\$\{what\}"):
        expand("${what}", {})


def decoded(spec: Any) -> dict[str, Any]:
    token = authorization(spec, {"live": KEY}).removeprefix("Bearer ")
    found: dict[str, Any] = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
    return found


def test_tokens() -> None:
    assert service_id_of(KEY) == SERVICE
    assert decoded("live")["iss"] == SERVICE
    assert "iat" not in decoded({"key": "live", "without": ["iat"]})
    assert decoded({"key": "live", "claims": {"iss": None}})["iss"] is None
    assert authorization({"key": "live", "algorithm": "none"}, {"live": KEY}).endswith(".")
    assert authorization({"key": "live", "parts": 2}, {"live": KEY}).count(".") == 1


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {
            "name": "a",
            "needs": [],
            "request": {"colour": 1},
            "expect": {},
            "facts": ["x"],
            "since-upstream": "",
        },
        {"name": "a", "needs": [], "request": {}, "expect": {}, "facts": [], "since-upstream": ""},
    ],
)
def test_file_that_is_no_vector_is_refused(tmp_path: Path, entry: dict[str, Any]) -> None:
    tmp_path.joinpath("a.json").write_text(json.dumps({"vectors": [entry]}))
    with pytest.raises(InvalidVectorError, match=r"a\.json"):
        load_vectors(tmp_path)


def test_every_vector_names_existing_needs_and_matchers() -> None:
    """The README lists all needs by name or by family."""
    readme = Path(run.__file__).parents[2].joinpath("upstream/vectors/README.md").read_text()
    families = (
        "-key",
        "template:",
        "sms-sender:",
        "reply-to:",
        "service:",
        "notifications:",
        "inbound:",
        "templates:",
    )
    unknown = {
        need
        for vector in load_vectors()
        for need in vector.needs
        if f"`{need}`" not in readme and not any(family in need for family in families)
    }
    assert unknown == set()


@pytest.fixture
def echo() -> Iterator[str]:
    """A server that answers every request with 200 and what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            sent = json.loads(self.rfile.read(length) or b"null")
            body = json.dumps({"path": self.path, "sent": sent}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def vector(*steps: Step, needs: tuple[str, ...] = ()) -> Vector:
    return Vector("example", "example.json", needs, steps, ("rule x",), "0000000")


def test_steps_use_what_earlier_ones_saved(echo: str) -> None:
    client = HttpClient(echo)
    steps = (
        Step({"method": "POST", "path": "/a", "json": {"id": "7"}}, {"status": 200}, {"id": "/sent/id"}),
        Step({"method": "GET", "path": "http://elsewhere.example/b/${id}"}, {"json": {"path": "/b/${id}"}}),
    )
    assert play(vector(*steps), Deployment(echo, {}), client).verdict == Verdict.PASSED
    client.close()


def test_mismatch_says_what_was_asked_and_what_differs(echo: str) -> None:
    client = HttpClient(echo)
    step = Step({"method": "GET", "path": "/a"}, {"status": 404, "keys": {"": ["path"]}, "absent": ["/sent"]})
    outcome = play(vector(step), Deployment(echo, {}), client)
    assert outcome.verdict == Verdict.FAILED
    assert outcome.lines == (
        "GET /a → 200",
        "  status: expected 404, got 200",
        '  /: keys too many ["sent"], keys missing []',
        "  /sent: expected nothing there",
        '  answer: {"path": "/a", "sent": null}',
    )
    client.close()


def test_what_the_deployment_cannot_give_is_skipped_with_the_reason(echo: str) -> None:
    client = HttpClient(echo)
    outcome = play(vector(needs=("live-key", "letters")), Deployment(echo, {"live": KEY}), client)
    assert (outcome.verdict, outcome.lines) == (Verdict.SKIPPED, ("the deployment does not give letters",))
    client.close()


def test_states_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(
        json.dumps({"keys": {"live": KEY}, "values": {"template.sms": SECRET}, "provides": ["member"]})
    )
    deployment = read_state(path)
    needed = vector(needs=("live-key", "template:sms", "member", "template:email"))
    assert deployment.missing_needs(needed) == ["template:email"]
    assert deployment.placeholders["service.live"] == SERVICE


def test_shortened_key_is_refused() -> None:
    with pytest.raises(InvalidDeploymentError, match="too short"):
        Deployment("", {"live": SECRET})


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--list"], 0),
        ([], 2),
        (["--api-url", "http://127.0.0.1:1"], 2),
        (["--api-url", "{echo}", "--only", "nothing-like-it"], 2),
        (["--api-url", "{echo}", "--only", "sms-minimal"], 0),  # skipped: no key
        (["--api-url", "{echo}", "--only", "status-simple"], 1),
        (["--api-url", "{echo}", "--only", "status-simple", "--json"], 1),
        (["--api-url", "{echo}", "--state", "/nowhere.json"], 2),
    ],
)
def test_exit_status(
    echo: str, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int
) -> None:
    assert run.main([argument.replace("{echo}", echo) for argument in arguments]) == status
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    if "--json" in arguments:
        assert json.loads(printed.out)["counts"]["failed"] == 1
