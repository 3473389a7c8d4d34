"""Runs commands in this process, against a database of the test's own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.cli import cli
from api.config import load_settings
from api.runtime import Runtime, make_runtime


@dataclass(frozen=True)
class Notifications:
    """The command line, with the environment of a deployment."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, status: int = 0, **options: Any) -> Result:
        environment = self.environment | options.pop("environment", {})
        result = CliRunner().invoke(cli, arguments, env=environment, **options)
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        return result

    def json(self, *arguments: str, **options: Any) -> Any:
        return json.loads(self(*arguments, "--json", **options).stdout)

    def error(self, *arguments: str, **options: Any) -> dict[str, Any]:
        """What a refused command says of its error."""
        result = self(*arguments, "--json", status=1, **options)
        assert result.stdout == ""
        return json.loads(result.stderr)["error"]


@pytest.fixture
def environment(separate_database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "ENVIRONMENT": "test",
        "DATABASE_URL": separate_database_url,
        "REDIS_URL": redis_url,
        "OBJECT_STORE_DIR": str(tmp_path / "objects"),
        "CACHE_SECONDS": "0",
    }


@pytest.fixture
def notifications(environment: dict[str, str]) -> Notifications:
    return Notifications(environment)


@pytest.fixture
def own_runtime(environment: dict[str, str]) -> Iterator[Runtime]:
    """On the same database as the commands."""
    settings = load_settings(**{name.lower(): value for name, value in environment.items()})
    runtime = make_runtime(settings)
    yield runtime
    runtime.close()


@pytest.fixture
def service(notifications: Notifications) -> str:
    """Name of a live service."""
    notifications.json("services", "create", "Mairie de Test", "--live")
    return "Mairie de Test"
