"""`upstream export`."""

from dataclasses import asdict
from pathlib import Path

import click

from scripts.upstream_sync.context import Context, pass_context
from scripts.upstream_sync.export import Destination, Exported, export_patch, export_range, set_forwarded
from scripts.upstream_sync.work_tree import find_address

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("export")
@click.argument("what", metavar="PATCH|RANGE")
@click.option(
    "--clone", type=_FOLDER, metavar="PATH", help="For a patch: your clone of upstream, in which you write."
)
@click.option(
    "--outbox", type=_FOLDER, metavar="FOLDER", help="Where the files go; by default outbox/ and the name."
)
@click.option(
    "--author",
    "addresses",
    multiple=True,
    metavar="ADDRESS",
    help="Whose commits are ours; by default user.email of git. May be repeated.",
)
@click.option(
    "--vectors", multiple=True, metavar="PATTERN", help="Vectors to hand over with it; may be repeated."
)
@click.option(
    "--subject",
    metavar="TEXT",
    help="Title of the cover letter; by default the patch's, or the one commit's.",
)
@click.option(
    "--forwarded", metavar="URL", help="For a patch: write into its declaration where it was handed over."
)
@pass_context
def command(
    context: Context,
    what: str,
    clone: Path | None,
    outbox: Path | None,
    addresses: tuple[str, ...],
    vectors: tuple[str, ...],
    subject: str | None,
    forwarded: str | None,
) -> None:
    """Prepare work of our own for others: patches by `git format-patch`, a cover letter, vectors. Nothing is sent.

    PATCH: the first call makes the branch notifications/PATCH at the pin in your clone. Write what upstream could take
    there, commit it, and call again. RANGE: BASE..TIP of this repository, a fix of the core for other forks.

    Exit status 1 when a commit is not by us, or there is none yet.
    """
    is_range = ".." in what
    if forwarded is not None and not is_range:
        set_forwarded(context.root, what, forwarded)
        if clone is None:
            context.show({"patch": what, "forwarded": forwarded}, f"{what}: forwarded = {forwarded}")
            return
    to = Destination(
        outbox=outbox or context.root / "outbox" / what.replace("..", "-").replace("/", "-"),
        addresses=addresses or (find_address(context.root),),
        vectors=vectors,
        subject=subject,
    )
    if is_range:
        exported = export_range(context.root, what, to)
    elif clone is None:
        raise click.UsageError("a patch needs --clone PATH: your clone of upstream")
    else:
        exported = export_patch(context.root, what, clone, to)
    context.show({**asdict(exported), "outbox": str(exported.outbox)}, _to_text(exported, clone))


def _to_text(exported: Exported, clone: Path | None) -> str:
    if exported.begun:
        return (
            f"{exported.branch} is made at {exported.base[:12]}. Write there what upstream could take, tests included:\n"
            f"  git -C {clone} switch {exported.branch}\n"
            "Commit it, then call this again."
        )
    lines = [f"In {exported.outbox}:", *(f"  {name}" for name in exported.files)]
    lines.append("Read the cover letter, then send it: git send-email, or a pull request of the branch.")
    return "\n".join(lines)
