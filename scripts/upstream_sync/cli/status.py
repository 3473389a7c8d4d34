"""`upstream status`."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import click

from scripts.upstream_sync.check import Checked, check, our_side
from scripts.upstream_sync.context import Context, pass_context
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.history import read_history
from scripts.upstream_sync.lock import LOCK, Pin, read_lock
from scripts.upstream_sync.pending import FOLDER, Entry, read_pending
from scripts.upstream_sync.register import State
from scripts.upstream_sync.sync import find_open
from scripts.upstream_sync.watch import InvalidWatchError


@click.command("status")
@click.option(
    "--classes",
    is_flag=True,
    help="Class the pull requests that the pins lack; takes a while the first time.",
)
@pass_context
def command(context: Context, *, classes: bool) -> None:
    """Show where we stand: pins and their age, what is new upstream, declarations, what is waited for, an open sync.

    Works with what is on this machine; `./scripts/upstream fetch` brings what is new.
    """
    today = datetime.now(UTC).date()
    sync = find_open(context.root)
    pins = [_of_pin(context, pin, today, classes=classes) for pin in read_lock(context.root / LOCK).upstream]
    checked = check(context.root, context.patches_dir, our_side(), today)
    pending = read_pending(context.upstream_dir / FOLDER)
    data = {
        "pins": pins,
        "declarations": _count_states(checked),
        "pending": [_of_entry(entry, today) for entry in pending],
        "sync": sync
        and {"source": sync.source, "from": sync.from_, "to": sync.to.commit, "began": str(sync.began)},
        "violations": len(checked.violations),
    }
    context.show(data, "\n".join(_lines(data)))


def _of_pin(context: Context, pin: Pin, today: date, *, classes: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": pin.id,
        "role": pin.role,
        "commit": pin.commit,
        "committed": str(pin.committed),
        "age-days": (today - pin.committed).days,
        "frozen": pin.frozen,
    }
    try:
        return found | _of_repository(context, pin, classes=classes)
    except InvalidWatchError:
        return found | {"unknown": "upstream/watch.toml does not name it any more"}
    except UpstreamError as error:
        return found | {"unknown": str(error)}


def _of_repository(context: Context, pin: Pin, *, classes: bool) -> dict[str, Any]:
    source = context.source(pin.id)
    with context.repository(source) as repository:
        tip = context.tip(source)
        if not repository.is_ancestor(pin.commit, tip):
            return {"tip": tip, "unknown": "the pin is not in the history of the branch: it was rewritten"}
        found: dict[str, Any] = {"tip": tip, "behind": len(repository.first_parent(pin.commit, tip))}
        if classes and found["behind"]:
            history = read_history(repository, source, context.cache_dir, pin.commit, tip)
            found["classes"] = dict(Counter(str(each.class_) for each in history).most_common())
        return found


def _count_states(checked: Checked) -> dict[str, list[str]]:
    return {
        str(state): [found.entrant.name for found in checked.conditions if found.state is state]
        for state in State
        if any(found.state is state for found in checked.conditions)
    }


def _of_entry(entry: Entry, today: date) -> dict[str, Any]:
    return {
        "file": entry.file,
        "title": entry.pending.title,
        "deadline": str(entry.pending.deadline),
        "overdue": entry.is_overdue(today),
    }


def _lines(data: dict[str, Any]) -> Iterator[str]:
    for pin in data["pins"]:
        behind = pin.get("unknown") or _describe_lag(pin)
        frozen = ", frozen" if pin["frozen"] else ""
        yield f"{pin['id']:<12} {pin['commit'][:12]}  {pin['committed']} ({pin['age-days']} days{frozen})  {behind}"
        if counts := pin.get("classes"):
            yield " " * 13 + ", ".join(f"{number} {name}" for name, number in counts.items())
    yield ""
    for state, names in data["declarations"].items():
        yield f"{len(names)} declarations are {state}: {', '.join(names)}"
    for entry in data["pending"]:
        mark = "overdue since" if entry["overdue"] else "by"
        yield f"{entry['file']}: {entry['title']}, {mark} {entry['deadline']}"
    sync = data["sync"]
    yield (
        f"A sync of {sync['source']} is open since {sync['began']}: ./scripts/upstream continue, or abort."
        if sync
        else "No sync is open."
    )
    if data["violations"]:
        yield f"{data['violations']} things are to be mended: ./scripts/upstream check"


def _describe_lag(pin: dict[str, Any]) -> str:
    return (
        f"{pin['behind']} merges behind {pin['tip'][:12]}"
        if pin["behind"]
        else "at the newest commit known here"
    )
