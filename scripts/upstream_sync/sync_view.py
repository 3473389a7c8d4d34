"""How verbs of a sync speak: its outlook as text and as data."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from scripts.upstream_sync.check import our_side
from scripts.upstream_sync.context import Context
from scripts.upstream_sync.outlook import Obstacle, Outlook
from scripts.upstream_sync.register import State as PatchState
from scripts.upstream_sync.state import Item, State
from scripts.upstream_sync.sync import Place

_MOST_LISTED: Final = 15


def place_of(context: Context) -> Place:
    return Place(context.root, our_side, datetime.now(UTC).date())


def outlook_data(outlook: Outlook) -> dict[str, Any]:
    return {
        **state_data(outlook.state),
        "obstacles": obstacles_data(outlook.obstacles),
        "pending": [
            {"file": entry.file, "deadline": str(entry.pending.deadline), "facts": entry.pending.facts}
            for entry in outlook.candidate.opened
        ],
        "settled": list(outlook.candidate.closed),
        "standings": dict(Counter(str(finding.standing) for finding in outlook.findings)),
        "patches": [
            {"name": condition.entrant.name, "state": condition.state, "because": list(condition.because)}
            for condition in outlook.conditions
        ],
        "to-read": [item.model_dump(mode="json", by_alias=True) for item in outlook.to_read],
    }


def state_data(state: State) -> dict[str, Any]:
    return {
        "source": state.source,
        "from": state.from_,
        "to": state.to.commit,
        "pull-requests": len(state.items),
    }


def obstacles_data(obstacles: Iterable[Obstacle]) -> list[dict[str, str]]:
    return [
        {"kind": each.kind, "name": each.name, "sentence": each.sentence, "cure": each.cure}
        for each in obstacles
    ]


def outlook_text(outlook: Outlook) -> str:
    state = outlook.state
    head = f"{state.source}: {state.from_[:12]} → {state.to.commit[:12]} ({state.to.committed}), "
    unjudged = len(outlook.candidate.unjudged)
    lines = [head + f"{len(state.items)} pull requests, {unjudged} of them without a verdict"]
    lines += _list("To settle before the pin can move", obstacle_lines(outlook.obstacles))
    lines += _list("Will wait in upstream/pending", list(_pending_lines(outlook)))
    lines += _list("Settled in upstream/pending", outlook.candidate.closed)
    lines += _list("Patches whose place upstream was rewritten: read it again", list(_moved_lines(outlook)))
    lines += _list("To read, not in the way", [_item_line(item) for item in outlook.to_read], _MOST_LISTED)
    lines.append("")
    if outlook.obstacles:
        lines.append(
            "Settle what is listed, then: ./scripts/upstream continue. Or give up: ./scripts/upstream abort."
        )
    else:
        lines.append("Nothing is in the way: ./scripts/upstream continue")
    return "\n".join(lines)


def obstacle_lines(obstacles: Sequence[Obstacle]) -> list[str]:
    return [
        f"{click.style(each.kind, fg='yellow')}  {each.sentence}" + f"\n      {each.cure}" * bool(each.cure)
        for each in obstacles
    ]


def _pending_lines(outlook: Outlook) -> Iterator[str]:
    for entry in outlook.candidate.opened:
        yield f"{entry.file} until {entry.pending.deadline}: {entry.pending.title}"
        yield from (f"  {key}" for key in entry.pending.facts[:_MOST_LISTED])


def _moved_lines(outlook: Outlook) -> Iterator[str]:
    for condition in outlook.conditions:
        if condition.state is PatchState.MOVED:
            yield f"{condition.entrant.file}: {', '.join(condition.because)}"


def _item_line(item: Item) -> str:
    mark = click.style("security  ", fg="red") if item.security else ""
    return f"{mark}{item.name} ({item.class_}) {item.url}"


def _list(title: str, lines: Sequence[str], most: int | None = None) -> list[str]:
    if not lines:
        return []
    rest = len(lines) - most if most else 0
    more = [f"  … and {rest} more: --json lists them all"] if rest > 0 else []
    return ["", click.style(f"{title}:", bold=True), *(f"  {line}" for line in lines[:most]), *more]
