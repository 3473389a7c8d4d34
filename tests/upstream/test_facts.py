"""Facts: keys, values without prose, digests and differences."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.upstream_sync.facts import (
    Change,
    Fact,
    FactSet,
    MalformedFactsError,
    conceal,
    diff,
    hash_text,
    is_prose,
    read_facts,
    route_path,
    value_digest,
    write_facts,
)

VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FACTS = st.dictionaries(st.text("abc /", min_size=1, max_size=6), VALUES, max_size=8)


def make(values: dict) -> FactSet:
    return FactSet.of("some", [Fact(key, value, "a.py", "x") for key, value in values.items()])


@settings(max_examples=30, deadline=None)
@given(FACTS, FACTS)
def test_a_difference_seen_from_the_other_side_is_its_mirror(one, other):
    there, back = diff(make(one), make(other)), diff(make(other), make(one))
    assert [Change(change.key, change.after, change.before) for change in there] == back
    assert diff(make(one), make(one)) == []


@settings(max_examples=30, deadline=None)
@given(FACTS, st.randoms(use_true_random=False))
def test_order_source_and_symbol_do_not_change_the_digest(values, shuffle: random.Random):
    pairs = list(values.items())
    shuffle.shuffle(pairs)
    moved = FactSet.of("some", [Fact(key, value, "elsewhere.py", "y") for key, value in pairs])
    assert moved.digest == make(values).digest


@settings(max_examples=30, deadline=None)
@given(FACTS)
def test_what_is_written_is_what_is_read(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("facts") / "some.jsonl"
    write_facts(path, make(values))
    assert read_facts(path) == make(values)


@settings(max_examples=30, deadline=None)
@given(VALUES)
def test_no_prose_is_left_in_a_value(value):
    def texts(part):
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            yield from (text for each in part.values() for text in texts(each))
        elif isinstance(part, list):
            yield from (text for each in part for text in texts(each))

    hidden = conceal(value)
    assert not any(map(is_prose, texts(hidden)))
    assert conceal(hidden) == hidden


@pytest.mark.parametrize(
    ("text", "prose"),
    [("temporary-failure", False), ("one two three four five six", False), ("one two three four five six 7", True),
     ("x" * 40, False), ("x" * 41, True)],
)  # fmt: skip
def test_prose_is_more_than_six_words_or_forty_characters(text, prose):
    assert is_prose(text) == prose
    assert (conceal(text) != text) == prose


def test_typography_makes_no_other_text():
    assert hash_text("It’s  “here”\n") == hash_text('It\'s "here"')
    assert hash_text("It's here")["n"] == 2
    assert hash_text("It's here") != hash_text("It's there")


def test_two_values_of_one_key_are_a_problem_and_twice_the_same_is_none():
    same = FactSet.of("some", [Fact("a", 1, "x.py"), Fact("a", 1, "y.py")])
    assert (len(same), same.problems) == (1, ())
    two = FactSet.of("some", [Fact("a", 2, "y.py"), Fact("a", 1, "x.py")])
    assert [(problem.kind, problem.src) for problem in two.problems] == [("duplicate", "y.py")]
    assert two.values == {"a": 1}


def test_a_fact_has_a_value():
    with pytest.raises(ValueError, match="a"):
        FactSet.of("some", [Fact("a", None)])


def test_changes_are_new_gone_or_other():
    before, after = make({"a": 1, "b": {"x": 1}, "c": True}), make({"b": {"x": 2}, "c": True, "d": 4})
    assert [(change.key, change.before, change.after) for change in diff(before, after)] == [
        ("a", 1, None), ("b", {"x": 1}, {"x": 2}), ("d", None, 4),
    ]  # fmt: skip


def test_true_and_one_are_two_values():
    assert diff(make({"a": True}), make({"a": 1})) != []
    assert value_digest({"b": 1, "a": 2}) == value_digest({"a": 2, "b": 1})


@pytest.mark.parametrize("text", ["{", '{"k":"a"}\n', "[1]\n"])
def test_a_file_that_was_edited_is_refused(tmp_path, text):
    path = tmp_path / "some.jsonl"
    path.write_text(text)
    with pytest.raises(MalformedFactsError):
        read_facts(path)


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/v2/template/<uuid:template_id>/version/<int:version>", "/v2/template/{id}/version/{version}"),
        ("/v2/notifications/<notification_id>", "/v2/notifications/{id}"),
        ("/unsubscribe/<uuid:notification_id>/<string:token>", "/unsubscribe/{id}/{token}"),
        ("/<any(a, b):kind>/x", "/{kind}/x"),
        ("/plain", "/plain"),
    ],
)
def test_names_of_identifiers_in_an_address_do_not_matter(rule, path):
    assert route_path(rule) == path
