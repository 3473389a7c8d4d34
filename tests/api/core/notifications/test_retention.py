from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from api.contract import Channel, KeyType
from api.core.inbound.models import InboundSms
from api.core.jobs.models import Job
from api.core.notifications.models import Notification, NotificationHistory
from api.core.notifications.retention import delete_expired
from api.object_store import ObjectNotFoundError
from api.runtime import Runtime
from tests.factories import (
    make_inbound_sms,
    make_notification,
    make_notifications,
    make_service,
    make_template,
    set_retention,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def is_live(runtime: Runtime, notification) -> bool:
    with runtime.database.session() as session:
        return session.get(Notification, notification.id) is not None


def history_of(runtime: Runtime, notification) -> NotificationHistory | None:
    with runtime.database.session() as session:
        return session.get(NotificationHistory, notification.id)


@pytest.mark.parametrize(
    ("age", "kept"),
    [
        pytest.param(0, True, id="today"),
        pytest.param(7.49, True, id="within the seventh day, counted from midnight"),
        pytest.param(7.51, False, id="before that midnight"),
        pytest.param(30, False, id="long ago"),
    ],
)
def test_messages_leave_after_seven_days_counted_from_midnight(
    runtime: Runtime, age: float, kept: bool
) -> None:
    message = make_notification(
        runtime, make_template(runtime, make_service(runtime)), created_at=days_ago(age)
    )
    delete_expired(runtime, NOW)
    assert is_live(runtime, message) is kept
    assert (history_of(runtime, message) is None) is kept


@pytest.mark.parametrize(("sent", "kept"), [(-0.5, True), (7.49, True), (7.51, False)])
def test_message_put_off_to_a_later_day_counts_its_days_from_then(
    runtime: Runtime, sent: float, kept: bool
) -> None:
    template = make_template(runtime, make_service(runtime))
    message = make_notification(runtime, template, created_at=days_ago(9), scheduled_for=days_ago(sent))
    delete_expired(runtime, NOW)
    assert is_live(runtime, message) is kept


def test_a_service_chooses_its_days_for_each_channel(runtime: Runtime) -> None:
    service = make_service(runtime)
    set_retention(runtime, service, Channel.SMS, 3)
    set_retention(runtime, service, Channel.EMAIL, 90)
    text = make_notification(runtime, make_template(runtime, service), created_at=days_ago(5))
    email = make_notification(
        runtime, make_template(runtime, service, Channel.EMAIL), created_at=days_ago(80)
    )
    delete_expired(runtime, NOW)
    assert not is_live(runtime, text)
    assert is_live(runtime, email)


def test_the_history_names_nobody(runtime: Runtime) -> None:
    message = make_notification(
        runtime,
        make_template(runtime, make_service(runtime)),
        created_at=days_ago(20),
        status="delivered",
        personalisation={"nom": "Canari"},
    )
    delete_expired(runtime, NOW)
    kept = history_of(runtime, message)
    assert kept is not None
    assert (kept.status, kept.billable_units) == ("delivered", message.billable_units)
    columns = set(NotificationHistory.__table__.columns.keys())
    assert not columns & {"to", "normalised_to", "personalisation", "reply_to_text", "unsubscribe_link"}


def test_messages_of_test_keys_leave_no_trace(runtime: Runtime) -> None:
    template = make_template(runtime, make_service(runtime))
    message = make_notification(runtime, template, created_at=days_ago(20), key_type=KeyType.TEST)
    delete_expired(runtime, NOW)
    assert not is_live(runtime, message)
    assert history_of(runtime, message) is None


def test_running_twice_changes_nothing_more(runtime: Runtime) -> None:
    template = make_template(runtime, make_service(runtime))
    make_notifications(runtime, template, 20, created_at=days_ago(20))
    first = delete_expired(runtime, NOW)
    assert first["notifications"] >= 20
    assert delete_expired(runtime, NOW)["notifications"] == 0
    with runtime.database.session() as session:
        count = session.scalar(
            select(func.count())
            .select_from(NotificationHistory)
            .where(NotificationHistory.template_id == template.id)
        )
    assert count == 20


def test_more_than_a_batch_leaves_in_one_run(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.core.notifications.retention.BATCH", 7)
    template = make_template(runtime, make_service(runtime))
    make_notifications(runtime, template, 20, created_at=days_ago(20))
    assert delete_expired(runtime, NOW)["notifications"] == 20


def test_received_texts_leave_like_sent_ones(runtime: Runtime) -> None:
    service = make_service(runtime)
    old = make_inbound_sms(runtime, service, created_at=days_ago(20))
    new = make_inbound_sms(runtime, service, created_at=days_ago(2))
    delete_expired(runtime, NOW)
    with runtime.database.session() as session:
        assert session.get(InboundSms, old.id) is None
        assert session.get(InboundSms, new.id) is not None


def test_the_file_of_a_job_leaves_with_its_messages(runtime: Runtime) -> None:
    template = make_template(runtime, make_service(runtime))
    job = make_job(runtime, template, created_at=days_ago(20), job_status="finished")
    runtime.objects.put(f"jobs/{job.id}", b"recipients")
    delete_expired(runtime, NOW)
    with pytest.raises(ObjectNotFoundError):
        runtime.objects.get(f"jobs/{job.id}")
    with runtime.database.session() as session:
        assert session.get_one(Job, job.id).archived


def make_job(runtime: Runtime, template, *, created_at: datetime, job_status: str) -> Job:
    from api.db.ids import first_uuid7_of

    job = Job(
        id=first_uuid7_of(created_at),
        service_id=template.service_id,
        template_id=template.id,
        template_version=1,
        original_file_name="liste.csv",
        notification_count=1,
        key_type="normal",
        job_status=job_status,
        created_at=created_at,
    )
    with runtime.unit_of_work() as work:
        work.session.add(job)
    return job
