"""`upstream explain`."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from scripts.conformance_suite.vectors import load_vectors
from scripts.upstream_sync.check import our_side, read_pinned, show
from scripts.upstream_sync.context import FAILED, Context, pass_context
from scripts.upstream_sync.patterns import Pattern
from scripts.upstream_sync.pending import read_pending
from scripts.upstream_sync.profiles import profile_of
from scripts.upstream_sync.register import read_register


@click.command("explain")
@click.argument("key")
@pass_context
def command(context: Context, key: str) -> None:
    """Tell all that is known here of a fact: upstream's values, ours, who declares it, what waits for it, vectors.

    KEY may be a pattern with `*`. Exit status 1 when nothing is known. What pull requests did to it: `upstream diff`.
    """
    found = list(_explain(context, Pattern(key)))
    context.show(found, "\n\n".join(map(_to_text, found)) or f"Nothing is known of {key}.")
    if not found:
        raise click.exceptions.Exit(FAILED)


def _explain(context: Context, pattern: Pattern) -> Iterator[dict[str, Any]]:
    ours = our_side().facts
    theirs = _theirs(context)
    register = read_register(context.patches_dir, context.upstream_dir)
    pending = read_pending(context.upstream_dir / "pending")
    vectors = load_vectors()
    for key in sorted(key for key in {*ours, *theirs} if pattern.matches(key)):
        declared = register.find(key)
        yield {
            "key": key,
            "profile": str(profile_of(key)),
            "upstream": theirs.get(key, []),
            "ours": ours.get(key),
            "declared": declared and declared.entrant.file,
            "why": declared and declared.entrant.declaration.description,
            "pending": [entry.file for entry in pending if entry.covers(key)],
            "vectors": [vector.name for vector in vectors if key in map(key_of_vector, vector.facts)],
        }


def _theirs(context: Context) -> Mapping[str, list[dict[str, Any]]]:
    """Key → where each source has it, and its value."""
    found: dict[str, list[dict[str, Any]]] = {}
    for source_id, surfaces in read_pinned(context.root).facts.items():
        for surface in surfaces.values():
            for fact in surface.facts:
                place = {"source": source_id, "value": fact.value, "file": fact.src, "symbol": fact.sym}
                found.setdefault(fact.key, []).append(place)
    return found


def key_of_vector(fact: str) -> str:
    """Vectors write some facts shorter (upstream/vectors/README.md)."""
    word, _, rest = fact.partition(" ")
    match word, rest.split():
        case "response", [method, path, status, pointer]:
            return f"schema {method} {path} response {status} {pointer.rstrip('/')}".rstrip()
        case "status", [name]:
            return f"status notification {name}"
        case "service-permission", [name]:
            return f"permission service {name}"
        case "limit", [name, _value]:
            return f"limit {name}"
    return fact.removesuffix(" additional").removesuffix(" /")


def _to_text(found: Mapping[str, Any]) -> str:
    lines = [click.style(found["key"], bold=True) + f"  ({found['profile']})"]
    lines += [f"  {place['source']}: {show(place['value'])}  {place['file']}" for place in found["upstream"]]
    if not found["upstream"]:
        lines.append("  upstream: nothing")
    lines.append(f"  ours: {show(found['ours'])}")
    if found["declared"]:
        lines.append(f"  declared in {found['declared']}: {found['why']}")
    lines += [f"  waited for: {file}" for file in found["pending"]]
    if found["vectors"]:
        lines.append(f"  vectors: {', '.join(found['vectors'])}")
    return "\n".join(lines)
