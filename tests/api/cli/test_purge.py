"""Erasing a person: nothing that names them stays anywhere, and what is counted stays."""

import dataclasses
import json
import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import LargeBinary, select

from api.contract import CallbackType, Channel, JobStatus, KeyType, Status
from api.core.callbacks.models import CallbackDelivery
from api.core.complaints.models import Complaint
from api.core.days import local_day
from api.core.jobs.erase import erase_from_job
from api.core.jobs.models import Job
from api.core.jobs.rows import JobRow, object_key, read_rows, write_rows
from api.core.notifications.models import NotificationEvent, NotificationHistory, UnsubscribeRequest
from api.core.notifications.purge import PurgeReport
from api.core.rotation import SEALED_COLUMNS
from api.core.statistics.commands import refresh_statistics
from api.core.statistics.models import StatusFact
from api.core.suppressions.models import Suppression
from api.core.tables import metadata
from tests.factories import (
    make_guest,
    make_inbound_sms,
    make_notification,
    make_service,
    make_template,
    make_user,
)

ADDRESS, NUMBER, DIGITS = "canari.unique@exemple.fr", "+33 6 12 34 56 78", "33612345678"
PURPOSES = {sealed.name: sealed.purpose for sealed in SEALED_COLUMNS}
NOTHING = PurgeReport(**dict.fromkeys((field.name for field in dataclasses.fields(PurgeReport)), 0))


def places_of(runtime, *canaries: str) -> set[str]:
    """Columns of the whole database, opened where they are sealed, that hold one of the texts."""
    found = set()
    with runtime.database.autocommit() as connection:
        for table in metadata.tables.values():
            for row in connection.execute(select(table)).mappings():
                for column in table.columns:
                    text = _readable(runtime, f"{table.name}.{column.name}", column, row[column.name])
                    if any(canary in text.lower() for canary in canaries):
                        found.add(f"{table.name}.{column.name}")
    return found


def _readable(runtime, name, column, value) -> str:
    if value is None:
        return ""
    if isinstance(column.type, LargeBinary):
        return runtime.keyring.open_text(PURPOSES[name], value)
    return str(value)


@pytest.fixture
def traces(own_runtime) -> dict[str, uuid.UUID]:
    """The person in every place where a person can be, in two services, among others who stay."""
    runtime = own_runtime
    first, second = make_service(runtime), make_service(runtime)
    email = make_template(runtime, first, Channel.EMAIL)
    text = make_template(runtime, second, Channel.SMS)
    job = Job(
        service_id=first.id,
        template_id=email.id,
        template_version=1,
        original_file_name="destinataires.csv",
        notification_count=2,
        key_type=KeyType.NORMAL,
        job_status=JobStatus.FINISHED,
    )
    with runtime.unit_of_work() as work:
        work.session.add(job)
    rows = [JobRow(0, "autre@exemple.fr", {}), JobRow(1, f" {ADDRESS.upper()}", {"nom": "Canari"})]
    runtime.objects.put(object_key(job.id), write_rows(rows))

    to_address = {"to": f" {ADDRESS.upper()} ", "normalised_to": ADDRESS, "client_reference": ADDRESS}
    to_number = {"to": NUMBER, "normalised_to": DIGITS}
    delivered = make_notification(
        runtime,
        email,
        status=Status.DELIVERED,
        personalisation={"courriel": ADDRESS},
        job_id=job.id,
        **to_address,
    )
    waiting = make_notification(runtime, text, **to_number)
    test = make_notification(runtime, email, key_type=KeyType.TEST, **to_address)
    other = make_notification(runtime, text, to="+33639980001", normalised_to="33639980001")
    received = make_inbound_sms(runtime, second, f"Appelez le {DIGITS}", user_number=DIGITS)
    make_guest(runtime, first, ADDRESS)
    make_guest(runtime, second, DIGITS)
    _leave_traces_of_messages(runtime, delivered, received)
    return {
        "delivered": delivered.id,
        "waiting": waiting.id,
        "test": test.id,
        "other": other.id,
        "job": job.id,
    }


def _leave_traces_of_messages(runtime, delivered, received) -> None:
    seal = runtime.keyring.seal_text
    with runtime.unit_of_work() as work:
        work.session.add_all(
            [
                CallbackDelivery(
                    service_id=delivered.service_id,
                    callback_type=CallbackType.DELIVERY_STATUS,
                    subject_id=delivered.id,
                    payload=seal("callback_delivery.payload", json.dumps({"to": ADDRESS})),
                    last_error=f"404 for {ADDRESS}",
                ),
                CallbackDelivery(
                    service_id=received.service_id,
                    callback_type=CallbackType.INBOUND_SMS,
                    subject_id=received.id,
                    payload=seal("callback_delivery.payload", json.dumps({"source_number": DIGITS})),
                ),
                NotificationEvent(
                    notification_id=delivered.id, kind="receipt", detail=f"550 {ADDRESS} unknown"
                ),
                Complaint(
                    notification_id=delivered.id,
                    service_id=delivered.service_id,
                    provider="smtp",
                    feedback_id=f"<{ADDRESS}>",
                    complained_at=datetime.now(UTC),
                ),
                Suppression(channel=Channel.EMAIL, recipient=ADDRESS, reason="complaint"),
                Suppression(channel=Channel.SMS, recipient=DIGITS, reason="opt-out"),
                UnsubscribeRequest(
                    notification_id=delivered.id,
                    service_id=delivered.service_id,
                    template_id=delivered.template_id,
                    template_version=1,
                    email_address=ADDRESS.title(),
                ),
            ]
        )


def rows_of(runtime, job_id) -> list[JobRow]:
    return list(read_rows(runtime.objects.get(object_key(job_id))))


def set_status(runtime, job_id, status) -> None:
    with runtime.unit_of_work() as work:
        work.session.get_one(Job, job_id).job_status = status


def counts(runtime) -> dict[tuple[str, str], int]:
    day = local_day(datetime.now(UTC), runtime.timezone)
    refresh_statistics(runtime, [day])
    with runtime.unit_of_work() as work:
        facts = work.session.scalars(select(StatusFact)).all()
    return {(fact.notification_type, fact.notification_status): fact.notification_count for fact in facts}


def test_nothing_of_the_person_stays(notifications, own_runtime, traces):
    assert places_of(own_runtime, "canari", DIGITS) == {
        "callback_deliveries.last_error",
        "callback_deliveries.payload",
        "complaints.feedback_id",
        "guest_list.recipient",
        "inbound_sms.content",
        "inbound_sms.user_number",
        "notification_events.detail",
        "notifications.client_reference",
        "notifications.normalised_to",
        "notifications.personalisation",
        "notifications.to",
        "suppressions.recipient",
        "unsubscribe_requests.email_address",
    }

    by_address = notifications.json("recipients", "purge", ADDRESS.upper(), "--yes")
    by_number = notifications.json("recipients", "purge", NUMBER, "--yes")

    assert PurgeReport(**by_address) == dataclasses.replace(
        NOTHING,
        notifications=2,
        callback_deliveries=1,
        unsubscribe_requests=1,
        complaints=1,
        suppressions=1,
        guest_lists=1,
        job_files=1,
    )
    assert PurgeReport(**by_number) == dataclasses.replace(
        NOTHING, notifications=1, received_texts=1, callback_deliveries=1, suppressions=1, guest_lists=1
    )
    assert places_of(own_runtime, "canari", DIGITS) == set()
    assert rows_of(own_runtime, traces["job"]) == [JobRow(0, "autre@exemple.fr", {}), JobRow(1, "", {})]


def test_what_is_counted_stays(notifications, own_runtime, traces):
    before = counts(own_runtime)
    notifications("recipients", "purge", ADDRESS, "--yes")
    assert counts(own_runtime) == before

    notifications("recipients", "purge", NUMBER, "--yes")
    with own_runtime.unit_of_work() as work:
        kept = {row.id: row.status for row in work.session.scalars(select(NotificationHistory))}
        requests = work.session.scalars(select(UnsubscribeRequest)).all()
    assert kept == {traces["delivered"]: "delivered", traces["waiting"]: "cancelled"}
    assert [request.email_address for request in requests] == [""]
    shown = notifications.json("notifications", "show", str(traces["delivered"]))
    assert (shown["anonymous"], shown["status"]) == (True, "delivered")
    assert notifications.json("notifications", "show", str(traces["other"]))["status"] == "created"


def test_looking_and_hesitating_change_nothing(notifications, own_runtime, traces):
    before = places_of(own_runtime, "canari", DIGITS)
    assert notifications.json("recipients", "purge", ADDRESS, "--dry-run")["notifications"] == 2
    notifications("recipients", "purge", ADDRESS, input="n\n", status=1)
    assert places_of(own_runtime, "canari", DIGITS) == before


def test_purging_twice_finds_nothing_more(notifications, traces):
    notifications("recipients", "purge", ADDRESS, "--yes")
    assert PurgeReport(**notifications.json("recipients", "purge", ADDRESS, "--yes")) == NOTHING


def test_trail_says_that_somebody_was_erased_but_not_who(notifications, own_runtime, traces):
    notifications("recipients", "purge", ADDRESS, "--yes")
    event = notifications.json("events", "list")[0]
    assert (event["type"], event["data"]["notifications"]) == ("recipient.purged", 2)


def test_operator_hears_of_what_the_purge_leaves_alone(notifications, own_runtime, traces):
    make_user(own_runtime, email_address=ADDRESS)
    set_status(own_runtime, traces["job"], JobStatus.IN_PROGRESS)
    result = notifications("recipients", "purge", ADDRESS, "--yes")
    assert "users archive" in result.stderr
    assert "1 jobs" in result.stderr
    assert len(rows_of(own_runtime, traces["job"])) == 2


def test_row_of_a_job_that_waits_is_never_sent(notifications, own_runtime, traces):
    set_status(own_runtime, traces["job"], JobStatus.SCHEDULED)
    assert notifications.json("recipients", "purge", ADDRESS, "--dry-run")["job_files"] == 1
    notifications("recipients", "purge", ADDRESS, "--yes")
    assert rows_of(own_runtime, traces["job"]) == [JobRow(0, "autre@exemple.fr", {})]
    shown = notifications.json("jobs", "show", str(traces["job"]))
    assert (shown["rows"], shown["status"], shown["messages"]) == (1, "scheduled", {})
    assert notifications.json("jobs", "list", str(shown["service_id"]))[0]["rows"] == 1


def test_number_is_found_in_files_however_it_is_written(own_runtime, traces):
    rows = [JobRow(0, "0033 6 12 34 56 78", {}), JobRow(1, "+33612345679", {}), JobRow(2, "12345678", {})]
    own_runtime.objects.put(object_key(traces["job"]), write_rows(rows))
    assert erase_from_job(own_runtime, traces["job"], DIGITS)
    assert [row.recipient for row in rows_of(own_runtime, traces["job"])] == ["", "+33612345679", "12345678"]
