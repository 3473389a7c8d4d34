"""Statistics and billing facts: the same rows from the same messages, however often they are counted."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from api.contract import Channel, KeyType, Status
from api.core.billing.commands import RateInPastError, refresh_billing, set_rate
from api.core.billing.models import BillingFact
from api.core.notifications.retention import delete_expired
from api.core.statistics.commands import moving_days, refresh_statistics
from api.core.statistics.models import ProcessingTimeFact, StatusFact
from api.runtime import Runtime
from tests.factories import make_notification, make_service, make_template

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)


def status_facts(runtime: Runtime, service) -> dict[tuple[str, str], int]:
    with runtime.database.session() as session:
        rows = session.scalars(
            select(StatusFact).where(StatusFact.service_id == service.id, StatusFact.day == DAY)
        )
        return {(row.notification_type, row.notification_status): row.notification_count for row in rows}


def billing_facts(runtime: Runtime, service) -> list[BillingFact]:
    with runtime.database.session() as session:
        return list(session.scalars(select(BillingFact).where(BillingFact.service_id == service.id)))


@pytest.fixture
def service(runtime: Runtime):
    return make_service(runtime)


def test_a_day_is_counted_by_channel_and_status(runtime: Runtime, service) -> None:
    text, email = make_template(runtime, service), make_template(runtime, service, Channel.EMAIL)
    for status in (Status.DELIVERED, Status.DELIVERED, Status.PERMANENT_FAILURE):
        make_notification(runtime, text, created_at=NOON, status=status)
    make_notification(runtime, email, created_at=NOON, status=Status.DELIVERED)
    make_notification(runtime, text, created_at=NOON, status=Status.DELIVERED, key_type=KeyType.TEST)
    make_notification(runtime, text, created_at=NOON + timedelta(days=1), status=Status.DELIVERED)
    refresh_statistics(runtime, [DAY])
    refresh_statistics(runtime, [DAY])
    assert status_facts(runtime, service) == {
        ("sms", "delivered"): 2,
        ("sms", "permanent-failure"): 1,
        ("email", "delivered"): 1,
    }


def test_counts_stay_when_messages_become_history(runtime: Runtime, service) -> None:
    make_notification(runtime, make_template(runtime, service), created_at=NOON, status=Status.DELIVERED)
    refresh_statistics(runtime, [DAY])
    before = status_facts(runtime, service)
    delete_expired(runtime, NOON + timedelta(days=30))
    refresh_statistics(runtime, [DAY])
    assert status_facts(runtime, service) == before == {("sms", "delivered"): 1}


def test_a_status_that_changes_moves_its_count(runtime: Runtime, service) -> None:
    from api.core.notifications.models import Notification

    message = make_notification(
        runtime, make_template(runtime, service), created_at=NOON, status=Status.SENDING
    )
    refresh_statistics(runtime, [DAY])
    with runtime.unit_of_work() as work:
        work.session.get_one(Notification, message.id).status = Status.DELIVERED
    refresh_statistics(runtime, [DAY])
    assert status_facts(runtime, service) == {("sms", "delivered"): 1}


def test_processing_time_counts_messages_of_the_api_handed_over_within_ten_seconds(
    runtime: Runtime, service
) -> None:
    from uuid import uuid4

    day = date(2026, 11, 18)
    noon = datetime(2026, 11, 18, 12, tzinfo=UTC)
    template = make_template(runtime, service)
    for seconds in (1, 10, 11):
        make_notification(
            runtime, template, created_at=noon, sent_at=noon + timedelta(seconds=seconds), api_key_id=uuid4()
        )
    make_notification(runtime, template, created_at=noon, sent_at=noon, api_key_id=None)
    refresh_statistics(runtime, [day])
    with runtime.database.session() as session:
        fact = session.get_one(ProcessingTimeFact, day)
    assert (fact.messages_total, fact.messages_within_10_secs) == (3, 2)


def test_the_days_that_move_are_today_and_four_before(runtime: Runtime) -> None:
    days = moving_days(runtime, NOON)
    assert days == [DAY - timedelta(days=back) for back in range(5)]


def test_fragments_are_billed_at_the_price_of_their_day(runtime: Runtime, service) -> None:
    set_rate(runtime, Channel.SMS, NOON + timedelta(days=900), 9999)  # a price to come changes nothing
    template = make_template(runtime, service)
    for status, units in (
        (Status.DELIVERED, 2),
        (Status.TEMPORARY_FAILURE, 1),
        (Status.TECHNICAL_FAILURE, 5),
    ):
        make_notification(
            runtime, template, created_at=NOON, status=status, billable_units=units, sent_by="sandbox"
        )
    refresh_billing(runtime, [DAY])
    refresh_billing(runtime, [DAY])
    (fact,) = billing_facts(runtime, service)
    assert (fact.billable_units, fact.notifications_sent, fact.provider) == (3, 2, "sandbox")
    assert fact.rate != 9999


def test_test_keys_are_not_billed(runtime: Runtime, service) -> None:
    template = make_template(runtime, service)
    make_notification(runtime, template, created_at=NOON, status=Status.DELIVERED, key_type=KeyType.TEST)
    refresh_billing(runtime, [DAY])
    assert billing_facts(runtime, service) == []


def test_a_price_cannot_change_the_past(runtime: Runtime) -> None:
    set_rate(runtime, Channel.EMAIL, datetime.now(UTC), 0)
    with pytest.raises(RateInPastError):
        set_rate(runtime, Channel.EMAIL, NOON - timedelta(days=400), 10)
