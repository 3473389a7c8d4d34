"""`upstream fetch`."""

from dataclasses import asdict

import click

from scripts.upstream_sync.context import FAILED, Context, pass_context
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.fetching import Fetched, fetch


@click.command("fetch")
@click.argument("source_ids", metavar="[ID]...", nargs=-1)
@pass_context
def command(context: Context, source_ids: tuple[str, ...]) -> None:
    """Bring the newest commits of the sources (all by default) onto this machine.

    Clones hold no file contents; these come when they are read. Nothing of the project is touched. Exit status 1 when a
    history was rewritten, a tag moved or a source could not be fetched: the others are fetched all the same.
    """
    sources = context.choose(source_ids)
    done: list[Fetched] = []
    failed: list[tuple[str, UpstreamError]] = []
    for number, source in enumerate(sources):
        context.progress(number, len(sources), source.id)
        try:
            done.append(fetch(source, context.cache_dir))
        except UpstreamError as error:
            failed.append((source.id, error))
    context.progress(len(sources), len(sources), "")
    data = {
        "fetched": [asdict(fetched) for fetched in done],
        "failed": [{"source_id": name, "problem": str(error), "cure": error.cure} for name, error in failed],
    }
    lines = [_describe(fetched) for fetched in done]
    lines += [f"{error}\n  {error.cure}" for _, error in failed]
    context.show(data, "\n".join(lines))
    if failed or any(fetched.rewritten or fetched.moved_tags for fetched in done):
        raise click.exceptions.Exit(FAILED)


def _describe(fetched: Fetched) -> str:
    before = fetched.before[:12] if fetched.before else "nothing"
    moved = f"{before} → {fetched.after[:12]}" if fetched.is_new else f"{fetched.after[:12]}, nothing new"
    lines = [f"{fetched.source_id}: {moved}"]
    if fetched.rewritten:
        lines.append(
            "  Its history was rewritten: the commit of before is no ancestor. Look at it before any sync."
        )
    if fetched.moved_tags:
        lines.append(f"  Tags now name other commits: {', '.join(fetched.moved_tags)}")
    return "\n".join(lines)
