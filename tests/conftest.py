"""Fixtures for real servers. Each is started when the first test asks for it and stopped with the run.

| fixture | gives |
|---|---|
| `database_url` | this worker's migrated PostgreSQL database, shared by its tests: roll back, or clean up |
| `separate_database_url` | a migrated database of the test's own |
| `empty_database_url` | a database of the test's own without tables |
| `redis_url` | this worker's Redis, emptied before the test |
| `redis_server` | the same, with `stop()` and `start()` for tests of faults |
| `rabbitmq_url` | this worker's virtual host of a private node; skipped where RabbitMQ is not installed |
"""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import redis

from tests.services import PostgresServer, RedisServer, Run, start_rabbitmq

RUN = pytest.StashKey[Run]()
# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")


def pytest_configure(config: pytest.Config) -> None:
    # Tests are of the core alone, unless they ask for patches.
    os.environ.setdefault("PATCHES", "none")
    worker_input = getattr(config, "workerinput", None)
    if worker_input:
        config.stash[RUN] = Run(Path(worker_input["run_folder"]), worker_input["run_owner"])
    else:
        config.stash[RUN] = Run.begin()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    run = node.config.stash[RUN]
    node.workerinput["run_folder"] = str(run.folder)
    node.workerinput["run_owner"] = run.owner


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and RUN in config.stash:
        config.stash[RUN].end()


@pytest.fixture(scope="session")
def service_run(request: pytest.FixtureRequest) -> Run:
    return request.config.stash[RUN]


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """Name of this process among those that share the run."""
    worker_input = getattr(request.config, "workerinput", None)
    return worker_input["workerid"] if worker_input else "master"


@pytest.fixture(scope="session")
def postgres_server(service_run: Run) -> PostgresServer:
    return PostgresServer(service_run, _migrate)


@pytest.fixture(scope="session")
def database_url(postgres_server: PostgresServer, worker: str) -> str:
    return postgres_server.create_database(f"tests_{worker}")


@pytest.fixture
def separate_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture
def empty_database_url(postgres_server: PostgresServer) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    yield postgres_server.create_database(name, migrated=False)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def _own_redis(service_run: Run, worker: str) -> Iterator[RedisServer]:
    server = RedisServer(service_run, worker)
    yield server
    server.stop()


@pytest.fixture
def redis_server(_own_redis: RedisServer) -> RedisServer:
    _own_redis.start()  # the test before may have left it stopped
    with redis.Redis.from_url(_own_redis.url) as client:
        client.flushall()
    return _own_redis


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url


@pytest.fixture(scope="session")
def rabbitmq_url(service_run: Run, worker: str) -> str:
    try:
        return start_rabbitmq(service_run, worker)
    except LookupError as reason:
        pytest.skip(str(reason))


def _migrate(url: str) -> None:
    from api.db.engine import Database, normalise_database_url
    from api.db.migrate import upgrade

    database = Database(normalise_database_url(url))
    try:
        upgrade(database.engine)
    finally:
        database.dispose()
