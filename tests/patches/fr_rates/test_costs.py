"""From the number that is texted to the bill: each step knows the place, and its price at that date."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select

from api.app import create_app
from api.contract import Channel, KeyType, Status
from api.core.billing.commands import RateInPastError, refresh_billing, set_rate
from api.core.billing.models import BillingFact
from api.core.billing.queries import monthly_usage
from api.core.command_errors import InvalidValueError
from api.core.jobs.models import Job
from api.core.jobs.process import process_job
from api.core.jobs.rows import JobRow, object_key, write_rows
from api.core.notifications.models import Notification
from api.core.notifications.retention import delete_expired
from api.db.ids import uuid7
from tests.factories import make_key, make_notification, make_rate, make_service, make_template

NOON = (datetime.now(UTC) - timedelta(days=40)).replace(hour=12, minute=0, second=0, microsecond=0)
DAY = NOON.date()
PLACES = {
    "0612345678": ("FR", 1, False),
    "0690001234": ("GP", 2, False),
    "0692123456": ("RE", 2, False),
    "0639001234": ("YT", 2, False),
    "+687751234": ("NC", 1, False),
    "+32470123456": ("BE", 3, True),
}


@pytest.fixture
def service(runtime):
    return make_service(runtime)


@pytest.fixture
def template(runtime, service):
    return make_template(runtime, service, content="Bonjour")


def messages_of(runtime, template):
    with runtime.database.session() as session:
        query = select(Notification).where(Notification.template_id == template.id)
        return {
            row.to: (row.destination, row.rate_multiplier, row.international)
            for row in session.scalars(query)
        }


def facts_of(runtime, service):
    """Destination → (fragments, multiplier, rate)."""
    with runtime.database.session() as session:
        rows = session.scalars(select(BillingFact).where(BillingFact.service_id == service.id))
        return {row.destination: (row.billable_units, row.rate_multiplier, row.rate) for row in rows}


def test_messages_of_the_api_know_their_destination(runtime, service, template):
    client, key = create_app(runtime.settings, runtime).test_client(), make_key(runtime, service)
    for number in PLACES:
        body = {"template_id": str(template.id), "phone_number": number}
        answer = client.post("/v2/notifications/sms", json=body, headers=key.headers)
        assert answer.status_code == 201, answer.get_json()
    assert messages_of(runtime, template) == PLACES


def test_messages_of_a_job_know_their_destination(runtime, template):
    rows = [JobRow(index, number, {}, None) for index, number in enumerate(PLACES)]
    now = datetime.now(UTC)
    job = Job(
        id=uuid7(),
        service_id=template.service_id,
        template_id=template.id,
        template_version=1,
        original_file_name="liste.csv",
        notification_count=len(rows),
        key_type=KeyType.NORMAL,
        due_at=now + timedelta(minutes=5),
        created_at=now,
    )
    runtime.objects.put(object_key(job.id), write_rows(rows))
    with runtime.unit_of_work() as work:
        work.session.add(job)
    process_job(runtime, job.id)
    assert messages_of(runtime, template) == PLACES


def test_place_then_group_then_default_at_the_price_of_the_day(runtime, service, template):
    for rate, destination, days_ago in (
        (450, "", 800),
        (900, "overseas", 800),
        (1000, "GP", 800),
        (1200, "GP", 500),
        (9999, "GP", -30),
        (9999, "domestic", -30),
    ):
        make_rate(runtime, rate, destination=destination, days_ago=days_ago)
    for destination, multiplier in (("FR", 1), ("GP", 2), ("RE", 2), ("NC", 1), ("BE", 3), (None, 1)):
        make_notification(
            runtime,
            template,
            created_at=NOON,
            status=Status.DELIVERED,
            destination=destination,
            rate_multiplier=multiplier,
            billable_units=2,
        )
    expected = {
        "FR": (2, 1, 450),
        "GP": (2, 1, 1200),
        "RE": (2, 1, 900),
        "NC": (2, 1, 450),
        "BE": (2, 3, 450),
        "": (2, 1, 450),
    }
    refresh_billing(runtime, [DAY])
    refresh_billing(runtime, [DAY])
    assert facts_of(runtime, service) == expected
    delete_expired(runtime, NOON + timedelta(days=30))
    refresh_billing(runtime, [DAY])
    assert facts_of(runtime, service) == expected


def test_a_multiplier_that_changed_during_the_day_does_not_split_a_place_with_a_price(
    runtime, service, template
):
    make_rate(runtime, 900, destination="overseas", days_ago=800)
    for multiplier in (1, 2):
        make_notification(
            runtime,
            template,
            created_at=NOON,
            status=Status.DELIVERED,
            destination="GP",
            rate_multiplier=multiplier,
        )
    refresh_billing(runtime, [DAY])
    assert facts_of(runtime, service) == {"GP": (2, 1, 900)}


def test_without_a_price_messages_are_counted_and_cost_nothing(runtime, service, template):
    make_notification(
        runtime, template, created_at=NOON, status=Status.SENT, destination="BE", rate_multiplier=3
    )
    refresh_billing(runtime, [DAY])
    assert facts_of(runtime, service) == {"BE": (1, 3, 0)}


@pytest.mark.parametrize(
    ("destination", "multiplier", "cost", "details"),
    [
        ("GP", 2, 0.24, {"international_rate_multiplier": 1, "sms_rate": 0.12}),
        ("RE", 2, 0.18, {"international_rate_multiplier": 1, "sms_rate": 0.09}),
        ("BE", 3, 0.27, {"international_rate_multiplier": 3, "sms_rate": 0.045}),
    ],
)
def test_the_api_tells_the_price_of_the_place(
    runtime, service, template, destination, multiplier, cost, details
):
    make_rate(runtime, 450)
    make_rate(runtime, 900, destination="overseas")
    make_rate(runtime, 1200, destination="GP")
    message = make_notification(
        runtime,
        template,
        status=Status.DELIVERED,
        destination=destination,
        rate_multiplier=multiplier,
        billable_units=2,
    )
    client, key = create_app(runtime.settings, runtime).test_client(), make_key(runtime, service)
    answer = client.get(f"/v2/notifications/{message.id}", headers=key.headers).get_json()
    assert answer["is_cost_data_ready"] is True
    assert answer["cost_in_pounds"] == pytest.approx(cost)
    assert answer["cost_details"] == {"billable_sms_fragments": 2} | details


def test_what_was_billed_at_a_wider_price_keeps_it(runtime):
    past = datetime.now(UTC) - timedelta(days=100)
    set_rate(runtime, Channel.SMS, past, 1200, "GP")
    set_rate(runtime, Channel.SMS, past, 900, "overseas")
    set_rate(runtime, Channel.SMS, past, 450)
    with pytest.raises(RateInPastError):
        set_rate(runtime, Channel.SMS, past + timedelta(days=1), 1100, "RE")
    set_rate(runtime, Channel.SMS, datetime.now(UTC), 1100, "RE")


def test_a_price_is_for_a_place_that_exists(runtime):
    with pytest.raises(InvalidValueError):
        set_rate(runtime, Channel.SMS, datetime.now(UTC), 450, "Guadeloupe")


def test_usage_is_by_month_channel_and_place(runtime, service, template):
    email = make_template(runtime, service, Channel.EMAIL)
    make_rate(runtime, 450, days_ago=20_000)
    make_rate(runtime, 900, destination="overseas", days_ago=20_000)
    autumn = datetime(2026, 10, 20, 12, tzinfo=UTC)
    # In Paris, 23 o'clock in London is the next day already, hence the next year.
    new_year = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    for moment, destination in ((new_year, "FR"), (autumn, "FR"), (autumn, "FR"), (autumn, "GP")):
        make_notification(
            runtime,
            template,
            created_at=moment,
            status=Status.DELIVERED,
            destination=destination,
            billable_units=3,
        )
    make_notification(runtime, email, created_at=autumn, status=Status.DELIVERED)
    refresh_billing(runtime, [autumn.date(), date(2025, 12, 31), date(2026, 1, 1)])
    with runtime.database.autocommit() as connection:
        lines = monthly_usage(connection, service.id, date(2026, 1, 1), date(2027, 1, 1))
        connection.execute(delete(BillingFact).where(BillingFact.service_id == service.id))
    assert [
        (line.year, line.month, line.channel, line.destination, line.messages, line.fragments, line.cost)
        for line in lines
    ] == [
        (2026, 1, "sms", "FR", 1, 3, 1350),
        (2026, 10, "email", "", 1, 0, 0),
        (2026, 10, "sms", "FR", 2, 6, 2700),
        (2026, 10, "sms", "GP", 1, 3, 2700),
    ]
