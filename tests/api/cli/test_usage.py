"""What a service sent and what it cost, on the command line."""

from datetime import UTC, datetime

from api.contract import Status
from api.core.billing.commands import refresh_billing
from api.core.days import local_day
from api.core.services.queries import get_service
from tests.factories import make_notification, make_template


def test_usage_of_this_year_then_of_another(notifications, own_runtime, service):
    notifications.json("rates", "set", "0.05", "--from", "2020-01-01")
    with own_runtime.unit_of_work() as work:
        found = get_service(work.session, service)
    template = make_template(own_runtime, found)
    make_notification(own_runtime, template, status=Status.DELIVERED, billable_units=3, rate_multiplier=2)
    today = local_day(datetime.now(UTC), own_runtime.timezone)
    refresh_billing(own_runtime, [today])

    expected = {
        "month": f"{today:%Y-%m}",
        "channel": "sms",
        "destination": None,
        "messages": 1,
        "fragments": 3,
        "cost": "0.3000",
        "currency": "EUR",
    }
    assert notifications.json("usage", service) == [expected]
    assert notifications.json("usage", service, "--year", str(today.year)) == [expected]
    assert notifications.json("usage", service, "--year", str(today.year - 1)) == []
    assert "0.3000 EUR" in notifications("usage", service).output


def test_usage_of_a_service_that_does_not_exist(notifications):
    assert notifications.error("usage", "Personne")["field"] == "service"


def test_a_price_for_a_place_needs_rates_that_tell_places_apart(notifications):
    assert notifications.error("rates", "set", "0.05", "--destination", "GP")["field"] == "destination"
    notifications.json("rates", "set", "0.05")
    (rate,) = notifications.json("rates", "list")
    assert (rate["destination"], rate["amount"]) == (None, "0.0500")
    assert notifications.json("rates", "list", "--destination", "GP") == []
