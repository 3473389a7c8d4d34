"""Queues, routes and schedule fit the names that publishers use."""

import subprocess
import sys

import pytest

from api.config import load_settings
from api.queue import QueueName, TaskName
from api.workers.app import ROUTES, make_celery
from api.workers.schedule import SCHEDULE


@pytest.fixture(scope="module")
def celery():
    celery = make_celery(load_settings(environment="test"))
    celery.loader.import_default_modules()
    return celery


def test_every_task_name_has_a_task_and_a_route(celery):
    ours = {name for name in celery.tasks if not name.startswith("celery.")}
    assert ours == set(TaskName) == set(ROUTES)


def test_every_queue_is_durable_and_bound_to_nothing(celery):
    assert set(celery.amqp.queues) == set(QueueName)
    for queue in celery.amqp.queues.values():
        assert (queue.durable, queue.auto_delete) == (True, False)
        assert (queue.exchange.name, queue.routing_key) == ("", queue.name)


@pytest.mark.parametrize("name", sorted(SCHEDULE))
def test_scheduled_tasks_exist_and_expire(celery, name):
    entry = SCHEDULE[name]
    assert entry["task"] in celery.tasks
    assert entry["options"]["queue"] in set(QueueName)
    assert 5 <= entry["options"]["expires"] <= 3600


def test_messages_are_json_and_acknowledged_late(celery):
    conf = celery.conf
    assert (conf.task_serializer, conf.accept_content, conf.timezone) == ("json", ["json"], "UTC")
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.task_ignore_result) == (True,) * 3
    assert conf.result_backend is None


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--queues", "send-sms-tasks,nowhere"], "--queues: nowhere; there are notify-internal-tasks"),
        (["--queues", ","], "--queues: none given"),
        (["--processes", "0"], "--processes and --threads: at least 1"),
    ],
)
def test_wrong_options_are_named(arguments, problem):
    run = [sys.executable, "-m", "api.workers.run", *arguments]
    ended = subprocess.run(run, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert problem in ended.stderr
    assert "Traceback" not in ended.stderr


def test_unusable_configuration_is_told_without_a_traceback():
    import os

    ended = subprocess.run(
        [sys.executable, "-m", "api.workers.run"],
        env=os.environ | {"SECRET_KEYS": "short", "SMTP_PORT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "SMTP_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr
