"""`notifications suppressions …`: what operators see, add and take back."""

import click
import pytest

from api.cli.suppressions import suppressions
from api.contract import Channel, Status
from api.core.suppressions.models import Suppression
from api.core.suppressions.rules import SuppressionReason
from tests.factories import make_notification, make_service, make_template

ADDRESS, NUMBER = "lea.unique@exemple.fr", "+33 6 12 34 56 78"


@pytest.fixture
def learnt(own_runtime):
    """One address that bounced for a service, and one that complained to another."""
    services = []
    for address, reason in (("a@exemple.fr", "hard-bounce"), ("b@exemple.fr", "complaint")):
        service = make_service(own_runtime)
        template = make_template(own_runtime, service, Channel.EMAIL)
        message = make_notification(own_runtime, template, status=Status.PERMANENT_FAILURE)
        with own_runtime.unit_of_work() as work:
            work.session.add(
                Suppression(
                    channel="email",
                    recipient=address,
                    reason=reason,
                    provider="smtp",
                    notification_id=message.id,
                    detail="5.1.1",
                )
            )
        services.append(service)
    return services


def recipients(found) -> list[str]:
    return [record["recipient"] for record in found]


def test_operator_suppresses_and_takes_it_back(notifications):
    added = notifications.json("suppressions", "add", ADDRESS.upper())
    assert (added["channel"], added["recipient"], added["reason"]) == ("email", ADDRESS, "operator")
    assert notifications.json("suppressions", "show", ADDRESS)["id"] == added["id"]
    assert added["expires_at"] is None
    removed = notifications.json("suppressions", "remove", ADDRESS, "--yes")
    assert removed["id"] == added["id"]
    assert notifications.json("suppressions", "list") == []


def test_number_is_found_however_it_is_written(notifications):
    assert notifications.json("suppressions", "add", NUMBER)["recipient"] == "33612345678"
    assert notifications.json("suppressions", "show", "+33612345678")["channel"] == "sms"


def test_trail_tells_of_both_without_the_person(notifications):
    notifications("suppressions", "add", ADDRESS)
    notifications("suppressions", "remove", ADDRESS, "--yes")
    events = notifications.json("events", "list")
    assert [event["type"] for event in events[:2]] == ["suppression.removed", "suppression.added"]
    assert events[0]["subject_id"] == events[1]["subject_id"]
    assert events[0]["data"] == {"via": "cli", "channel": "email", "reason": "operator"}


@pytest.mark.parametrize("arguments", [("show", ADDRESS), ("remove", ADDRESS, "--yes"), ("add", "nobody")])
def test_recipient_that_is_not_there_or_none(notifications, arguments):
    assert notifications.error("suppressions", *arguments)["field"] == "recipient"


def test_recipient_is_added_once(notifications):
    notifications("suppressions", "add", ADDRESS)
    notifications("suppressions", "add", ADDRESS, status=1)
    assert len(notifications.json("suppressions", "list")) == 1


def test_hesitating_changes_nothing(notifications):
    notifications("suppressions", "add", ADDRESS)
    notifications("suppressions", "remove", ADDRESS, input="n\n", status=1)
    assert recipients(notifications.json("suppressions", "list")) == [ADDRESS]


def test_list_is_searched_and_paged(notifications, learnt):
    everything = notifications.json("suppressions", "list")
    assert recipients(everything) == ["b@exemple.fr", "a@exemple.fr"]
    assert [bool(record["expires_at"]) for record in everything] == [False, True]
    page = ("--limit", "1", "--older-than", everything[0]["id"])
    for options, expected in (
        (("--reason", "complaint"), ["b@exemple.fr"]),
        (("--channel", "sms"), []),
        (("--service", str(learnt[0].id)), ["a@exemple.fr"]),
        (("--limit", "1"), ["b@exemple.fr"]),
        (page, ["a@exemple.fr"]),
    ):
        assert recipients(notifications.json("suppressions", "list", *options)) == expected


def test_every_reason_can_be_looked_for():
    [option] = [option for option in suppressions.commands["list"].params if option.name == "reason"]
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == list(SuppressionReason)


def test_callback_for_complaints_can_be_set(notifications, service):
    notifications("callbacks", "set", service, "complaint", "https://exemple.fr/plaintes", "--generate-token")
    [callback] = notifications.json("callbacks", "list", service)
    assert callback["callback_type"] == "complaint"
