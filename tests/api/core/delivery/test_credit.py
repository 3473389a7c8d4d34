"""Operators are told of an account that runs low: once, whoever looks, and again after it was filled up."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from sqlalchemy import text

from api.config import InvalidConfigurationError, load_settings
from api.contract import Channel
from api.core import alerts
from api.core.delivery.credit import LOW, RESTORED, check_credit, read_balance
from api.core.events.queries import list_events
from api.doctor import Level, check_providers
from api.providers.protocol import Accepted, Credit
from api.runtime import Runtime
from tests.api.core.callbacks.service_endpoint import Endpoint, running_endpoint
from tests.api.core.delivery.scripted import Scripted


class Prepaid(Scripted):
    credit_alert_below: float = 100

    def __init__(self, remaining: float | Exception | None) -> None:
        super().__init__(Accepted(None))
        self.remaining = remaining

    def get_credit(self) -> Credit | None:
        if isinstance(self.remaining, Exception):
            raise self.remaining
        return None if self.remaining is None else Credit(self.remaining, "texts")


@pytest.fixture
def hook() -> Iterator[Endpoint]:
    with running_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def watched(runtime: Runtime, hook: Endpoint) -> Runtime:
    """Whose operators listen."""
    with runtime.database.autocommit() as connection:
        connection.execute(text("DELETE FROM events WHERE event_type LIKE 'provider.credit%'"))
    settings = runtime.settings.model_copy(update={"alert_webhook_url": SecretStr(hook.url)})
    return replace(runtime, settings=settings)


def check(runtime: Runtime, provider: object) -> int:
    return len(check_credit(runtime, {Channel.SMS: {"alpha": provider}}))


def events(runtime: Runtime) -> list[tuple[str, float]]:
    """Oldest first."""
    with runtime.database.session() as session:
        found = [event for event in list_events(session) if event.event_type in {LOW, RESTORED}]
        return [(event.event_type, event.data["remaining"]) for event in reversed(found)]


def test_each_fall_below_the_threshold_is_told_once(watched, hook, caplog):
    provider = Prepaid(100)
    told = []
    for provider.remaining in (100, 99, 12.5, 0, 5000, 4000, 3):
        told.append(check(watched, provider))
    assert told == [0, 1, 0, 0, 0, 0, 1]
    assert events(watched) == [(LOW, 99), (RESTORED, 5000), (LOW, 3)]
    assert [orjson.loads(seen.body) for seen in hook.seen] == [
        {"event": "credit_low", "provider": "alpha", "channel": "sms", "remaining": left, "unit": "texts"}
        for left in (99, 3)
    ]
    warnings = [record for record in caplog.records if record.getMessage() == "credit_low"]
    assert [record.levelno for record in warnings] == [logging.WARNING] * 2


def test_accounts_are_told_of_apart(watched, hook):
    providers = {
        Channel.SMS: {"alpha": Prepaid(1), "beta": Prepaid(2), "full": Prepaid(1000)},
        Channel.EMAIL: {"alpha": Prepaid(3)},
    }
    assert len(check_credit(watched, providers)) == 3
    assert check_credit(watched, providers) == []
    assert {
        (body["provider"], body["channel"]) for body in (orjson.loads(seen.body) for seen in hook.seen)
    } == {
        ("alpha", "sms"),
        ("beta", "sms"),
        ("alpha", "email"),
    }


def test_checks_that_run_at_once_tell_once(watched, hook):
    checks = [threading.Thread(target=check, args=[watched, Prepaid(1)]) for _ in range(4)]
    for started in checks:
        started.start()
    for ended in checks:
        ended.join()
    assert len(hook.seen) == 1
    assert events(watched) == [(LOW, 1)]


@pytest.mark.parametrize(
    "provider", [Scripted(Accepted(None)), Prepaid(None), Prepaid(RuntimeError("33639980001"))]
)
def test_provider_that_tells_no_credit_is_left_alone(watched, hook, provider):
    assert read_balance(Channel.SMS, "alpha", provider) is None
    assert check(watched, provider) == 0
    assert not events(watched)
    assert not hook.seen


def test_credit_is_measured(watched):
    check(watched, Prepaid(412))
    labels = {"provider": "alpha", "channel": "sms"}
    assert REGISTRY.get_sample_value("provider_credit", labels) == 412


def test_log_and_trail_do_without_a_hook(runtime, watched):
    assert runtime.settings.alert_webhook_url is None
    assert check(runtime, Prepaid(1)) == 1
    assert events(runtime) == [(LOW, 1)]


@pytest.fixture
def at_once(monkeypatch):
    """Alerts are tried again without a pause."""
    monkeypatch.setattr(alerts, "_PAUSES_SECONDS", (0, 0))


@pytest.mark.parametrize(
    ("answers", "tries", "is_taken"),
    [((200,), 1, True), ((503, 429, 204), 3, True), ((302,), 3, False), ((500,), 3, False)],
)
def test_alert_is_tried_until_the_hook_takes_it(watched, hook, at_once, caplog, answers, tries, is_taken):
    hook.answer(*answers, Location=hook.url)
    assert alerts.send_alert(watched.settings, "credit_low", remaining=1.5) is is_taken
    assert len(hook.seen) == tries
    assert hook.url not in caplog.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/secret", "http://[secret"])
def test_hook_that_is_away_breaks_nothing(runtime, watched, at_once, caplog, url):
    settings = runtime.settings.model_copy(update={"alert_webhook_url": SecretStr(url)})
    assert check(replace(runtime, settings=settings), Prepaid(1)) == 1
    assert "alert_not_taken" in caplog.messages
    assert "secret" not in caplog.text


def test_hook_without_a_scheme_is_refused_at_start():
    with pytest.raises(InvalidConfigurationError) as refused:
        load_settings(alert_webhook_url="hooks.exemple.fr/secret")
    (problem,) = refused.value.problems
    assert problem.startswith("ALERT_WEBHOOK_URL")
    assert "secret" not in problem


@pytest.mark.parametrize(("left", "level"), [(99, Level.WARNING), (100, Level.OK), (None, Level.OK)])
def test_doctor_warns_of_low_credit(runtime, left, level):
    slots = replace(runtime.slots, sms_providers={"sandbox": lambda _: Prepaid(left)})
    findings = [
        finding
        for finding in check_providers(replace(runtime, slots=slots))
        if "sandbox (sms)" in finding.message
    ]
    assert [finding.level for finding in findings] == [level]
    assert ("99 texts" in findings[0].message) == (level is Level.WARNING)
