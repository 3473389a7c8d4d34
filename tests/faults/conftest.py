"""One system for all tests of faults, which run one after the other: each leaves it running."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.accounts import now_id
from tests.faults.system import System, alone, running_system
from tests.services import Run


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("faults"))


@pytest.fixture(scope="session")
def _system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running_system(tmp_path_factory.mktemp("faults") / "data") as system:
        yield system


@pytest.fixture
def system(_system: System, service_run: Run) -> Iterator[System]:
    with alone(service_run.folder):
        _system.behave(receipt_delay_ms=50)
        yield _system


@pytest.fixture
def since(system: System) -> str:
    """The smallest identifier that a message of this test can have."""
    return now_id()
