"""`notifications docs`"""

from pathlib import Path

import click

from api.cli.groups import ExampleCommand, Root
from api.cli.problems import Problem

PAGE = Path("docs/reference/cli.md")


@click.command("docs", cls=ExampleCommand, example="docs --check")
@click.option("--check", is_flag=True, help="Write nothing; status 1 when the page is out of date.")
@click.option(
    "--file", "path", type=click.Path(dir_okay=False, path_type=Path), default=PAGE, show_default=True
)
@click.pass_context
def docs(context: click.Context, *, check: bool, path: Path) -> None:
    """Write the reference page of these commands."""
    from api.cli.reference import command_reference

    root = context.find_root().command
    if not isinstance(root, Root):
        raise click.UsageError("This command documents the whole program: call it from there.")
    write(path, command_reference(root), check=check)


def write(path: Path, content: str, *, check: bool) -> None:
    """Say what differs, and fail when that was only to be checked."""
    from api.cli.reference import write_page

    difference = write_page(path, content, check=check)
    if difference is None:
        click.echo(f"{path} is up to date.", err=True)
    elif check:
        raise Problem(f"{path} is out of date:\n{difference}", kind="OutdatedPage")
    else:
        click.echo(f"{path} is written.", err=True)
