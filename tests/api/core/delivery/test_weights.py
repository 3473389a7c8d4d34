"""Shares of the providers move with how they do, with a history, and come back."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from api.contract import Channel
from api.core.delivery.deliver import deliver
from api.core.delivery.weights import balance_providers, ensure_providers, measure_slowness
from api.providers.protocol import Accepted, NotSent
from api.runtime import Runtime
from tests.api.core.delivery.scripted import Scripted, make_dispatcher
from tests.factories import make_notification, make_notifications, make_service, make_template

NAMES = {Channel.SMS: {"alpha": "Alpha", "beta": "Beta"}}


@pytest.fixture
def template(runtime: Runtime):
    return make_template(runtime, make_service(runtime))


def run(runtime: Runtime, statement: str, **values) -> list[tuple]:
    with runtime.database.autocommit() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def weights(runtime: Runtime) -> dict[str, int]:
    return dict(run(runtime, "SELECT identifier, priority FROM provider_details"))


def history(runtime: Runtime, name: str) -> list[tuple[int, str]]:
    return run(
        runtime,
        "SELECT history.priority, history.reason FROM provider_details_history AS history "
        "JOIN provider_details AS details USING (id) WHERE identifier = :name ORDER BY history.version",
        name=name,
    )


def pass_time(runtime: Runtime, seconds: int) -> None:
    """As if everything known about the providers had happened earlier."""
    run(runtime, "UPDATE provider_tallies SET at = at - make_interval(secs => :seconds)", seconds=seconds)
    run(
        runtime,
        "UPDATE provider_details SET updated_at = updated_at - make_interval(secs => :seconds)",
        seconds=seconds,
    )


def test_configured_providers_get_the_whole_weight_once(runtime):
    make_dispatcher(runtime)
    for _ in range(2):
        ensure_providers(runtime.database, NAMES)
    assert weights(runtime) == {"alpha": 100, "beta": 100}
    assert history(runtime, "alpha") == [(100, "Configured")]


def test_share_leaves_a_dead_provider_at_once_and_comes_back(runtime, template):
    alpha, beta = Scripted(NotSent("no connection")), Scripted(Accepted("r"))
    dispatcher = make_dispatcher(runtime, alpha=alpha, beta=beta)
    ensure_providers(runtime.database, NAMES)
    for message_id in make_notifications(runtime, template, 60):
        deliver(dispatcher, Channel.SMS, message_id)
    assert len(alpha.given) == 3
    assert len(beta.given) == 60
    assert weights(runtime) == {"alpha": 5, "beta": 100}

    dispatcher.choice._tallies.flush()
    pass_time(runtime, 16)
    assert balance_providers(runtime.database) == {}, "it failed half a minute ago"
    pass_time(runtime, 30)
    for expected in (30, 55, 80, 100):
        balance_providers(runtime.database)
        assert weights(runtime)["alpha"] == expected
        pass_time(runtime, 16)
    assert balance_providers(runtime.database) == {}
    reasons = [reason for _, reason in history(runtime, "alpha")]
    assert reasons[1] == "Several messages in a row were not taken"
    assert reasons[-1] == "No failure lately: back towards 100"
    assert history(runtime, "beta") == [(100, "Configured")]


def test_provider_that_fails_now_and_then_is_given_less(runtime, template):
    every_third = [NotSent("overload"), Accepted("r"), NotSent("overload"), Accepted("r")] * 20
    dispatcher = make_dispatcher(runtime, alpha=Scripted(*every_third), beta=Scripted(Accepted("r")))
    ensure_providers(runtime.database, NAMES)
    for message_id in make_notifications(runtime, template, 40):
        deliver(dispatcher, Channel.SMS, message_id)
    dispatcher.choice._tallies.flush()
    (move,) = balance_providers(runtime.database)[Channel.SMS]
    assert (move.name, move.weight) == ("alpha", 5)
    assert "messages were not taken" in move.reason


def test_messages_go_by_weight(runtime, template, monkeypatch):
    monkeypatch.setattr("api.core.delivery.choice.random", random.Random(7))
    dispatcher = make_dispatcher(runtime, alpha=Scripted(Accepted("r")), beta=Scripted(Accepted("r")))
    ensure_providers(runtime.database, NAMES)
    run(runtime, "UPDATE provider_details SET priority = 25 WHERE identifier = 'beta'")
    chosen = Counter(dispatcher.choice.choose(Channel.SMS).name for _ in range(2000))
    assert 0.16 < chosen["beta"] / 2000 < 0.24


def test_inactive_provider_gets_nothing(runtime):
    dispatcher = make_dispatcher(runtime, alpha=Scripted(Accepted("r")), beta=Scripted(Accepted("r")))
    ensure_providers(runtime.database, NAMES)
    run(runtime, "UPDATE provider_details SET active = false WHERE identifier = 'alpha'")
    assert {dispatcher.choice.choose(Channel.SMS).name for _ in range(50)} == {"beta"}
    run(runtime, "UPDATE provider_details SET active = false")
    dispatcher.choice._details.clear()
    assert dispatcher.choice.choose(Channel.SMS) is None


def test_slow_provider_is_given_less(runtime, template):
    make_dispatcher(runtime)
    ensure_providers(runtime.database, NAMES)
    run(runtime, "DELETE FROM notifications WHERE sent_by IN ('alpha', 'beta')")
    sent_at = datetime.now(UTC) - timedelta(minutes=10)
    for place in range(10):
        for name, is_slow in (("alpha", place < 2), ("beta", False)):
            make_notification(
                runtime,
                template,
                created_at=sent_at + timedelta(milliseconds=place),
                sent_at=sent_at,
                updated_at=sent_at + timedelta(minutes=6 if is_slow else 1),
                status="delivered",
                sent_by=name,
            )
    pass_time(runtime, 301)
    measure_slowness(runtime.database)
    (move,) = balance_providers(runtime.database)[Channel.SMS]
    assert (move.name, move.weight) == ("alpha", 75)
    assert move.reason == "20% of its messages take five minutes or more"
    assert balance_providers(runtime.database) == {}, "deliveries need time to show"


def test_only_one_of_two_balances_moves(runtime):
    make_dispatcher(runtime)
    ensure_providers(runtime.database, NAMES)
    run(
        runtime,
        "INSERT INTO provider_tallies (identifier, notification_type, at, handed_over, failed) "
        "VALUES ('alpha', 'sms', now(), 0, 9)",
    )
    with runtime.database.session() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(7110672)"))
        assert balance_providers(runtime.database) == {}
    assert list(balance_providers(runtime.database)) == [Channel.SMS]
