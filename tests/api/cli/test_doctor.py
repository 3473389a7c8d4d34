"""`doctor` names what is broken, and how to mend it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from api.contract import Channel
from api.queue import QueueName, TaskName
from tests.factories import make_key, make_notification, make_service, make_template

SUBJECTS = [
    "configuration",
    "patches",
    "database",
    "key ring",
    "redis",
    "broker",
    "providers",
    "files",
    "messages",
    "clock",
]


@pytest.fixture
def findings(notifications):
    """Those of a subject, by level."""

    def examine(subject, *, status=1, **environment):
        found = notifications.json("doctor", status=status, environment=environment)
        assert list(dict.fromkeys(finding["subject"] for finding in found)) == SUBJECTS
        assert all(finding["remedy"] for finding in found if finding["level"] != "ok")
        return [finding["level"] for finding in found if finding["subject"] == subject]

    return examine


@pytest.fixture(autouse=True)
def deployment(notifications):
    """With the smtp provider alone, which does not connect to be checked."""
    notifications.environment["EMAIL_PROVIDERS"] = "smtp"
    notifications.environment["SMTP_HOST"] = "127.0.0.1"
    notifications("db", "upgrade")


def test_sound_deployment_has_only_the_sandbox_to_complain_about(findings):
    for subject in set(SUBJECTS) - {"providers", "configuration"}:
        assert set(findings(subject)) == {"ok"}, subject
    assert findings("configuration") == ["warning"]


def test_database_away(findings):
    assert findings("database", DATABASE_URL="postgresql://personne@127.0.0.1:1/rien") == ["problem"]


def test_database_without_tables(findings, empty_database_url):
    assert "problem" in findings("database", DATABASE_URL=empty_database_url)


def test_partitions_that_end_soon(findings, own_runtime):
    with own_runtime.database.engine.begin() as connection:
        for name in connection.scalars(
            text(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'notifications'::regclass"
            )
        ).all():
            if not name.endswith("_default"):
                connection.execute(text(f'DROP TABLE "{name}"'))
    assert findings("database")[-1] == "problem"


def test_key_that_was_taken_away(findings, own_runtime):
    make_key(own_runtime, make_service(own_runtime))
    assert findings("key ring", SECRET_KEYS="une autre clé assez longue pour servir") == ["problem"]


def test_redis_and_broker_away(findings):
    away = "redis://127.0.0.1:1/0"
    assert findings("redis", REDIS_URL=away) == ["problem"]
    assert findings("broker", BROKER_URL=away) == ["problem"]


def test_waiting_tasks_are_counted(notifications, own_runtime):
    own_runtime.queue.publish_many(TaskName.DELIVER_SMS, QueueName.SEND_SMS, [("1",), ("2",)])
    found = notifications.json("doctor", status=1)
    (broker,) = [finding for finding in found if finding["subject"] == "broker"]
    assert "2 tasks" in broker["message"]


def test_unknown_provider(findings):
    assert "problem" in findings("providers", SMS_PROVIDERS="pigeons")


def test_channel_that_nobody_carries(findings, notifications):
    before = findings("providers").count("problem")
    notifications("providers", "change", "smtp", "email", "--inactive", "--reason", "Essai")
    assert findings("providers").count("problem") == before + 1


def test_files_that_cannot_be_written(findings, tmp_path):
    (tmp_path / "un fichier").touch()
    assert findings("files", OBJECT_STORE_DIR=str(tmp_path / "un fichier")) == ["problem"]


def test_messages_that_wait_too_long(findings, own_runtime):
    template = make_template(own_runtime, make_service(own_runtime), Channel.SMS)
    make_notification(own_runtime, template, due_at=datetime.now(UTC) - timedelta(days=1))
    assert findings("messages") == ["problem"]


def test_unusable_configuration_is_a_finding_too(notifications):
    found = notifications.json("doctor", status=1, environment={"SECRET_KEYS": "courte", "SMTP_PORT": "0"})
    assert {finding["subject"] for finding in found} == {"configuration"}
    assert {finding["level"] for finding in found} == {"problem"}


def test_people_see_levels_and_remedies(notifications):
    result = notifications("doctor", status=1)
    assert "→" in result.stdout
    assert "problem" in result.stdout
