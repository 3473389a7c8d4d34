"""`notifications config …`"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from api.cli.docs import write
from api.cli.groups import Area
from api.cli.operator import Operator, json_option

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings

    from api.config import PatchSettings

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
    from api.patch_series.loading import load_patches, settings_of

    settings = load_settings()
    records = list(_records(settings))
    for patch in load_patches(settings):
        own = settings_of(patch)
        records += _records_of_patch(own) if own else []
    operator.show_all(records, ("setting", "value", "source"))


@config.command("docs", example="config docs --check")
@click.option("--check", is_flag=True, help="Write nothing; status 1 when the page is out of date.")
@click.option(
    "--file", "path", type=click.Path(dir_okay=False, path_type=Path), default=PAGE, show_default=True
)
def docs_(*, check: bool, path: Path) -> None:
    """Write the reference page of all settings."""
    from datetime import date

    from api.cli.reference import configuration_reference
    from api.patch_series.reading import find_folder, read_series

    write(path, configuration_reference(read_series(find_folder(), today=date.min)), check=check)


def _records(settings: "BaseSettings", prefix: str = "") -> Iterator[dict[str, Any]]:
    for name in type(settings).model_fields:
        yield {
            "setting": (prefix + name).upper(),
            "value": _masked(name, getattr(settings, name)),
            "source": "environment" if name in settings.model_fields_set else "default",
        }


def _records_of_patch(own: "type[PatchSettings]") -> list[dict[str, Any]]:
    """Of a patch that is not set up, which of its settings are missing."""
    from api.config import InvalidConfigurationError

    prefix = own.model_config.get("env_prefix") or ""
    try:
        return list(_records(own.load(), prefix))
    except InvalidConfigurationError as error:
        return [
            {"setting": name, "value": None, "source": problem}
            for name, _, problem in (found.partition(": ") for found in error.problems)
        ]


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
