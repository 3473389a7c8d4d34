"""What operators do about quiet hours."""

import uuid
from datetime import time
from pathlib import Path

import pytest

from api.config import load_settings
from api.contract import Channel
from api.core.delivery.deliver import deliver
from api.core.events.queries import list_events
from api.providers.protocol import Accepted
from api.runtime import make_runtime
from notifications_utils.sending_hours import QuietHours
from tests.api.cli.conftest import Notifications
from tests.api.core.delivery.scripted import Scripted, make_dispatcher
from tests.factories import make_notification, make_service, make_template
from tests.patches.quiet_hours.conftest import HELD_NUMBER, REUNION, french_slots


@pytest.fixture
def environment(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "OBJECT_STORE_DIR": str(tmp_path / "objects"),
        "CACHE_SECONDS": "0",
    }


@pytest.fixture
def notifications(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Notifications:
    monkeypatch.setattr("api.runtime.load_slots", french_slots)
    return Notifications(environment)


def test_quiet_hours_are_chosen_shown_and_dropped(runtime, notifications):
    service = make_service(runtime)
    name = str(service.id)
    assert notifications.json("services", "show", name)["quiet_hours"] is None
    chosen = notifications.json("services", "quiet-hours", name, "21:30-08:00", "--sundays", "--holidays")
    assert chosen["quiet_hours"] == "21:30-08:00, Sundays, holidays"
    assert runtime.services.find(service.id).quiet_hours == QuietHours(time(21, 30), time(8), True, True)
    assert notifications.json("services", "quiet-hours", name, "12:00-14:00")["quiet_hours"] == "12:00-14:00"
    assert notifications.json("services", "quiet-hours", name, "off")["quiet_hours"] is None
    assert runtime.services.find(service.id).quiet_hours is None
    with runtime.unit_of_work() as work:
        told = [
            event.data["quiet_hours"] for event in list_events(work.session, service_id=service.id, limit=9)
        ]
    assert told == [
        ["12:00-14:00", None],
        ["21:30-08:00, Sundays, holidays", "12:00-14:00"],
        [None, "21:30-08:00, Sundays, holidays"],
    ]


@pytest.mark.parametrize(
    "hours", ["21:30", "24:00-08:00", "21:60-08:00", "8:00-9:00", "08:00-08:00", "nights", "21:30-08:00 CET", "²1:30-08:00"]
)  # fmt: skip
def test_hours_that_make_no_sense_are_refused(runtime, notifications, hours):
    service = make_service(runtime)
    assert notifications.error("services", "quiet-hours", str(service.id), hours)["field"] == "quiet_hours"


def test_days_without_hours_are_refused(runtime, notifications):
    notifications("services", "quiet-hours", str(make_service(runtime).id), "off", "--sundays", status=2)


def test_deployment_that_holds_nothing_says_so(runtime, environment):
    notifications = Notifications(environment | {"PATCHES": "none"})
    service = str(make_service(runtime).id)
    error = notifications.error("services", "quiet-hours", service, "21:30-08:00")
    assert error["type"] == "QuietHoursUnavailableError"
    assert notifications.json("services", "quiet-hours", service, "off")["quiet_hours"] is None


def test_template_becomes_urgent_without_a_version(runtime, notifications):
    template = str(make_template(runtime, make_service(runtime)).id)
    assert notifications.json("templates", "show", template)["urgent"] is False
    changed = notifications.json("templates", "change", template, "--urgent")
    assert (changed["urgent"], changed["version"]) == (True, 1)
    changed = notifications.json("templates", "change", template, "--not-urgent", "--name", "Rappel")
    assert (changed["urgent"], changed["version"]) == (False, 2)


def test_history_tells_until_when_and_why_a_text_waits_and_that_it_was_released(
    runtime, service, opening, notifications
):
    template = make_template(runtime, service)
    message = make_notification(runtime, template, normalised_to=HELD_NUMBER.removeprefix("+"))
    deliver(make_dispatcher(runtime, alpha=Scripted(Accepted("r"))), Channel.SMS, message.id)
    shown = notifications.json("notifications", "show", str(message.id))
    (held,) = [step for step in shown["steps"] if step["what"] == "held"]
    assert f"{opening:%Y-%m-%d %H:%M} UTC" in held["detail"]
    assert "Indian/Reunion" in held["detail"]

    refused = notifications("notifications", "release", str(service.id), status=1, input="n\n")
    assert "1 text" in refused.output
    assert notifications.json("notifications", "release", str(service.id), "--yes") == {"released": 1}
    assert notifications.json("notifications", "release", str(service.id), "--yes") == {"released": 0}
    shown = notifications.json("notifications", "show", str(message.id))
    assert "released" in [step["what"] for step in shown["steps"]]


def test_unknown_service_is_not_released(notifications):
    error = notifications.error("notifications", "release", str(uuid.uuid4()), "--yes")
    assert error["type"] == "ServiceNotFoundError"


def test_days_of_the_deployment_are_the_calendars_unless_set(environment):
    settings = load_settings(**{name.lower(): value for name, value in environment.items()})
    for chosen, expected in ((None, "Europe/Paris"), ("Indian/Reunion", REUNION.key)):
        runtime = make_runtime(settings.model_copy(update={"timezone": chosen}), french_slots(settings))
        assert runtime.timezone == expected
        runtime.close()
