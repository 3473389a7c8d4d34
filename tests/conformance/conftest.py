"""Fixtures on one real server for the whole run."""

from collections.abc import Iterator

import pytest
from notifications_python_client.notifications import NotificationsAPIClient

from api.runtime import Runtime
from scripts.conformance_suite.deployment import Deployment, read_state
from scripts.conformance_suite.http_client import HttpClient
from tests.conformance.adapter import runtime_of
from tests.conformance.live_server import LiveServer, start_once
from tests.services import Run


@pytest.fixture(scope="session")
def server(service_run: Run) -> LiveServer:
    return start_once(service_run)


@pytest.fixture(scope="session")
def deployment(server: LiveServer) -> Deployment:
    return read_state(server.state)


@pytest.fixture(scope="session")
def http(server: LiveServer) -> Iterator[HttpClient]:
    client = HttpClient(server.api_url)
    yield client
    client.close()


@pytest.fixture(scope="session")
def runtime(server: LiveServer) -> Iterator[Runtime]:
    """Of the running server: for states that only a test needs."""
    runtime = runtime_of(server.environment)
    yield runtime
    runtime.close()


@pytest.fixture
def client(request: pytest.FixtureRequest, deployment: Deployment) -> Iterator[NotificationsAPIClient]:
    """The official Python client with the live key, or the key that the test names by a parameter."""
    found = NotificationsAPIClient(
        deployment.keys[getattr(request, "param", "live")], base_url=deployment.api_url
    )
    yield found
    found.request_session.close()
