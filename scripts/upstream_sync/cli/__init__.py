"""The command line of `./scripts/upstream`: each module of this package is a verb, with a command of the same name.

`continue_.py` holds `continue`: names that Python keeps for itself get an underscore.
"""

import ast
import errno
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NoReturn

import click

from scripts.upstream_sync.context import Context
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.watch import choose_cache, load_watch

PROGRAM = "upstream"
_JSON = "--json"


class Verbs(click.Group):
    """Verbs are imported when they are called. An error says what happened and what to do, then exits."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return sorted(found.name.rstrip("_") for found in iter_modules(__path__))

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        names = {found.name.rstrip("_"): found.name for found in iter_modules(__path__)}
        if name not in names:
            return None
        module = import_module(f"{__name__}.{names[name]}")
        command: click.Command = module.command
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """From the verbs' source: importing all of them takes seconds."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in self.list_commands(_context)])

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """`--json` may also come after the verb."""
        ahead = [_JSON] if _JSON in args else []
        return super().parse_args(context, ahead + [each for each in args if each != _JSON])

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except UpstreamError as error:
            _fail(error)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            problem = f"{error.filename or 'a file'}: {error.strerror}"
            _fail(
                UpstreamError(
                    problem, "Mend that, then do it again: what was begun goes on from where it was."
                )
            )


@click.group(
    PROGRAM,
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 something was found that must be looked at, 2 it could not be done.",
)
@click.option(
    "--source", "overrides", multiple=True, metavar="ID=URL|PATH", envvar="UPSTREAM_SOURCES",
    help="Where a source of upstream/watch.toml is, instead of its URL; may be repeated.",
)  # fmt: skip
@click.option(
    "--cache", type=click.Path(path_type=Path, file_okay=False), envvar="UPSTREAM_CACHE", metavar="FOLDER",
    help="Clones and facts read before; by default in the user's cache folder.",
)  # fmt: skip
@click.option(_JSON, "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def cli(context: click.Context, *, overrides: tuple[str, ...], cache: Path | None, as_json: bool) -> None:
    """Follow upstream: what its contract is, what changed, and how we differ."""
    context.obj = Context(load_watch(overrides=overrides), choose_cache(cache), as_json)


def _summary(name: str) -> str:
    """First sentence of what the verb's function says."""
    folder = Path(__file__).parent
    path = next(path for path in (folder / f"{name}.py", folder / f"{name}_.py") if path.exists())
    functions = (
        node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
    )
    text = next((ast.get_docstring(node) or "" for node in functions if node.name == "command"), "")
    return " ".join(text.partition("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def _fail(error: UpstreamError) -> NoReturn:
    click.secho(f"{PROGRAM}: {error}", fg="red", err=True)
    if error.cure:
        click.echo(error.cure, err=True)
    raise click.exceptions.Exit(error.exit_code) from error
