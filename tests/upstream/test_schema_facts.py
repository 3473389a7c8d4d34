"""JSON schemas in a normal form: what means the same gives the same facts, what does not gives others."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.upstream_sync.profiles import Profile, profile_of
from scripts.upstream_sync.schema_facts import facts_of_path, facts_of_schema

TEXT = {"type": "string"}


def walk(schema: dict[str, Any]) -> dict[str, Any]:
    return {fact.key.removeprefix("s").strip(): fact.value for fact in facts_of_schema("s", schema)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"type": ["null", "string"]}, {"type": ["string", "null"]}),
        ({"enum": ["b", "a"]}, {"type": "string", "enum": ["a", "b"]}),
        ({"const": "a"}, {"type": "string", "enum": ["a"]}),
        ({"properties": {}}, {"type": "object"}),
        ({"items": TEXT}, {"type": "array", "items": {"type": ["string"], "description": "about it"}}),
        (
            TEXT,
            TEXT | {"title": "t", "examples": ["e"], "default": "d", "validationMessage": "m", "code": "1"},
        ),
        (TEXT | {"format": "validate_uuid"}, TEXT | {"format": "uuid"}),
        ({"format": "send_a_file_is_csv"}, {"type": ["boolean", "null"]}),
        (
            {"properties": {"file": TEXT | {"required": True}}},
            {"properties": {"file": TEXT}, "required": ["file"]},
        ),
        (
            {"allOf": [{"anyOf": [{"not": {"required": ["a"]}}, {"not": {"required": ["b"]}}]}]},
            {"not": {"required": ["b", "a"]}},
        ),
    ],
)
def test_spellings_of_one_meaning_are_one_fact(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert walk(one) == walk(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TEXT, {"type": ["string", "null"]}),
        (TEXT, TEXT | {"maxLength": 5}),
        (TEXT, TEXT | {"format": "uuid"}),
        (TEXT, TEXT | {"pattern": "^a"}),
        (TEXT | {"pattern": "^b"}, TEXT | {"pattern": "^a"}),
        (TEXT | {"format": "datetime_within_next_day"}, TEXT | {"format": "schedule"}),
        ({"type": "object"}, {"type": "object", "additionalProperties": False}),
        ({"anyOf": [TEXT]}, {"allOf": [TEXT]}),
        ({"properties": {"a": TEXT}}, {"properties": {"a": TEXT}, "required": ["a"]}),
    ],
)
def test_other_meanings_are_other_facts(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert walk(one) != walk(other)


def test_each_place_of_the_document_is_a_fact() -> None:
    schema = {
        "type": "object",
        "required": ["list"],
        "properties": {
            "list": {"type": "array", "items": {"properties": {"a": TEXT}}},
            "map": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
        },
    }

    assert walk(schema) == {
        "": {"type": ["object"]},
        "/list": {"type": ["array"], "required": True},
        "/list/*": {"type": ["object"]},
        "/list/*/a": {"type": ["string"]},
        "/map": {"type": ["object"]},
        "/map/{}": {"type": ["integer"], "minimum": 1},
    }


def test_only_what_varies_in_an_address_is_told_of_it() -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["template_id"],
        "properties": {
            "template_id": TEXT | {"format": "validate_uuid"},
            "version": {"type": ["integer", "null"], "minimum": 1},
            "other": TEXT,
        },
    }

    found = facts_of_path("schema GET /v2/template/{id}/version/{version} path", schema)

    assert {fact.key.rpartition(" ")[2]: fact.value for fact in found} == {
        "/id": {"type": ["string"], "format": "uuid"},
        "/version": {"type": ["integer"]},
    }


SCHEMAS = st.recursive(
    st.fixed_dictionaries({"type": st.sampled_from(["string", "integer"])}),
    lambda inner: st.fixed_dictionaries(
        {
            "type": st.just("object"),
            "properties": st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
        },
        optional={"required": st.lists(st.sampled_from("abcd"), unique=True)},
    ),
    max_leaves=10,
)


def shuffled(part: Any, order: random.Random) -> Any:
    if isinstance(part, dict):
        names = list(part)
        order.shuffle(names)
        return {name: shuffled(part[name], order) for name in names}
    return order.sample(part, len(part)) if isinstance(part, list) else part


@given(SCHEMAS, st.randoms())
def test_order_says_nothing(schema: dict[str, Any], order: random.Random) -> None:
    assert walk(schema) == walk(shuffled(schema, order))


@pytest.mark.parametrize(
    ("key", "profile"),
    [
        ("route GET /v2/templates", Profile.STRICT),
        ("route POST /unsubscribe/{id}/{token}", Profile.STRICT),
        ("route GET /service/{id}", Profile.INFORM),
        ("schema POST /v2/notifications/sms request /a", Profile.STRICT),
        ("internal-schema service.post_x /a", Profile.INFORM),
        ("response-key GET /v2/templates response 200 /templates", Profile.STRICT),
        ("callback complaint /to", Profile.STRICT),
        ("error AuthError 403", Profile.STRICT),
        ("error-class AuthError", Profile.INFORM),
        ("error-message AuthError 0123", Profile.INFORM),
        ("key-type test", Profile.STRICT),
        ("limit page-size", Profile.STRICT),
        ("status notification sent", Profile.STRICT),
        ("status job pending", Profile.MAPPED),
        ("table users", Profile.MAPPED),
        ("column users.id", Profile.MAPPED),
        ("permission user send_texts", Profile.MAPPED),
        ("beat sweep", Profile.MAPPED),
        ("string a.html#top/1", Profile.INFORM),
        ("config SECRET", Profile.INFORM),
        ("anchor app/x.py Thing", Profile.INFORM),
    ],
)
def test_key_has_its_profile(key: str, profile: Profile) -> None:
    assert profile_of(key) is profile
