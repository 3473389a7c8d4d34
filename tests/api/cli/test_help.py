"""What holds for every command, whatever it does."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from api.cli import AREAS, cli
from api.cli.groups import ExampleCommand
from api.cli.reference import command_reference, configuration_reference
from api.config import Settings
from tests.patches.series import SERIES

WRITERS_OF_PAGES = {"config docs", "patches docs", "docs"}


def commands() -> Iterator[tuple[str, ExampleCommand]]:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        area = cli.get_command(context, name)
        if isinstance(area, click.Group):
            yield from ((f"{name} {inner.name}", inner) for inner in area.commands.values())
        else:
            yield name, area


ALL = dict(commands())


def test_every_area_of_the_help_exists():
    assert {name.split()[0] for name in ALL} == set(AREAS)


@pytest.mark.parametrize("name", ALL)
def test_command_explains_itself_with_an_example_that_its_parser_accepts(name):
    command = ALL[name]
    assert command.help
    program, *words = shlex.split(command.example)
    assert program == "notifications"
    assert words[: len(name.split())] == name.split()
    command.make_context(name, words[len(name.split()) :], resilient_parsing=False)


@pytest.mark.parametrize("name", [name for name in ALL if name not in WRITERS_OF_PAGES])
def test_command_has_json(name):
    assert any("--json" in parameter.opts for parameter in ALL[name].params)


@pytest.mark.parametrize("arguments", [["--help"], ["services", "--help"], ["keys", "create", "--help"]])
def test_help_loads_nothing_that_takes_long(arguments):
    script = (
        "import sys; from api.cli import cli\n"
        f"cli({arguments!r}, standalone_mode=False)\n"
        "assert not {'sqlalchemy', 'pydantic', 'redis', 'kombu'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("page", "content"),
    [
        ("docs/reference/cli.md", command_reference(cli)),
        ("docs/reference/configuration.md", configuration_reference(SERIES)),
    ],
    ids=["cli", "configuration"],
)
def test_reference_page_is_what_the_code_says(page, content):
    """`notifications docs` and `notifications config docs` write them."""
    assert Path(page).read_text(encoding="utf-8") == content


def test_every_setting_has_a_meaning():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
