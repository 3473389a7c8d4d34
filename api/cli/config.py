"""`notifications config …`"""

from pathlib import Path
from typing import Any

import click

from api.cli.docs import write
from api.cli.groups import Area
from api.cli.operator import Operator, json_option

PAGE = Path("docs/reference/configuration.md")


@click.group(cls=Area)
def config() -> None:
    """The configuration of this deployment."""


@config.command("show", example="config show --json")
@json_option
@click.pass_obj
def show(operator: Operator) -> None:
    """Show the settings in force and where they come from; secrets are masked."""
    from api.config import load_settings

    settings = load_settings()
    given = settings.model_fields_set
    records = [
        {
            "setting": name.upper(),
            "value": _masked(name, getattr(settings, name)),
            "source": "environment" if name in given else "default",
        }
        for name in type(settings).model_fields
    ]
    operator.show_all(records, ("setting", "value", "source"))


@config.command("docs", example="config docs --check")
@click.option("--check", is_flag=True, help="Write nothing; status 1 when the page is out of date.")
@click.option(
    "--file", "path", type=click.Path(dir_okay=False, path_type=Path), default=PAGE, show_default=True
)
def docs_(*, check: bool, path: Path) -> None:
    """Write the reference page of all settings."""
    from api.cli.reference import configuration_reference

    write(path, configuration_reference(), check=check)


def _masked(name: str, value: Any) -> Any:
    """Addresses keep all but their password; other secrets keep nothing."""
    from pydantic import SecretStr
    from sqlalchemy import make_url

    if isinstance(value, dict):
        return {inner: _masked(name, secret) for inner, secret in value.items()}
    if isinstance(value, list):
        return [_masked(name, inner) for inner in value]
    if not name.endswith("_url"):
        return "********" if isinstance(value, SecretStr) else value
    address = value.get_secret_value() if isinstance(value, SecretStr) else value
    return make_url(address).render_as_string(hide_password=True) if address else address
