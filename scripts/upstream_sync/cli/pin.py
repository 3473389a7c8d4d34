"""`upstream pin`."""

from typing import Any

import click

from scripts.upstream_sync.anchors import ANCHORS, extract_anchors
from scripts.upstream_sync.context import Context, pass_context
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.extract import extract, require_whole
from scripts.upstream_sync.facts import FACTS_VERSION
from scripts.upstream_sync.fetching import tip
from scripts.upstream_sync.lock import LOCK, Lock, Pin, read_lock, write_lock
from scripts.upstream_sync.pinning import GRAMMAR, make_pin, write_fact_files
from scripts.upstream_sync.register import Register, read_register
from scripts.upstream_sync.watch import Source


class PinError(UpstreamError):
    """A pin is not moved this way, and facts of two makes are not mixed."""


@click.command("pin")
@click.argument("places", metavar="[ID[@REVISION]]...", nargs=-1)
@pass_context
def command(context: Context, places: tuple[str, ...]) -> None:
    """Pin sources that are not in upstream.lock yet, at a revision or at the newest commit; and read facts anew.

    For a source that is pinned already, its facts are read again at the same commit: after a change of the readers, or
    of the anchors that patches declare. Without ID: all. To move a pin: ./scripts/upstream start.
    """
    lock = _read_lock(context, is_part=bool(places))
    register = read_register(context.patches_dir, context.upstream_dir)
    chosen = places or [source.id for source in context.choose(())]
    done = []
    for number, place in enumerate(chosen):
        context.progress(number, len(chosen), place)
        source_id, _, revision = place.partition("@")
        pin = _pin(context, context.source(source_id), revision, lock.pin(source_id), register)
        lock = lock.with_pin(pin)
        done.append(pin)
    write_lock(context.root / LOCK, lock)
    context.progress(len(chosen), len(chosen), "")
    context.show([_to_data(pin) for pin in done], "\n".join(map(_to_text, done)))


def _read_lock(context: Context, *, is_part: bool) -> Lock:
    """With the marks of the readers that there are now. Raises `PinError`."""
    path = context.root / LOCK
    marks = {"extractor": FACTS_VERSION, "grammar": GRAMMAR}
    if not path.exists():
        return Lock.model_validate(marks)
    lock = read_lock(path)
    if is_part and (lock.extractor, lock.grammar) != tuple(marks.values()):
        raise PinError(
            f"{LOCK} was made by {lock.extractor}, {lock.grammar}; here are {', '.join(marks.values())}",
            "Read all sources anew, so that all facts are of one make: ./scripts/upstream pin",
        )
    return lock.model_copy(update=marks)


def _pin(context: Context, source: Source, revision: str, known: Pin | None, register: Register) -> Pin:
    """A frozen one stays as it is. Raises `UpstreamError`."""
    if known and known.frozen:
        return known
    with context.repository(source) as repository, context.cache() as cache:
        wanted = revision or (known.commit if known else tip(repository, source))
        commit = repository.resolve(wanted)
        if known and commit != known.commit:
            raise PinError(
                f"{source.id} is pinned at {known.commit[:12]} already",
                f"Move the pin by a sync: ./scripts/upstream start {source.id} --to {revision}",
            )
        facts = extract(repository, commit, source, cache)
        require_whole(source, facts)
        anchors = (anchor for _entrant, anchor in register.anchors)
        facts[ANCHORS] = extract_anchors(repository, commit, source.id, anchors)
        write_fact_files(context.root, source.id, facts)
        return make_pin(repository, source, commit, facts, known.reviewed_through if known else None)


def _to_data(pin: Pin) -> dict[str, Any]:
    return pin.model_dump(mode="json", by_alias=True)


def _to_text(pin: Pin) -> str:
    counts = ", ".join(f"{surface.count} {name}" for name, surface in pin.surface.items())
    return f"{pin.id} at {pin.commit[:12]} of {pin.committed}: {counts or 'no facts'}"
