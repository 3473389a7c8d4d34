"""Rotation of the keys that seal data at rest."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import LargeBinary, func, select, update

from api.config import load_settings
from api.contract import CallbackType, KeyType
from api.core.callbacks.models import CallbackDelivery, ServiceCallback
from api.core.jobs.models import Job
from api.core.rotation import JOB_FILES, SEALED_COLUMNS, Progress, key_usage, rotate
from api.core.services.models import ApiKey
from api.core.tables import metadata
from api.keyring import UnreadableSecretError
from api.runtime import Runtime, make_runtime
from tests.factories import make_inbound_sms, make_key, make_notification, make_service, make_template

OLD, NEW = "une ancienne clé assez longue pour servir", "une nouvelle clé assez longue pour servir"
KEYS = 5
JOB_ID = uuid.UUID("019a54c2-7c1e-7b4f-9d2e-0c5a1b2d3e4f")


@contextmanager
def running(environment: dict[str, str], *secrets: str) -> Iterator[Runtime]:
    settings = load_settings(
        **{name.lower(): value for name, value in environment.items()}, secret_keys=",".join(secrets)
    )
    runtime = make_runtime(settings)
    yield runtime
    runtime.close()


@pytest.fixture
def sealed_with_old_key(environment) -> None:
    """Something in each sealed column, and a file."""
    with running(environment, OLD) as runtime:
        service = make_service(runtime)
        for _ in range(KEYS):
            make_key(runtime, service, KeyType.TEST)
        template = make_template(runtime, service)
        for _ in range(3):
            make_notification(runtime, template)
        make_notification(runtime, template, personalisation=None)
        make_inbound_sms(runtime, service, "Merci !")
        seal = runtime.keyring.seal_text
        with runtime.unit_of_work() as work:
            work.session.add_all(
                [
                    ServiceCallback(
                        service_id=service.id,
                        callback_type=CallbackType.INBOUND_SMS,
                        url="https://exemple.fr",
                        bearer_token=seal("service_callback.bearer_token", "un jeton"),
                    ),
                    CallbackDelivery(
                        service_id=service.id,
                        callback_type=CallbackType.INBOUND_SMS,
                        subject_id=uuid.uuid4(),
                        payload=seal("callback_delivery.payload", "{}"),
                    ),
                    Job(
                        id=JOB_ID,
                        service_id=service.id,
                        template_id=template.id,
                        template_version=1,
                        original_file_name="destinataires.csv",
                        notification_count=3,
                        key_type=KeyType.NORMAL,
                    ),
                ]
            )
        runtime.objects.put(f"jobs/{JOB_ID}", b"phone number\n")


def open_everything(runtime: Runtime) -> int:
    """How many values there are; raises when one cannot be opened."""
    count = 0
    with runtime.database.autocommit() as connection:
        for sealed in SEALED_COLUMNS:
            for value in connection.scalars(select(sealed.column).where(sealed.column.is_not(None))):
                runtime.keyring.open(sealed.purpose, value)
                count += 1
    runtime.objects.get(f"jobs/{JOB_ID}")
    return count


def test_no_sealed_column_is_forgotten():
    binary = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert {sealed.name for sealed in SEALED_COLUMNS} == binary


def test_rotation_makes_the_old_key_useless(environment, sealed_with_old_key):
    with running(environment, NEW) as runtime, pytest.raises(UnreadableSecretError):
        open_everything(runtime)
    with running(environment, NEW, OLD) as runtime:
        assert all(usage.current == 0 for usage in key_usage(runtime))
        results = {result.name: result for result in rotate(runtime, lambda _: None)}
        assert results["api_keys.secret"] == Progress("api_keys.secret", KEYS, 0)
        assert results["notifications.personalisation"].resealed == 3
        assert results[JOB_FILES].resealed == 1
        assert all(usage.older == 0 for usage in key_usage(runtime))
    with running(environment, NEW) as runtime:
        assert open_everything(runtime) == KEYS + 3 + 3


def test_interrupted_rotation_goes_on_where_it_was(environment, sealed_with_old_key):
    def interrupt(progress: Progress) -> None:
        if progress.resealed == 2:
            raise KeyboardInterrupt

    with running(environment, NEW, OLD) as runtime:
        with pytest.raises(KeyboardInterrupt):
            rotate(runtime, interrupt, batch=2)
        assert key_usage(runtime)[0].current == 2
        assert open_everything(runtime)

        told: list[Progress] = []
        rotate(runtime, told.append, batch=2)
        of_keys = [progress.resealed for progress in told if progress.name == "api_keys.secret"]
        assert of_keys == [2, 3]
        assert all(usage.older == 0 for usage in key_usage(runtime))


def test_value_that_no_key_opens_stays_and_is_counted(environment, sealed_with_old_key):
    with (
        running(environment, "une clé perdue assez longue pour servir") as lost,
        running(environment, NEW, OLD) as runtime,
    ):
        with runtime.unit_of_work() as work:
            first = work.session.scalar(select(func.min(ApiKey.id.cast(ApiKey.name.type))))
            foreign = lost.keyring.seal_text("api_key.secret", "perdu")
            work.session.execute(update(ApiKey).where(ApiKey.id == uuid.UUID(first)).values(secret=foreign))
        assert rotate(runtime, lambda _: None, batch=2)[0] == Progress("api_keys.secret", KEYS - 1, 1)
        assert key_usage(runtime)[0].older == 1


def test_commands_tell_what_is_left(notifications, sealed_with_old_key):
    environment = {"SECRET_KEYS": f"{NEW},{OLD}"}
    before = notifications.json("keys-ring", "status", environment=environment, status=1)
    assert {usage["name"]: usage["older"] for usage in before}["api_keys.secret"] == KEYS
    rotated = notifications.json("keys-ring", "rotate", environment=environment)
    assert all(result["still_older"] == 0 for result in rotated)
    notifications("keys-ring", "status", environment=environment)
    without = notifications.json("keys-ring", "rotate", environment={"SECRET_KEYS": NEW})
    assert all(result["unreadable"] == 0 for result in without)
