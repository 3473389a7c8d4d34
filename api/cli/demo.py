"""`notifications demo …`"""

from pathlib import Path

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option


@click.group(cls=Area)
def demo() -> None:
    """A service to try things with."""


@demo.command("load", example="demo load --file .data/demo.json")
@click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".data/demo.json"),
    show_default=True,
    help="Where scripts find keys and passwords; only its owner can read it.",
)
@json_option
@click.pass_obj
def load(operator: Operator, path: Path) -> None:
    """Make a live service with people, keys and templates; what is there already stays as it is."""
    from api.core.command_errors import ConflictError
    from api.demo import load_demo_file

    if operator.runtime.settings.environment == "production":
        raise ConflictError("The demo has well-known accounts: it is not for ENVIRONMENT=production")
    operator.show(load_demo_file(operator.runtime, path))
