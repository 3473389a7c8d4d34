"""`upstream docs`."""

import click

from scripts.upstream_sync.cli import cli
from scripts.upstream_sync.cli_reference import PAGE, make_reference
from scripts.upstream_sync.context import FAILED, Context, pass_context


@click.command("docs")
@click.option("--check", is_flag=True, help="Only compare; exit status 1 when the page is not up to date.")
@pass_context
def command(context: Context, *, check: bool) -> None:
    """Write the reference page of these commands, docs/reference/upstream-cli.md."""
    page = context.root / PAGE
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    wanted = make_reference(cli)
    is_current = before == wanted
    if not check:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(wanted, encoding="utf-8")
    context.show(
        {"page": PAGE, "was-current": is_current}, f"{PAGE}: {'unchanged' if is_current else 'changed'}"
    )
    if check and not is_current:
        raise click.exceptions.Exit(FAILED)
