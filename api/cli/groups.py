"""How commands are grouped, loaded and documented."""

import importlib
import os
from typing import Any

import click

from api.cli.operator import Operator
from api.cli.problems import problem_of

PROGRAM = "notifications"


class ExampleCommand(click.Command):
    """A command whose help ends with an example; a test runs all examples through the parser."""

    def __init__(self, *args: Any, example: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.example = f"{PROGRAM} {example}"

    def format_epilog(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Example"):
            formatter.write_text(self.example)


class Area(click.Group):
    """The commands of one kind of thing."""

    command_class = ExampleCommand


class Root(click.Group):
    """Loads an area's module when it is called for, and turns errors into sentences."""

    command_class = ExampleCommand

    def __init__(self, *args: Any, areas: dict[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self._areas = areas

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(self._areas)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in self._areas:
            return None
        module, _ = self._areas[name]
        command: click.Command = getattr(importlib.import_module(f"api.cli.{module}"), name.replace("-", "_"))
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table rather than from the commands: nothing has to be imported to be listed."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self._areas.items()])

    def invoke(self, context: click.Context) -> Any:
        if "NO_COLOR" in os.environ:
            context.color = False
        try:
            return super().invoke(context)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            operator = context.find_object(Operator)
            if operator is not None and operator.debug:
                raise
            raise problem_of(error, as_json=operator is not None and operator.as_json) from None
