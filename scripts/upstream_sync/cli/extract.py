"""`upstream extract`."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from scripts.upstream_sync.context import FAILED, Context, pass_context
from scripts.upstream_sync.extract import guard_shrinking, problems_of
from scripts.upstream_sync.facts import FactSet, write_facts
from scripts.upstream_sync.lock import LOCK, read_lock


@click.command("extract")
@click.argument("place", metavar="ID[@REVISION]")
@click.option("--surface", "surfaces", multiple=True, help="Only this surface; may be repeated.")
@click.option("--facts", "show_facts", is_flag=True, help="Print each fact, not only their number.")
@click.option(
    "--write", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Write one file a surface there. (The facts of the pin: ./scripts/upstream pin.)",
)  # fmt: skip
@pass_context
def command(
    context: Context, place: str, surfaces: tuple[str, ...], *, show_facts: bool, folder: Path | None
) -> None:
    """Read the facts of a source at a revision (the newest by default).

    Exit status 1 when something could not be read: a file that the parser does not know, a value that cannot be known,
    or a surface of the newest revision that has lost many of the facts that are pinned. Nothing is written then.
    """
    source_id, _, revision = place.partition("@")
    found = context.facts(context.source(source_id), revision)
    if not revision:
        found = guard_shrinking(_pinned_counts(context, source_id), found, context.watch.shrink_guard)
    chosen = {name: facts for name, facts in found.items() if not surfaces or name in surfaces}
    context.show(_to_data(chosen, show_facts=show_facts), _to_text(chosen, show_facts=show_facts))
    if problems_of(chosen):
        raise click.exceptions.Exit(FAILED)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, facts in chosen.items():
            if facts.facts:
                write_facts(folder / f"{name}.jsonl", facts)


def _pinned_counts(context: Context, source_id: str) -> dict[str, int]:
    """Surface → number of facts at the pin; none without a pin."""
    path = context.root / LOCK
    pin = read_lock(path).pin(source_id) if path.exists() else None
    return {name: surface.count for name, surface in pin.surface.items()} if pin else {}


def _to_data(found: Mapping[str, FactSet], *, show_facts: bool) -> Any:
    return {
        name: {
            "count": len(facts),
            "digest": facts.digest,
            "problems": [asdict(each) for each in facts.problems],
        }
        | ({"facts": {fact.key: fact.value for fact in facts.facts}} if show_facts else {})
        for name, facts in found.items()
    }


def _to_text(found: Mapping[str, FactSet], *, show_facts: bool) -> str:
    lines: list[str] = []
    for name, facts in found.items():
        lines.append(f"{name}: {len(facts)} facts, {facts.digest[7:19]}")
        if show_facts:
            lines += [f"  {fact.key}  {fact.value}" for fact in facts.facts]
        lines += [f"  {problem.kind} {problem.src}: {problem.what}" for problem in facts.problems]
    return "\n".join(lines)
