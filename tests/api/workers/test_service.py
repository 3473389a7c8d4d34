"""The worker service with real brokers: nothing is lost, nothing is sent twice."""

import os
import signal
from datetime import UTC, datetime, timedelta

import orjson
import psutil
import pytest
from sqlalchemy import text

from api.contract import Channel, KeyType
from api.core.delivery.rules import delivery_route
from api.queue import QueueName, TaskName
from tests.api.workers.conftest import wait_until
from tests.factories import make_notification, make_notifications, make_service, make_template

pytestmark = pytest.mark.slow


@pytest.fixture
def template(runtime):
    return make_template(runtime, make_service(runtime))


def publish(runtime, ids, key_type=KeyType.NORMAL):
    task, queue = delivery_route(Channel.SMS, key_type)
    runtime.queue.publish_many(task, queue, [(str(message_id),) for message_id in ids])


def test_messages_published_before_any_worker_are_delivered(
    runtime, template, provider, broker, start_worker, count
):
    ids = make_notifications(runtime, template, 150)
    publish(runtime, ids)
    publish(runtime, ids[:20])  # duplicates
    worker = start_worker(processes=2)
    wait_until(lambda: count("status = 'sending' AND sent_at IS NOT NULL") == 150, "all are handed over")
    assert worker.stop() == 0
    assert set(provider.given.values()) == {1}
    assert count("reference = 'ref-' || id AND attempts = 1 AND sent_by = 'sandbox'") == 150
    finished = worker.lines("task_finished")
    assert len(finished) == 170
    assert {"task", "task_id", "duration"} <= set(finished[0])


def test_request_id_is_in_the_log_of_the_task(runtime, template, start_worker, count):
    message = make_notification(runtime, template)
    runtime.queue.publish(TaskName.DELIVER_SMS, QueueName.SEND_SMS, str(message.id), request_id="req-7")
    worker = start_worker()
    wait_until(lambda: worker.lines("task_finished"), "the task has ended")
    assert worker.lines("task_finished")[0]["request_id"] == "req-7"


def test_test_keys_messages_end_without_a_provider(runtime, template, provider, broker, start_worker, count):
    ids = make_notifications(runtime, template, 5, key_type=KeyType.TEST)
    start_worker()
    publish(runtime, ids, KeyType.TEST)
    wait_until(lambda: count("status = 'delivered'") == 5, "all are delivered")
    assert not provider.given


def test_stopped_worker_ends_what_it_does_and_leaves_the_rest(
    runtime, template, provider, broker, start_worker, count
):
    provider.delay = 0.3
    ids = make_notifications(runtime, template, 120)
    publish(runtime, ids)
    worker = start_worker(threads=4)
    wait_until(lambda: len(provider.given) >= 8, "it is at work")
    children = worker.children
    assert worker.stop() == 0
    assert not any(child.is_running() for child in children)
    assert count("status = 'sending' AND sent_at IS NULL") == 0, "what was begun is ended"
    left = count("status = 'created'")
    assert left > 0
    provider.delay = 0
    start_worker(threads=4)
    wait_until(lambda: count("status = 'sending'") == 120, "the queue still has the rest")
    assert set(provider.given.values()) == {1}


def test_killed_process_is_replaced_and_nothing_is_sent_twice(
    runtime, template, provider, broker, start_worker, start, count
):
    provider.delay = 0.2
    ids = make_notifications(runtime, template, 100, due_at=datetime.now(UTC) + timedelta(seconds=2))
    worker = start_worker(processes=2, threads=4)
    publish(runtime, ids)
    wait_until(lambda: len(provider.given) >= 20, "it is at work")
    worker.children[0].kill()
    start("celery", "-A", "api.workers.app", "beat", "--pidfile=")
    # The provider is asked about what it was given by the process that died, every half minute.
    publish_resolving = lambda: runtime.queue.publish(TaskName.RESOLVE_UNKNOWN, QueueName.PERIODIC)  # noqa: E731

    def all_handed_over() -> bool:
        if count("status = 'sending' AND sent_at IS NULL AND claimed_at < now() - interval '3 seconds'"):
            publish_resolving()
        return count("status = 'sending' AND sent_at IS NOT NULL") == 100

    wait_until(all_handed_over, "all are handed over", seconds=60)
    assert len(provider.given) == 100
    assert set(provider.given.values()) == {1}
    assert count("reference = 'ref-' || id") == 100
    died = worker.lines("worker_process_died")
    assert [line["exit_code"] for line in died] == [-signal.SIGKILL]
    assert len(worker.children) == 2


def test_processes_end_with_their_killed_parent(start_worker):
    worker = start_worker(processes=2)
    children = worker.children
    assert len(children) == 2
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    _, alive = psutil.wait_procs(children, timeout=15)
    assert not alive


def test_scheduler_brings_back_what_no_queue_has(runtime, template, broker, start_worker, start, count):
    make_notifications(runtime, template, 30, due_at=datetime.now(UTC))
    start_worker()
    for _ in range(2):  # a second scheduler does no harm
        start("celery", "-A", "api.workers.app", "beat", "--pidfile=")
    wait_until(lambda: count("status = 'sending' AND attempts = 1") == 30, "all are handed over")


def test_receipt_that_names_an_unwritten_reference_is_applied_later(
    runtime, template, broker, start_worker, count
):
    message = make_notification(
        runtime, template, status="sending", sent_by="sandbox", claimed_at=datetime.now(UTC)
    )
    document = {
        "channel": "sms",
        "provider": "sandbox",
        "status": "delivered",
        "code": "ok",
        "reference": "ref-late",
        "received_at": datetime.now(UTC),
    }
    worker = start_worker()
    runtime.queue.publish(TaskName.APPLY_RECEIPT, QueueName.RECEIPTS, orjson.dumps(document).decode())
    wait_until(lambda: worker.lines("task_put_off"), "it was too early")
    with runtime.database.autocommit() as connection:
        connection.execute(
            text("UPDATE notifications SET reference = 'ref-late' WHERE id = :id"), {"id": message.id}
        )
    wait_until(lambda: count("status = 'delivered'") == 1, "the receipt is applied")


def test_worker_outlives_its_broker(runtime, template, redis_server, start_worker, count):
    worker = start_worker()
    redis_server.stop()
    redis_server.start()
    ids = make_notifications(runtime, template, 10)
    publish(runtime, ids)
    wait_until(lambda: count("status = 'sending'") == 10, "it consumes again")
    assert worker.stop() == 0


def test_service_stays_small(start_worker):
    worker = start_worker(processes=2, threads=16)
    total = 0
    for process in (psutil.Process(worker.process.pid), *worker.children):
        total += process.memory_full_info().pss
    assert total < 250 * 1024 * 1024
