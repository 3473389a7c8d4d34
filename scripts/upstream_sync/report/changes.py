"""The difference of facts between two commits, each with the pull requests that made it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from scripts.upstream_sync.classify import Classified
from scripts.upstream_sync.context import Context
from scripts.upstream_sync.extract import extract
from scripts.upstream_sync.facts import Change, FactSet, Problem, diff
from scripts.upstream_sync.history import count_texts, new_problems, read_history
from scripts.upstream_sync.profiles import Profile, profile_of
from scripts.upstream_sync.pulls import PullRequest
from scripts.upstream_sync.report.reading import read_brought
from scripts.upstream_sync.report.rows import Brought
from scripts.upstream_sync.span import Span
from scripts.upstream_sync.watch import Source

_TEXTS: Final = "strings"
_SIGNS: Final = {"new": ("+", "green"), "gone": ("-", "red"), "changed": ("~", "yellow")}


@dataclass(frozen=True)
class Difference:
    """`changes`: surface → facts that differ. `makers`: key → the pull requests that touched it, oldest first, those that
    come to nothing left out. `folded`: pairs that do. `brought`: merge → what a new pin of the library brings.
    """

    source: Source
    span: Span
    changes: Mapping[str, Sequence[Change]]
    makers: Mapping[str, Sequence[PullRequest]]
    folded: Sequence[tuple[PullRequest, PullRequest]]
    brought: Mapping[str, Sequence[Brought]]
    bumps: Sequence[PullRequest]
    problems: Sequence[Problem]


def read_difference(context: Context, source: Source, span: Span, surfaces: Sequence[str]) -> Difference:
    """Of all surfaces when none is named. Raises `UpstreamError`."""
    with context.repository(source) as repository, context.cache() as cache:
        before, after = (extract(repository, commit, source, cache) for commit in (span.after, span.until))
        history = read_history(
            repository, source, context.cache_dir, span.after, span.until,
            lambda done, total: context.progress(done, total, f"pull requests of {source.id}"),
        )  # fmt: skip
    names = [name for name in after if not surfaces or name in surfaces]
    changes = {name: diff(before.get(name, FactSet(name)), after[name]) for name in names}
    problems = [
        problem
        for name in names
        for problem in new_problems(before.get(name, FactSet(name)).problems, after[name].problems)
    ]
    brought = read_brought(context, source, history)
    return Difference(
        source=source,
        span=span,
        changes={name: found for name, found in changes.items() if found},
        makers=_find_makers(history, {change.key for found in changes.values() for change in found}),
        folded=list(_pair(history)),
        brought=brought,
        bumps=[each.pull for each in history if each.pull.merge in brought],
        problems=problems,
    )


def _find_makers(history: Iterable[Classified], keys: set[str]) -> dict[str, list[PullRequest]]:
    makers: dict[str, list[PullRequest]] = {}
    for each in history:
        if not each.pull.is_folded:
            for key in {change.key for change in each.evidence.all_changes} & keys:
                makers.setdefault(key, []).append(each.pull)
    return makers


def _pair(history: Sequence[Classified]) -> Iterator[tuple[PullRequest, PullRequest]]:
    pulls = {each.pull.merge: each.pull for each in history}
    for each in history:
        link = each.pull.link
        if each.pull.is_folded and link is not None and link.other in pulls and each.pull.merge < link.other:
            pair = sorted((each.pull, pulls[link.other]), key=list(pulls.values()).index)
            yield pair[0], pair[1]


def to_json(found: Difference) -> dict[str, Any]:
    return {
        "source": found.source.id,
        "from": found.span.after,
        "to": found.span.until,
        "surfaces": {
            name: [
                {
                    "key": change.key,
                    "profile": profile_of(change.key),
                    "before": change.before,
                    "after": change.after,
                    "pulls": [
                        {"name": pull.name, "url": pull.url} for pull in found.makers.get(change.key, ())
                    ],
                }
                for change in changes
            ]
            for name, changes in found.changes.items()
        },
        "folded": [[one.name, other.name] for one, other in found.folded],
        "library": {
            pull.name: [
                {"name": each.name, "url": each.url, "class": each.class_}
                for each in found.brought[pull.merge]
            ]
            for pull in found.bumps
        },
        "problems": [{"kind": each.kind, "src": each.src, "what": each.what} for each in found.problems],
    }


def render(found: Difference, *, every_text: bool = False) -> str:
    """Texts are only counted, unless `every_text`: where they stand moves too easily."""
    return "\n".join(_lines(found, every_text=every_text))


def _lines(found: Difference, *, every_text: bool) -> Iterator[str]:
    yield f"{found.source.id} {found.span.after[:12]}..{found.span.until[:12]}"
    if not found.changes:
        yield "  no fact differs"
    for name, changes in found.changes.items():
        yield ""
        yield click.style(f"{name}: {len(changes)} facts differ", bold=True)
        if name == _TEXTS and not every_text:
            gained, lost = count_texts(changes)
            yield f"  {gained} new or reworded texts, {lost} gone; --surface {_TEXTS} lists them"
            continue
        yield from (line for change in changes for line in _change(change, found.makers.get(change.key, ())))
    for one, other in found.folded:
        yield f"\n{one.name} and {other.name} come to nothing: {other.url}"
    for pull in found.bumps:
        yield f"\n{pull.name} brings from the library:"
        yield from (f"  {each.name:>9}  {each.class_:<18} {each.url}" for each in found.brought[pull.merge])
    for problem in found.problems:
        yield click.style(f"\nnot read: {problem.kind} {problem.src}: {problem.what}", fg="red")


def _change(change: Change, makers: Sequence[PullRequest]) -> Iterator[str]:
    how = "new" if change.before is None else "gone" if change.after is None else "changed"
    sign, colour = _SIGNS[how]
    mark = click.style(" strict", fg="red") if profile_of(change.key) is Profile.STRICT else ""
    names = ", ".join(pull.name for pull in makers)
    yield f"  {click.style(sign, fg=colour)} {change.key}{mark}{'  ' + names if names else ''}"
    if how == "changed":
        yield f"      {_short(change.before)} → {_short(change.after)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else text[:99] + "…"  # noqa: PLR2004 (a line of a terminal)
