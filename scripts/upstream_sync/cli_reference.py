"""The reference page of `./scripts/upstream`, made from its commands."""

from collections.abc import Iterator
from typing import Final

import click

from scripts.upstream_sync.cli import PROGRAM

PAGE: Final = "docs/reference/upstream-cli.md"
_WIDTH: Final = 100
_HEAD: Final = f"""\
# The command line of `./scripts/{PROGRAM}`

What to do with it, month by month: [follow a release](../how-to/follow-a-release.md).

- Options of the program itself come before the verb; `--json` may come anywhere.
- Exit status: 0 done, 1 something was found that must be looked at, 2 it could not be done.
- With `--json`, data for programs go to standard output; sentences about errors go to standard error.
- Colour and progress only on a terminal.

This page is written by `./scripts/{PROGRAM} docs`; do not edit it.
"""


def make_reference(root: click.Group) -> str:
    """Markdown of the program and its verbs, in alphabetical order."""
    return _HEAD + "".join(_describe(root, PROGRAM, None, 2))


def _describe(command: click.Command, path: str, above: click.Context | None, level: int) -> Iterator[str]:
    context = click.Context(
        command, above, info_name=command.name, max_content_width=_WIDTH, terminal_width=_WIDTH
    )
    yield f"\n{'#' * level} {path}\n\n```\n./scripts/{' '.join(_usage(command, context, path).split())}\n```\n"
    for paragraph in (command.help or "").split("\n\n"):
        yield f"\n{' '.join(paragraph.split())}\n"
    if options := list(_options(command, context)):
        yield "\n| Option | |\n|---|---|\n" + "".join(
            f"| `{_cell(name)}` | {_cell(text)} |\n" for name, text in options
        )
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            verb = command.get_command(context, name)
            if verb is not None:
                yield from _describe(verb, f"{path} {name}", context, min(level + 1, 3))


def _usage(command: click.Command, context: click.Context, path: str) -> str:
    return " ".join((path, *command.collect_usage_pieces(context)))


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context)):
            yield record


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
