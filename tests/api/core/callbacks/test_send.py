"""Callbacks reach services, are tried again as the contract says, and never reach our own network."""

import socket
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import select, text

from api.contract import CallbackType
from api.core.callbacks import posting
from api.core.callbacks.commands import (
    InboundReport,
    StatusReport,
    delivery_status_rows,
    inbound_sms_rows,
    insert_callbacks,
    publish_callbacks,
    remove_callback,
    set_callback,
)
from api.core.callbacks.models import CallbackDelivery
from api.core.callbacks.queries import count_deliveries, list_callbacks, list_deliveries
from api.core.callbacks.send import republish_due_callbacks, send_callback
from api.runtime import Runtime
from tests.api.core.callbacks.service_endpoint import Endpoint, running_endpoint
from tests.factories import make_service

TOKEN = "jeton-du-service"
MOMENT = datetime(2026, 11, 2, 9, 0, 0, 120000, tzinfo=UTC)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with running_endpoint() as endpoint:
        yield endpoint
    posting._pool.cache_clear()


@pytest.fixture
def insecure(runtime: Runtime) -> Runtime:
    """May reach this machine."""
    update = {"allow_insecure_callbacks": True, "callback_timeout_seconds": 0.5}
    settings = runtime.settings.model_copy(update=update)
    return replace(runtime, settings=settings)


@pytest.fixture
def service(insecure: Runtime, endpoint: Endpoint):
    service = make_service(insecure)
    for callback_type in CallbackType:
        set_callback(insecure, service.id, callback_type, endpoint.url, TOKEN)
    return service


def report(service, **values) -> StatusReport:
    return StatusReport(
        **{
            "id": uuid.uuid4(),
            "service_id": service.id,
            "client_reference": "rdv-2041",
            "to": "+33639980001",
            "status": "delivered",
            "created_at": MOMENT,
            "updated_at": MOMENT + timedelta(seconds=7),
            "sent_at": MOMENT + timedelta(seconds=1),
            "notification_type": "sms",
            "template_id": uuid.UUID(int=7),
            "template_version": 3,
        }
        | values
    )


def queue(runtime: Runtime, rows) -> None:
    """As the functions do that change what services are told of."""
    with runtime.database.engine.begin() as connection:
        insert_callbacks(connection, rows)
    publish_callbacks(runtime, rows)


def queue_delivery_status(runtime: Runtime, told: StatusReport) -> None:
    queue(runtime, delivery_status_rows(runtime, [told]))


def queued(runtime: Runtime, service) -> CallbackDelivery:
    with runtime.database.session() as session:
        query = select(CallbackDelivery).where(CallbackDelivery.service_id == service.id)
        return session.scalars(query.order_by(CallbackDelivery.id.desc())).first()


def queue_and_send(runtime: Runtime, service) -> CallbackDelivery:
    queue_delivery_status(runtime, report(service))
    send_callback(runtime, queued(runtime, service).id, 0)
    return queued(runtime, service)


def test_delivery_status_has_the_contracts_form(insecure, service, endpoint):
    told = report(service)
    queue_delivery_status(insecure, told)
    send_callback(insecure, queued(insecure, service).id, 0)
    (seen,) = endpoint.seen
    assert (seen.method, seen.path) == ("POST", "/suivi?cle=a")
    assert seen.headers["Authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.headers["Host"] == f"127.0.0.1:{endpoint.port}"
    assert orjson.loads(seen.body) == {
        "id": str(told.id),
        "reference": "rdv-2041",
        "to": "+33639980001",
        "status": "delivered",
        "created_at": "2026-11-02T09:00:00.120000Z",
        "completed_at": "2026-11-02T09:00:07.120000Z",
        "sent_at": "2026-11-02T09:00:01.120000Z",
        "notification_type": "sms",
        "template_id": str(told.template_id),
        "template_version": 3,
    }


def test_missing_values_are_null(insecure, service, endpoint):
    queue_delivery_status(insecure, report(service, client_reference=None, sent_at=None, updated_at=None))
    send_callback(insecure, queued(insecure, service).id, 0)
    data = orjson.loads(endpoint.seen[0].body)
    assert [data[name] for name in ("reference", "completed_at", "sent_at")] == [None] * 3


def test_received_text_has_the_contracts_form(insecure, service, endpoint):
    told = InboundReport(uuid.uuid4(), service.id, "33639980002", "36180", "STOP", MOMENT)
    queue(insecure, inbound_sms_rows(insecure, told))
    send_callback(insecure, queued(insecure, service).id, 0)
    assert orjson.loads(endpoint.seen[0].body) == {
        "id": str(told.id),
        "source_number": "33639980002",
        "destination_number": "36180",
        "message": "STOP",
        "date_received": "2026-11-02T09:00:00.120000Z",
    }


@pytest.mark.parametrize(
    ("status", "notification_type", "is_told"),
    [
        ("delivered", "sms", True),
        ("permanent-failure", "email", True),
        ("temporary-failure", "sms", True),
        ("technical-failure", "email", True),
        ("pending", "sms", False),
        ("sent", "sms", False),
        ("sending", "email", False),
        ("delivered", "letter", False),
    ],
)
def test_only_final_statuses_of_texts_and_emails_are_told(
    insecure, service, status, notification_type, is_told
):
    queue_delivery_status(insecure, report(service, status=status, notification_type=notification_type))
    assert (queued(insecure, service) is not None) == is_told


def test_service_without_callback_costs_nothing(insecure, service):
    remove_callback(insecure, service.id, CallbackType.DELIVERY_STATUS)
    queue_delivery_status(insecure, report(service))
    assert queued(insecure, service) is None


def test_payload_is_sealed_in_the_database(insecure, service):
    queue_delivery_status(insecure, report(service))
    assert b"33639980001" not in queued(insecure, service).payload


@pytest.mark.parametrize(
    ("answer", "status", "is_tried_again"),
    [
        (200, "delivered", False),
        (204, "delivered", False),
        (302, "delivered", False),
        (400, "failed", False),
        (401, "failed", False),
        (404, "failed", False),
        (429, "pending", True),
        (500, "pending", True),
        (503, "pending", True),
    ],
)
def test_answers_decide_about_another_try(insecure, service, endpoint, answer, status, is_tried_again):
    endpoint.answer(answer)
    found = queue_and_send(insecure, service)
    assert (found.status, found.attempts, found.last_http_status) == (status, 1, answer)
    if not is_tried_again:
        assert found.due_at is None
        return
    wait = (found.due_at - datetime.now(UTC)).total_seconds()
    assert 290 < wait <= 300


def test_service_that_does_not_answer_in_time_is_tried_again(insecure, service, endpoint):
    endpoint.delay = 1.0
    found = queue_and_send(insecure, service)
    assert (found.status, found.last_http_status, found.last_error) == ("pending", None, "ReadTimeoutError")


def test_service_that_cannot_be_reached_is_tried_again(insecure, service):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    set_callback(insecure, service.id, CallbackType.DELIVERY_STATUS, url, TOKEN)
    found = queue_and_send(insecure, service)
    assert (found.status, found.last_error) == ("pending", "NewConnectionError")


def test_five_retries_then_it_is_given_up(insecure, service, endpoint):
    endpoint.answer(500)
    queue_delivery_status(insecure, report(service))
    callback_id = queued(insecure, service).id
    for attempts in range(8):
        send_callback(insecure, callback_id, attempts)
    assert len(endpoint.seen) == 6
    found = queued(insecure, service)
    assert (found.status, found.attempts, found.due_at) == ("failed", 6, None)


def test_second_copy_of_a_task_posts_nothing(insecure, service, endpoint):
    queue_delivery_status(insecure, report(service))
    callback_id = queued(insecure, service).id
    endpoint.delay = 0.2
    workers = [threading.Thread(target=send_callback, args=[insecure, callback_id, 0]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(endpoint.seen) == 1


def test_sweep_publishes_what_is_due_with_its_count(insecure, service, endpoint):
    endpoint.answer(500, 200)
    found = queue_and_send(insecure, service)
    with insecure.database.autocommit() as connection:
        connection.execute(
            text("UPDATE callback_deliveries SET due_at = now() WHERE id = :id"), {"id": found.id}
        )
    assert republish_due_callbacks(insecure) >= 1
    assert republish_due_callbacks(insecure) == 0
    send_callback(insecure, found.id, 1)
    assert queued(insecure, service).status == "delivered"


@pytest.mark.parametrize(
    ("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
)
def test_redirects_are_followed_as_http_libraries_do(insecure, service, endpoint, status, method):
    endpoint.answers = [(status, {"Location": "/ailleurs"}), (200, {})]
    assert queue_and_send(insecure, service).status == "delivered"
    assert [(seen.method, seen.path) for seen in endpoint.seen] == [
        ("POST", "/suivi?cle=a"),
        (method, "/ailleurs"),
    ]
    assert bool(endpoint.seen[1].body) == (method == "POST")


def test_token_does_not_follow_to_another_host(insecure, service, endpoint):
    with running_endpoint() as other:
        endpoint.answers = [(307, {"Location": other.url})]
        queue_and_send(insecure, service)
        assert "Authorization" not in other.seen[0].headers


def test_endless_redirects_fail(insecure, service, endpoint):
    endpoint.answers = [(302, {"Location": "/encore"})]
    found = queue_and_send(insecure, service)
    assert (found.status, found.last_error) == ("failed", "too many redirects")
    assert len(endpoint.seen) == 6


def test_names_that_lead_into_our_network_are_refused(runtime, service, endpoint, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", endpoint.port))])
    outcome = posting.post_json("https://exemple.fr/", b"{}", TOKEN, timeout_seconds=1, allow_insecure=False)
    assert (outcome.is_success, outcome.is_retryable, outcome.error) == (
        False,
        False,
        "the address is not allowed",
    )
    assert endpoint.seen == []


def test_redirect_into_our_network_is_not_followed(monkeypatch):
    asked: list[str] = []

    def answer(method, url, *_):
        asked.append(url)
        return 302, "http://169.254.169.254/latest/meta-data"

    monkeypatch.setattr(posting, "_request", answer)
    outcome = posting.post_json("https://exemple.fr/", b"{}", TOKEN, timeout_seconds=1, allow_insecure=False)
    assert asked == ["https://exemple.fr/"]
    assert outcome.error == "the address is not allowed"


def test_log_lists_newest_first_and_counts(insecure, service, endpoint):
    endpoint.answer(200, 404, 500)
    sent = [queue_and_send(insecure, service) for _ in range(3)]
    with insecure.database.autocommit() as connection:
        listed = list_deliveries(connection, service.id)
        assert [entry.id for entry in listed] == [entry.id for entry in reversed(sent)]
        assert [entry.status for entry in listed] == ["pending", "failed", "delivered"]
        assert [entry.id for entry in list_deliveries(connection, service.id, older_than=sent[1].id)] == [
            sent[0].id
        ]
        assert len(list_deliveries(connection, service.id, status="failed")) == 1
        assert list_deliveries(connection, service.id, callback_type=CallbackType.INBOUND_SMS) == []
        since = datetime.now(UTC) - timedelta(minutes=1)
        assert count_deliveries(connection, service.id, since) == {"pending": 1, "delivered": 1, "failed": 1}
        assert [callback.callback_type for callback in list_callbacks(connection, service.id)] == [
            "complaint",
            "delivery_status",
            "inbound_sms",
        ]


def test_callback_that_was_taken_away_meanwhile_fails(insecure, service, endpoint):
    queue_delivery_status(insecure, report(service))
    remove_callback(insecure, service.id, CallbackType.DELIVERY_STATUS)
    send_callback(insecure, queued(insecure, service).id, 0)
    assert queued(insecure, service).status == "failed"
    assert endpoint.seen == []
