"""No public route answers 5xx, whatever it is sent: the published description fuzzed, and bodies that break rules."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error

from scripts.conformance_suite.deployment import Deployment
from scripts.conformance_suite.tokens import authorization
from tests.conformance.live_server import LiveServer

DESCRIBED_EXAMPLES, EXAMPLES = 25, 100
SEND_ROUTES = ["/v2/notifications/sms", "/v2/notifications/email", "/v2/notifications/letter"]
POST_ROUTES = [*SEND_ROUTES, "/v2/notifications/bulk", "/v2/template/{template}/preview"]
GET_ROUTES = ["/v2/notifications", "/v2/templates", "/v2/received-text-messages"]
ID_ROUTES = [
    "/v2/notifications/{}",
    "/v2/notifications/{}/pdf",
    "/v2/template/{}",
    "/v2/template/{}/version/1",
    "/unsubscribe/{}/x",
    "/unsubscribe/00000000-0000-7000-8000-000000000000/{}",
]
# The same examples each time; the server's speed decides nothing.
bounded = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
NASTY_TEXTS = st.sampled_from(
    [
        "",
        "\x00",
        "a\x00b",
        "\ud800",
        "\udfff tail",
        "\u202e",
        "𝒜",
        "%s",
        "${x}",
        "((x))",
        "'; --",
        "9" * 400,
        "a" * 5000,
    ]
)
NASTY_NUMBERS = st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400, 1e308, -0.0])
VALUES = st.recursive(
    st.none() | st.booleans() | NASTY_NUMBERS | NASTY_TEXTS | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(NASTY_TEXTS | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
GARBAGE = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=100).map(str.encode),
    st.sampled_from(
        [
            b"",
            b"\x00",
            b"\xff\xfe",
            b"\xef\xbb\xbf{}",
            b"{",
            b'"\\ud800"',
            b"1e999999",
            b"-" + b"9" * 10_000,
            b"NaN",
            b"Infinity",
            b"[" * 100_000,
            b'{"a":' * 50_000,
            b'{"personalisation":' + b"[" * 2_000 + b"]" * 2_000 + b"}",
            b'{"personalisation":{"name":' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"}}",
        ]
    ),
)


@pytest.fixture(scope="session")
def openapi(server: LiveServer) -> Any:
    return schemathesis.openapi.from_url(f"{server.api_url}/openapi.json")


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_described_routes(openapi: Any, mode: GenerationMode, deployment: Deployment) -> None:
    """Both what the description allows and what it forbids."""
    operations = [found.ok() for found in openapi.get_all_operations()]
    assert len(operations) >= len(POST_ROUTES) + len(GET_ROUTES)
    for operation in operations:
        play_operation(operation, mode, deployment)


def play_operation(operation: Any, mode: GenerationMode, deployment: Deployment) -> None:
    @settings(bounded, max_examples=DESCRIBED_EXAMPLES)
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        headers = {"Authorization": authorization("test", deployment.keys)}
        case.call_and_validate(headers=headers, checks=[not_a_server_error])

    with contextlib.suppress(Unsatisfiable):  # some routes take nothing that could be wrong
        run()


@pytest.mark.parametrize("route", POST_ROUTES)
@bounded
@given(body=GARBAGE)
def test_garbage_bodies(route: str, deployment: Deployment, session: requests.Session, body: bytes) -> None:
    check(deployment, session, "POST", fill(route, deployment), data=body)


@pytest.mark.parametrize("route", POST_ROUTES)
@bounded
@given(data=st.data())
def test_right_bodies_with_wrong_values(
    route: str, deployment: Deployment, session: requests.Session, data: st.DataObject
) -> None:
    body = right_body(route, deployment)
    for name in data.draw(st.sets(st.sampled_from(sorted(body)), max_size=2)):
        body[name] = data.draw(VALUES)
    if data.draw(st.booleans()):
        body[data.draw(st.text(max_size=5))] = data.draw(VALUES)
    check(deployment, session, "POST", fill(route, deployment), data=json.dumps(body).encode())


def test_more_than_is_ever_read(deployment: Deployment, session: requests.Session) -> None:
    check(deployment, session, "POST", SEND_ROUTES[0], data=b'{"reference": "' + b"a" * 17_000_000 + b'"}')


@pytest.mark.parametrize("route", SEND_ROUTES[:2])
@bounded
@given(value=VALUES, listed=VALUES)
def test_values_of_placeholders(
    route: str, deployment: Deployment, session: requests.Session, value: Any, listed: Any
) -> None:
    body = right_body(route, deployment) | {"personalisation": {"name": value, "other": value}}
    if route.endswith("email"):
        body["sanitise_content_for"] = ["name", listed]
    check(deployment, session, "POST", route, data=json.dumps(body).encode())


@pytest.mark.parametrize("route", GET_ROUTES)
@bounded
@given(
    query=st.dictionaries(
        st.sampled_from(
            ["status", "template_type", "reference", "older_than", "include_jobs", "type", "page"]
        ),
        st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=3),
        max_size=4,
    )
)
def test_queries(
    route: str, deployment: Deployment, session: requests.Session, query: dict[str, list[str]]
) -> None:
    check(deployment, session, "GET", route, params=query)


@pytest.mark.parametrize(
    "query",
    ["older_than=%00", "reference=%00", "reference=%ff", "status=%ED%A0%80", "&&==", "older_than[]=1"],
)
@pytest.mark.parametrize("route", GET_ROUTES)
def test_odd_queries(route: str, deployment: Deployment, session: requests.Session, query: str) -> None:
    check(deployment, session, "GET", f"{route}?{query}")


@pytest.mark.parametrize("route", ID_ROUTES)
@pytest.mark.parametrize(
    "identifier", ["%00", "%ff", "0", "%F0%9F%8E%89", "{}", "a" * 2000, "..%2f..%2f", "%25"]
)
def test_odd_identifiers(
    route: str, deployment: Deployment, session: requests.Session, identifier: str
) -> None:
    method = "POST" if route.startswith("/unsubscribe") else "GET"
    check(deployment, session, method, route.replace("{}", identifier))


@pytest.mark.parametrize(
    "header",
    ["Bearer \xff", "Bearer ..", "Bearer a.b.c", "bearer", "Bearer " + "x." * 3000, "Bearer eyJ9.e30."],
)
def test_odd_tokens(deployment: Deployment, session: requests.Session, header: str) -> None:
    answer = session.get(
        f"{deployment.api_url}/v2/templates",
        headers={"Authorization": header.encode("latin-1")},
        timeout=30,
    )
    assert answer.status_code in {401, 403}, answer.text


@bounded
@given(
    claims=st.dictionaries(
        st.sampled_from(["iss", "iat", "exp", "nbf", "aud", "sub", "jti"]), VALUES, max_size=4
    )
)
def test_odd_claims(deployment: Deployment, session: requests.Session, claims: dict[str, Any]) -> None:
    spec = {"key": "live", "claims": claims}
    answer = session.get(
        f"{deployment.api_url}/v2/templates",
        headers={"Authorization": authorization(spec, deployment.keys)},
        timeout=30,
    )
    assert answer.status_code in {200, 401, 403}, (claims, answer.text)


@pytest.mark.parametrize(
    "route",
    ["/notifications/sms/sandbox", "/notifications/email/sandbox", "/notifications/sms/receive/sandbox"],
)
@bounded
@given(body=GARBAGE)
def test_receipts_of_strangers(
    route: str, deployment: Deployment, session: requests.Session, body: bytes
) -> None:
    answer = session.post(deployment.api_url + route, data=body, timeout=30)
    assert 400 <= answer.status_code < 500, answer.text


def fill(route: str, deployment: Deployment) -> str:
    return route.replace("{template}", deployment.values["template.sms"])


def right_body(route: str, deployment: Deployment) -> dict[str, Any]:
    values = deployment.placeholders
    name = {"name": "Ana"}
    bodies: dict[str, dict[str, Any]] = {
        "sms": {"phone_number": values["recipient.sms"], "template_id": values["template.sms"]},
        "email": {"email_address": values["recipient.email"], "template_id": values["template.email"]},
        "letter": {"template_id": values["template.letter"]},
        "preview": {},
        "bulk": {
            "template_id": values["template.email"],
            "name": "garbage",
            "rows": [["email address", "name"], [values["recipient.email"], "Ana"]],
        },
    }
    kind = route.rpartition("/")[2]
    return bodies[kind] | ({} if kind == "bulk" else {"personalisation": name, "reference": "garbage"})


def check(deployment: Deployment, session: requests.Session, method: str, path: str, **content: Any) -> None:
    """The answer is no 5xx, and JSON of one of the contract's two forms when it is an error."""
    headers = {"Authorization": authorization("test", deployment.keys)}
    answer = session.request(method, deployment.api_url + path, headers=headers, timeout=30, **content)
    assert answer.status_code < 500, (
        f"{method} {path} {content!r:.500} → {answer.status_code} {answer.text:.500}"
    )
    if answer.status_code >= 400:
        assert answer.json().keys() in ({"status_code", "errors"}, {"result", "message"}), answer.text
