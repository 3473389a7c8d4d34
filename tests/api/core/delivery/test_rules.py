from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.contract import Channel, KeyType, Status
from api.core.delivery.rules import (
    RETRY_DELAYS_SECONDS,
    Candidate,
    Move,
    Record,
    balance,
    delivery_route,
    draw,
    next_attempt,
    simulated_outcome,
)
from api.queue import QueueName, TaskName

NOW = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(1, 10), (2, 30), (3, 60), (4, 120), (5, 300), (51, 300), (52, None), (90, None)],
)
def test_retries_come_soon_then_every_five_minutes_then_never(attempts, seconds):
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert next_attempt(NOW, attempts) == expected


def test_retries_take_about_four_hours_in_all():
    assert 3.9 < sum(RETRY_DELAYS_SECONDS) / 3600 < 4.1


@pytest.mark.parametrize(
    ("channel", "key_type", "task", "queue"),
    [
        (Channel.SMS, KeyType.NORMAL, TaskName.DELIVER_SMS, QueueName.SEND_SMS),
        (Channel.SMS, KeyType.TEAM, TaskName.DELIVER_SMS, QueueName.SEND_SMS),
        (Channel.EMAIL, KeyType.NORMAL, TaskName.DELIVER_EMAIL, QueueName.SEND_EMAIL),
        (Channel.EMAIL, KeyType.TEST, TaskName.DELIVER_EMAIL, QueueName.RESEARCH),
        (Channel.SMS, KeyType.TEST, TaskName.DELIVER_SMS, QueueName.RESEARCH),
    ],
)
def test_messages_of_test_keys_wait_apart(channel, key_type, task, queue):
    assert delivery_route(channel, key_type) == (task, queue)


@pytest.mark.parametrize(
    ("channel", "recipient", "status"),
    [
        (Channel.SMS, "447700900003", Status.TEMPORARY_FAILURE),
        (Channel.SMS, "447700900002", Status.PERMANENT_FAILURE),
        (Channel.SMS, "447700900001", Status.DELIVERED),
        (Channel.SMS, "33639980001", Status.DELIVERED),
        (Channel.EMAIL, "temp-fail@simulator.notify", Status.TEMPORARY_FAILURE),
        (Channel.EMAIL, "perm-fail@simulator.notify", Status.PERMANENT_FAILURE),
        (Channel.EMAIL, "Perm-Fail@simulator.notify", Status.DELIVERED),
        (Channel.EMAIL, "delivered@simulator.notify", Status.DELIVERED),
    ],
)
def test_outcome_of_a_test_key_is_decided_by_the_recipient(channel, recipient, status):
    assert simulated_outcome(channel, recipient, recipient) == status


def candidates(**weights: int) -> list[Candidate]:
    return [Candidate(name, weight, supports_international=True) for name, weight in weights.items()]


@pytest.mark.parametrize(
    ("weights", "chance", "name"),
    [
        ({"a": 60, "b": 40}, 0.0, "a"),
        ({"a": 60, "b": 40}, 0.5999, "a"),
        ({"a": 60, "b": 40}, 0.6, "b"),
        ({"a": 60, "b": 40}, 0.9999, "b"),
        ({"a": 1}, 0.9999, "a"),
        ({"a": 0, "b": 5}, 0.0, "b"),
        ({"a": 20, "b": 30, "c": 50}, 0.5, "c"),
    ],
)
def test_draw_is_by_weight_among_any_number(weights, chance, name):
    found = draw(candidates(**weights), chance)
    assert found is not None
    assert found.name == name


def test_weight_zero_stands_by_until_there_is_no_other():
    assert draw(candidates(a=0), 0.5) == candidates(a=0)[0]
    assert draw([], 0.5) is None


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=6),
    st.floats(0, 1, exclude_max=True, allow_nan=False),
)
def test_draw_always_finds_somebody_and_prefers_weight(weights, chance):
    known = [
        Candidate(str(place), weight, supports_international=True) for place, weight in enumerate(weights)
    ]
    found = draw(known, chance)
    assert found in known
    assert found.weight > 0 or not any(weights)


def record(name: str = "a", **values) -> Record:
    return Record(
        **{"name": name, "weight": 100, "resting_weight": 100, "seconds_since_move": 999.0} | values
    )


@pytest.mark.parametrize(
    ("records", "moves"),
    [
        pytest.param([record("a"), record("b")], {}, id="all well"),
        pytest.param([record("a", failed=3), record("b", handed_over=9)], {"a": 5}, id="dead"),
        pytest.param([record("a", handed_over=7, failed=3), record("b")], {"a": 5}, id="one in three fails"),
        pytest.param([record("a", handed_over=100, failed=3), record("b")], {}, id="few of many fail"),
        pytest.param([record("a", failed=2), record("b")], {}, id="two failures prove nothing"),
        pytest.param([record("a", failed=9), record("b", failed=9)], {}, id="all dead: nobody to move to"),
        pytest.param([record("a", failed=9)], {}, id="alone"),
        pytest.param([record("a", failed=9, weight=5), record("b")], {}, id="low enough already"),
        pytest.param([record("a", slow_share=0.15), record("b")], {"a": 75}, id="slow"),
        pytest.param([record("a", slow_share=0.14), record("b")], {}, id="hardly slow"),
        pytest.param([record("a", slow_share=0.5), record("b", slow_share=0.5)], {}, id="all slow"),
        pytest.param(
            [record("a", slow_share=0.5, seconds_since_move=299), record("b")],
            {},
            id="slow, lowered just now",
        ),
        pytest.param([record("a", weight=5), record("b")], {"a": 30}, id="recovered"),
        pytest.param(
            [record("a", weight=90), record("b")], {"a": 100}, id="not beyond the operator's weight"
        ),
        pytest.param([record("a", weight=5, seconds_since_move=14), record("b")], {}, id="moved just now"),
        pytest.param([record("a", weight=5, failed=1), record("b")], {}, id="still fails"),
        pytest.param([record("a", weight=5, slow_share=0.2), record("b")], {}, id="still slow"),
        pytest.param([record("a", weight=1, resting_weight=2), record("b")], {"a": 2}, id="small weights"),
        pytest.param(
            [record("a", failed=5), record("b", failed=5), record("c")], {"a": 5, "b": 5}, id="two of three"
        ),
    ],
)
def test_weights_leave_failing_and_slow_providers_and_come_back(records, moves):
    assert {move.name: move.weight for move in balance(records)} == moves


def test_every_move_says_why():
    assert balance([record("a", handed_over=6, failed=4), record("b")]) == [
        Move("a", 5, "4 of the last 10 messages were not taken")
    ]


@given(
    st.lists(
        st.builds(
            record,
            name=st.uuids().map(str),
            weight=st.integers(0, 100),
            resting_weight=st.integers(0, 100),
            handed_over=st.integers(0, 500),
            failed=st.integers(0, 500),
            slow_share=st.none() | st.floats(0, 1),
        ),
        max_size=5,
    )
)
def test_moves_stay_in_bounds_and_change_something(records):
    weights = {known.name: known for known in records}
    for move in balance(records):
        assert 0 <= move.weight <= 100
        assert move.weight != weights[move.name].weight
        assert move.weight <= max(weights[move.name].resting_weight, weights[move.name].weight)
