"""Our own facts: asked of the running application, complete, the same each time, and without a connection."""

import socket

import pytest

from api.contract import KeyType, Status
from api.core.tables import metadata
from api.http.errors import CONTRACT_ERRORS
from api.http.ops.openapi_document import OPERATIONS
from api.queue import TaskName
from scripts.upstream_sync.facts import FactSet, hash_text, route_path
from scripts.upstream_sync.ours import our_facts, our_texts, text_hashes
from scripts.upstream_sync.surfaces.template_text import PLACEHOLDER


@pytest.fixture(scope="module")
def facts() -> FactSet:
    return our_facts()


def keys(facts: FactSet, word: str) -> set[str]:
    return {fact.key for fact in facts.facts if fact.key.startswith(word + " ")}


def test_nothing_is_connected_to_and_nothing_of_the_environment_counts(facts: FactSet, monkeypatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("PATCHES", "none")
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")

    assert our_facts() == facts


def test_facts_contradict_each_other_nowhere(facts: FactSet) -> None:
    assert facts.problems == ()


def test_every_operation_that_is_described_is_a_route(facts: FactSet) -> None:
    described = {
        f"route {operation.method.upper()} {route_path(operation.path.replace('{', '<').replace('}', '>'))}"
        for operation in OPERATIONS
    }

    assert {key for key in keys(facts, "route") if facts.values[key]["area"] == "public"} == described


@pytest.mark.parametrize(
    ("key", "auth"),
    [
        ("route POST /v2/notifications/sms", "service-key"),
        ("route GET /v2/template/{id}/version/{version}", "service-key"),
        ("route POST /unsubscribe/{id}/{token}", "none"),
        ("route GET /_status", "none"),
    ],
)
def test_route_says_who_may_call_it(facts: FactSet, key: str, auth: str) -> None:
    assert facts.values[key]["auth"] == auth


def test_catch_all_that_finds_nothing_is_no_route(facts: FactSet) -> None:
    assert "route POST /v2/notifications/{channel}" not in facts.values


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema POST /v2/notifications/sms request", {"type": ["object"], "closed": True}),
        ("schema POST /v2/notifications/sms request /reference", {"type": ["string"], "maxLength": 1000}),
        (
            "schema POST /v2/notifications/email request /sanitise_content_for",
            {"type": ["array", "null"]},
        ),
        (
            "schema POST /v2/notifications/sms request /phone_number",
            {"type": ["string"], "required": True, "format": "phone-number"},
        ),
        ("schema GET /v2/notifications query /include_jobs", {"type": ["string"], "enum": ["True", "true"]}),
        ("limit page-size", 250),
    ],
)
def test_fact_has_the_form_of_upstreams(facts: FactSet, key: str, value: object) -> None:
    assert facts.values[key] == value


def test_references_in_answers_are_followed(facts: FactSet) -> None:
    assert "schema GET /v2/notifications response 200 /notifications/*/template/uri" in facts.values


def test_closed_sets_are_whole(facts: FactSet) -> None:
    assert keys(facts, "status notification") == {f"status notification {status}" for status in Status}
    assert keys(facts, "key-type") == {f"key-type {kind}" for kind in KeyType}
    assert keys(facts, "task") == {f"task {name}" for name in TaskName}
    assert keys(facts, "table") == {f"table {name}" for name in metadata.tables}
    assert {f"error {name} {status}" for status, name in CONTRACT_ERRORS.values()} <= keys(facts, "error")


def test_callbacks_tell_what_is_posted(facts: FactSet) -> None:
    assert {"callback delivery_status /completed_at", "callback inbound_sms /message"} <= facts.values.keys()
    assert {key.split()[1] for key in keys(facts, "callback")} == {
        "delivery_status",
        "inbound_sms",
        "complaint",
    }


def test_texts_of_the_catalogues_are_found_with_their_place() -> None:
    texts = our_texts()

    assert texts
    assert all(place.startswith("localisation/") for place in texts.values())


def test_only_long_texts_are_hashed() -> None:
    long, short = f"Give {PLACEHOLDER} rows with one heading each", "Send a text message"

    assert text_hashes({long: "a", short: "b"}, least_words=7) == {hash_text(long)["h"]: (long, "a")}
