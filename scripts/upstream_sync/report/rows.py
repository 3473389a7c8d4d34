"""The report before it has a form: one row a pull request."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

from scripts.upstream_sync.classify import Attention, Class, Classified
from scripts.upstream_sync.facts import Change
from scripts.upstream_sync.ledger import Judgement, Verdict
from scripts.upstream_sync.pending import Entry
from scripts.upstream_sync.register import Entrant, Register
from scripts.upstream_sync.watch import Role, Source

MOST_FACTS: Final = 12
# Facts that tell where a text is, not what is promised: their number suffices.
_COUNTED: Final = ("string",)


@dataclass(frozen=True, slots=True)
class FactLine:
    """`how`: "new", "changed" or "gone"."""

    key: str
    how: str


@dataclass(frozen=True, slots=True)
class Brought:
    """A pull request of the shared library that comes with a new pin of it."""

    name: str
    url: str
    title: str = field(repr=False)
    class_: Class
    attention: Attention

    @property
    def is_heavy(self) -> bool:
        return self.attention in (Attention.DECIDE, Attention.READ)


@dataclass(frozen=True, slots=True)
class Ours:
    """A patch, extension or pending entry of ours that it touches, and by what."""

    name: str
    file: str
    because: str


@dataclass(frozen=True)
class Row:
    """`judgement` is what someone has said already. `settles`: until then upstream may still take it back."""

    source: Source
    classified: Classified
    other: str = ""
    brought: Sequence[Brought] = ()
    ours: Sequence[Ours] = ()
    judgement: Judgement | None = None
    settles: date | None = None

    @property
    def name(self) -> str:
        return self.classified.pull.name

    @property
    def class_(self) -> Class:
        return self.classified.class_

    @property
    def binds(self) -> bool:
        return self.source.role is not Role.ADVISORY

    @property
    def attention(self) -> Attention:
        """Only whose contract or promise is ours binds us. What a new pin of the library brings has rows of its own, in the
        library's part.
        """
        attention = self.classified.attention
        return attention if self.binds or attention is not Attention.DECIDE else Attention.READ

    @property
    def why(self) -> tuple[str, ...]:
        link = self.classified.pull.link
        first = (f"{link.relation} {self.other}",) if link is not None and self.other else ()
        return (*first, *self.classified.why)

    @property
    def brings(self) -> str:
        heavy = sum(each.is_heavy for each in self.brought)
        return (
            f"brings {len(self.brought)} of the library, {heavy} of them to be read" if self.brought else ""
        )

    @property
    def verdict(self) -> str:
        if self.judgement:
            return str(self.judgement.verdict)
        suggested = self.classified.meaning.verdict
        return str(suggested if self.binds or suggested is not Verdict.ADOPT else Verdict.ADAPT)

    @cached_property
    def facts(self) -> list[FactLine]:
        """The first few, those that bind us first."""
        return [_line(change) for change in _ranked(self.classified.evidence.all_changes)][:MOST_FACTS]

    @property
    def more_facts(self) -> int:
        return len(_ranked(self.classified.evidence.all_changes)) - len(self.facts)

    @property
    def has_texts(self) -> bool:
        """It changes words that people read, whatever its class."""
        return any(self.classified.evidence.texts)

    @property
    def size(self) -> str:
        areas = self.classified.evidence.files
        parts = [
            f"{number} {area}" for area, number in sorted(areas.items(), key=lambda each: (-each[1], each[0]))
        ]
        return ", ".join(parts) or "nothing but looks"


@dataclass(frozen=True)
class Part:
    """One source: from `after` to `until`. `rows`: newest first within what asks for the same attention."""

    source: Source
    after: str
    until: str
    first_day: date
    last_day: date
    rows: Sequence[Row]

    def of(self, attention: Attention) -> list[Row]:
        return [row for row in self.rows if row.attention is attention]

    @property
    def security(self) -> list[Row]:
        return [row for row in self.rows if row.classified.security]

    @property
    def counts(self) -> Mapping[Class, int]:
        found = Counter(row.class_ for row in self.rows)
        return {class_: found[class_] for class_ in Class if found[class_]}

    @property
    def readings_a_week(self) -> float:
        weeks = max((self.last_day - self.first_day).days, 7) / 7
        return (len(self.of(Attention.DECIDE)) + len(self.of(Attention.READ))) / weeks


@dataclass(frozen=True, slots=True)
class Missing:
    """A source that cannot be told of: why, and what to do."""

    source_id: str
    problem: str
    cure: str


@dataclass(frozen=True)
class Report:
    made: date
    parts: Sequence[Part]
    missing: Sequence[Missing] = ()

    @property
    def rows(self) -> list[Row]:
        return [row for part in self.parts for row in part.rows]


@dataclass(frozen=True)
class Project:
    """What we have ourselves, to say what of it is touched."""

    register: Register = field(default_factory=Register)
    pending: Sequence[Entry] = ()
    judged: Mapping[tuple[str, str], Judgement] = field(default_factory=dict)

    def find(self, source: Source, classified: Classified) -> list[Ours]:
        """Each once, by its first reason."""
        found: dict[str, Ours] = {}
        for ours in self._find_all(source, classified):
            found.setdefault(ours.name, ours)
        return list(found.values())

    def _find_all(self, source: Source, classified: Classified) -> Iterator[Ours]:
        if source.role is Role.AUTHORITY:
            for change in classified.evidence.all_changes:
                declared = self.register.find(change.key)
                if declared is not None:
                    yield _ours(declared.entrant, change.key)
                for entry in self.pending:
                    if entry.covers(change.key):
                        yield Ours(f"pending {entry.number:04}", entry.file, change.key)
        touched = {change.path for change in classified.pull.files}
        for entrant, anchor in self.register.anchors:
            if anchor.upstream == source.id and anchor.path in touched:
                yield _ours(entrant, anchor.path)


def make_rows(
    source: Source,
    history: Iterable[Classified],
    project: Project,
    today: date,
    brought: Mapping[str, Sequence[Brought]],
) -> list[Row]:
    """`brought`: merge → the library's pull requests that it brings."""
    every = list(history)
    names = {each.pull.merge: each.pull.name for each in every}
    rows = [
        Row(
            source,
            each,
            other=names.get(each.pull.link.other, "") if each.pull.link else "",
            brought=brought.get(each.pull.merge, ()),
            ours=project.find(source, each),
            judgement=project.judged.get((source.id, each.pull.merge)),
            settles=_settles(source, each, today),
        )
        for each in reversed(every)
    ]
    order, classes = list(Attention), list(Class)
    return sorted(rows, key=lambda row: (order.index(row.attention), classes.index(row.class_)))


def to_json(report: Report) -> dict[str, Any]:
    """For programs: what the report holds, titles included."""
    return {
        "made": report.made.isoformat(),
        "sources": [
            {
                "id": part.source.id,
                "role": part.source.role,
                "after": part.after,
                "until": part.until,
                "counts": part.counts,
                "readings-a-week": round(part.readings_a_week, 2),
                "pulls": [_row_to_json(row) for row in part.rows],
            }
            for part in report.parts
        ],
        "missing": [
            {"id": each.source_id, "problem": each.problem, "cure": each.cure} for each in report.missing
        ],
    }


def _row_to_json(row: Row) -> dict[str, Any]:
    pull = row.classified.pull
    return {
        "name": pull.name,
        "url": pull.url,
        "title": pull.title,
        "merge": pull.merge,
        "merged": pull.merged.isoformat(),
        "class": row.class_,
        "attention": row.attention,
        "why": row.why,
        "security": row.classified.security,
        "facts": {
            change.key: [change.before, change.after]
            for change in _ranked(row.classified.evidence.all_changes)
        },
        "texts": row.classified.evidence.texts,
        "files": row.classified.evidence.files,
        "brings": [{"name": each.name, "url": each.url, "class": each.class_} for each in row.brought],
        "verdict": row.verdict,
        "judged": row.judgement is not None,
        "ours": [{"name": ours.name, "file": ours.file, "because": ours.because} for ours in row.ours],
    }


def _ranked(changes: Iterable[Change]) -> list[Change]:
    shown = (change for change in changes if change.key.partition(" ")[0] not in _COUNTED)
    words = ("route", "schema", "response-key", "error", "status", "key-type", "limit", "callback")
    ranks = {word: rank for rank, word in enumerate(words)}
    return sorted(shown, key=lambda each: (ranks.get(each.key.partition(" ")[0], len(words)), each.key))


def _line(change: Change) -> FactLine:
    how = "new" if change.before is None else "gone" if change.after is None else "changed"
    return FactLine(change.key, how)


def _ours(entrant: Entrant, because: str) -> Ours:
    return Ours(entrant.name, entrant.file, because)


def _settles(source: Source, classified: Classified, today: date) -> date | None:
    day = classified.pull.merged + timedelta(days=source.settle_days)
    is_open = classified.meaning.attention is Attention.DECIDE and day > today
    return day if is_open else None
