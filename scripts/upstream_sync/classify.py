"""What a pull request is to us: one class for each, by the first rule that it meets, and why.

The order of the rules is from what binds us most to what concerns nobody. A class says who should look, not whether the
change is good: `Attention`. The figures behind it are in `docs/upstream/calibration.md`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from scripts.upstream_sync.areas import UPKEEP, Area
from scripts.upstream_sync.facts import Change
from scripts.upstream_sync.ledger import Verdict
from scripts.upstream_sync.profiles import Profile, profile_of
from scripts.upstream_sync.pulls import PullRequest
from scripts.upstream_sync.signals import TestSignal, find_security_words, has_advisory
from scripts.upstream_sync.watch import Kind


class Attention(StrEnum):
    DECIDE = "decide"  # it binds us: a person gives a verdict within the deadline
    READ = "read"  # it may bind us: a person looks at it
    ROUTE = "route"  # its facts suffice: translators, operators or designers find it in their list
    IGNORE = "ignore"


class Class(StrEnum):
    UNREADABLE = "unreadable"
    REVERTED = "reverted"
    CONTRACT = "contract"
    ERRORS = "errors"
    ADJACENT = "contract-adjacent"
    PROMISE = "promise"
    DATA_MODEL = "data-model"
    NAMES = "names"
    TASKS = "tasks"
    PAGES = "pages"
    LIBRARY = "library"
    INTERNAL_API = "internal-api"
    API_CALLS = "api-calls"
    REFERENCE_DATA = "reference-data"
    CONTENT = "content"
    PROVIDERS = "providers"
    CONFIG = "config"
    MIGRATION = "migration"
    BEHAVIOUR = "behaviour"
    GROWN = "new-behaviour"
    VALUES = "values"
    MARKUP = "markup"
    QUIET = "quiet-behaviour"
    FRONT_END = "front-end"
    PLUMBING = "plumbing"
    COSMETIC = "cosmetic"
    UPKEEP = "upkeep"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`says`: why it matters, for someone who does not know the tool. `verdict`: what is suggested."""

    attention: Attention
    says: str
    verdict: Verdict


MEANINGS: Final[Mapping[Class, Meaning]] = {
    Class.UNREADABLE: Meaning(Attention.READ, "The tool could not read all of it: nothing is known for sure.", Verdict.ADAPT),
    Class.REVERTED: Meaning(Attention.IGNORE, "It was undone, or undoes another one: together they change nothing.", Verdict.REVERTED),
    Class.CONTRACT: Meaning(Attention.DECIDE, "Clients see it: a public route, field, status, limit or key type changed.", Verdict.ADOPT),
    Class.ERRORS: Meaning(Attention.DECIDE, "Clients see it: an error of the API or its status changed.", Verdict.ADOPT),
    Class.ADJACENT: Meaning(Attention.DECIDE, "Code of the public API changed without a change of its facts: behaviour may differ.", Verdict.ADAPT),
    Class.PROMISE: Meaning(Attention.DECIDE, "What is promised to clients changed: the published description or a client library.", Verdict.ADOPT),
    Class.DATA_MODEL: Meaning(Attention.READ, "Tables or columns changed: a new thing is kept, or an old one no longer.", Verdict.ADAPT),
    Class.NAMES: Meaning(Attention.READ, "A closed list changed: permissions, kinds of organisation, states.", Verdict.ADAPT),
    Class.TASKS: Meaning(Attention.READ, "Work in the background changed: a task, its queue or its hour.", Verdict.ADAPT),
    Class.PAGES: Meaning(Attention.READ, "A page of the admin came, went, or is open to other people.", Verdict.ADAPT),
    Class.LIBRARY: Meaning(Attention.READ, "A shared rule can be called in another way, and its tests changed.", Verdict.ADAPT),
    Class.INTERNAL_API: Meaning(Attention.ROUTE, "Only the admin calls it: our own routes are our own.", Verdict.IRRELEVANT),
    Class.API_CALLS: Meaning(Attention.ROUTE, "The admin asks the API for something else; no page or text changed.", Verdict.IRRELEVANT),
    Class.REFERENCE_DATA: Meaning(Attention.ROUTE, "A list of reference changed: countries, rates, holidays, domains.", Verdict.ADAPT),
    Class.CONTENT: Meaning(Attention.ROUTE, "Words that people read changed: for whoever writes and translates ours.", Verdict.ADAPT),
    Class.PROVIDERS: Meaning(Attention.ROUTE, "How one of their providers is spoken to changed.", Verdict.IRRELEVANT),
    Class.CONFIG: Meaning(Attention.ROUTE, "A setting changed: for operators.", Verdict.IRRELEVANT),
    Class.MIGRATION: Meaning(Attention.ROUTE, "The database was migrated without a change of tables or columns: indexes or rows.", Verdict.IRRELEVANT),
    Class.BEHAVIOUR: Meaning(Attention.READ, "The program does something else: existing tests had to change their mind.", Verdict.ADAPT),
    Class.GROWN: Meaning(Attention.READ, "The program does more, or something better: new tests came, those that were there hold.", Verdict.ADAPT),
    Class.VALUES: Meaning(Attention.READ, "Only a value in the program changed: a limit, a pattern, a name.", Verdict.ADAPT),
    Class.MARKUP: Meaning(Attention.ROUTE, "Pages or messages are built differently, in the same words.", Verdict.IRRELEVANT),
    Class.QUIET: Meaning(Attention.IGNORE, "The program was rewritten, and no test had to change.", Verdict.IRRELEVANT),
    Class.FRONT_END: Meaning(Attention.IGNORE, "Only styles, scripts or images.", Verdict.IRRELEVANT),
    Class.PLUMBING: Meaning(Attention.IGNORE, "Only logs, metrics, caches or servers.", Verdict.IRRELEVANT),
    Class.COSMETIC: Meaning(Attention.IGNORE, "The same program, written differently.", Verdict.IRRELEVANT),
    Class.UPKEEP: Meaning(Attention.IGNORE, "Only tests, dependencies, tooling or documentation of the code.", Verdict.IRRELEVANT),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bump:
    """The shared library's pin moved."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read from one pull request's files. `files`: those whose content really differs, by area;
    `cosmetic`: how many others. `texts`: (gained, lost). `unread`: how many problems are new.
    """

    changes: Mapping[str, Sequence[Change]] = field(default_factory=dict)
    files: Mapping[str, int] = field(default_factory=dict)
    cosmetic: int = 0
    tests: TestSignal = field(default_factory=TestSignal)
    texts: tuple[int, int] = (0, 0)
    sensitive: tuple[str, ...] = ()
    bump: Bump | None = None
    unread: int = 0

    @property
    def all_changes(self) -> Iterator[Change]:
        return (change for changes in self.changes.values() for change in changes)

    def count(self, *areas: Area) -> int:
        return sum(self.files.get(area, 0) for area in areas)

    @property
    def substance(self) -> set[str]:
        """Areas that are touched, upkeep left aside."""
        return {area for area, number in self.files.items() if number and area not in UPKEEP}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Evidence":
        return cls(
            changes={name: [Change(*each) for each in changes] for name, changes in row["changes"].items()},
            files=row["files"],
            cosmetic=row["cosmetic"],
            tests=TestSignal(*row["tests"]),
            texts=(row["texts"][0], row["texts"][1]),
            sensitive=tuple(row["sensitive"]),
            bump=Bump(*row["bump"]) if row["bump"] else None,
            unread=row["unread"],
        )

    def to_json(self) -> dict[str, Any]:
        tests = self.tests
        return {
            "changes": {
                name: [[c.key, c.before, c.after] for c in found] for name, found in self.changes.items()
            },
            "files": dict(self.files),
            "cosmetic": self.cosmetic,
            "tests": [tests.lost, tests.gained, tests.lost_calls, tests.gained_calls],
            "texts": list(self.texts),
            "sensitive": list(self.sensitive),
            "bump": [self.bump.before, self.bump.after] if self.bump else None,
            "unread": self.unread,
        }


@dataclass(frozen=True, slots=True)
class Classified:
    """`why`: the reason of the class first, then what else is to be known. `security`: reasons to look at it first."""

    pull: PullRequest
    class_: Class
    why: tuple[str, ...]
    evidence: Evidence
    security: tuple[str, ...] = ()

    @property
    def meaning(self) -> Meaning:
        return MEANINGS[self.class_]

    @property
    def attention(self) -> Attention:
        """Whatever its class, someone reads what is marked for security."""
        attention = self.meaning.attention
        return Attention.READ if self.security and attention in _BELOW_READING else attention


FACTS_CHANGED: Final = "facts changed"
_BELOW_READING: Final = (Attention.ROUTE, Attention.IGNORE)
Rule = Callable[[Evidence], str]


def classify(pull: PullRequest, kind: Kind, evidence: Evidence) -> Classified:
    class_, reason = _choose(pull, kind, evidence)
    why = tuple(filter(None, (reason, *_describe(evidence, class_, reason))))
    security = () if class_ in (Class.REVERTED, Class.COSMETIC) else tuple(find_security(pull, evidence))
    return Classified(pull, class_, why, evidence, security)


def find_security(pull: PullRequest, evidence: Evidence) -> Iterator[str]:
    if has_advisory(pull.messages):
        yield "names an advisory"
    if words := find_security_words(pull.messages):
        yield f"speaks of {', '.join(words[:4])}"
    if evidence.sensitive:
        yield f"changes {', '.join(evidence.sensitive[:3])}"


def _choose(pull: PullRequest, kind: Kind, evidence: Evidence) -> tuple[Class, str]:
    if pull.is_folded:
        return Class.REVERTED, ""
    for class_, rule in (*_FIRST, *_RULES.get(kind, ()), *_LAST):
        if reason := rule(evidence):
            return class_, reason
    return Class.UPKEEP, ""


def _keys(*words: str, strict: bool | None = None) -> Rule:
    """Facts of these kinds changed; `strict`: only (or only not) those that bind us."""

    def rule(evidence: Evidence) -> str:
        found = [
            change.key
            for change in evidence.all_changes
            if change.key.partition(" ")[0] in words
            and (strict is None or (profile_of(change.key) is Profile.STRICT) is strict)
        ]
        return f"{FACTS_CHANGED}: {_count_kinds(found)}" if found else ""

    return rule


def _touches(*areas: Area) -> Rule:
    def rule(evidence: Evidence) -> str:
        number = evidence.count(*areas)
        return f"{number} {'file' if number == 1 else 'files'} of {areas[0]}" if number else ""

    return rule


def _only(*areas: Area) -> Rule:
    def rule(evidence: Evidence) -> str:
        return f"only {areas[0]}" if evidence.substance and evidence.substance <= set(areas) else ""

    return rule


def _texts_changed(evidence: Evidence) -> str:
    gained, lost = evidence.texts
    return f"{gained} new or reworded texts, {lost} gone" if gained or lost else ""


_TESTED: Final = (Area.PROGRAM, Area.VALUES, Area.TEMPLATES, Area.API_CALLS)


def _tests_changed(evidence: Evidence, *areas: Area) -> str:
    number = evidence.tests.lost + evidence.tests.lost_calls
    if not number or not evidence.count(*(areas or _TESTED)):
        return ""
    return f"{number} existing {'assertion' if number == 1 else 'assertions'} changed or dropped"


def _tests_grown(evidence: Evidence, *areas: Area) -> str:
    number = evidence.tests.gained + evidence.tests.gained_calls
    if not number or not evidence.count(*(areas or _TESTED)):
        return ""
    return f"{number} new {'assertion' if number == 1 else 'assertions'}"


def _library_changed(evidence: Evidence) -> str:
    reason = _keys("library")(evidence)
    return f"{reason}, {tests}" if reason and (tests := _tests_changed(evidence)) else ""


def _is_substance(evidence: Evidence) -> str:
    return "no assertion changed or came" if evidence.substance else ""


_STRICT_WORDS: Final = ("route", "schema", "response-key", "status", "key-type", "limit", "callback")
_FIRST: Final[Sequence[tuple[Class, Rule]]] = (
    (Class.UNREADABLE, lambda evidence: f"{evidence.unread} files or values could not be read" if evidence.unread else ""),
)  # fmt: skip
_RULES: Final[Mapping[Kind, Sequence[tuple[Class, Rule]]]] = {
    Kind.API: (
        (Class.CONTRACT, _keys(*_STRICT_WORDS, strict=True)),
        (Class.ERRORS, _keys("error", "error-message")),
        (Class.ADJACENT, _touches(Area.CONTRACT)),
        (Class.DATA_MODEL, _keys("table", "column")),
        (Class.NAMES, _keys("permission", "enum", "status")),
        (Class.TASKS, _keys("task", "beat", "queue")),
        (Class.INTERNAL_API, _keys("route", "schema", "response-key", "internal-schema", strict=False)),
        (Class.PROVIDERS, _touches(Area.PROVIDERS)),
        (Class.CONFIG, _keys("config")),
        (Class.MIGRATION, _touches(Area.MIGRATIONS)),
    ),
    Kind.ADMIN: (
        (Class.PAGES, _keys("admin-route")),
        (Class.NAMES, _keys("permission", "enum")),
        (Class.BEHAVIOUR, lambda evidence: _tests_changed(evidence, Area.PROGRAM)),
        (Class.GROWN, lambda evidence: _tests_grown(evidence, Area.PROGRAM)),
        (Class.CONTENT, _texts_changed),
        (Class.API_CALLS, _touches(Area.API_CALLS)),
        (Class.CONTENT, _touches(Area.TRANSLATIONS)),
        (Class.CONFIG, _keys("config")),
    ),
    Kind.UTILS: (
        (Class.CONTRACT, _keys("limit")),
        (Class.REFERENCE_DATA, _touches(Area.DATA)),
        (Class.CONTENT, _texts_changed),
        (Class.PLUMBING, _only(Area.PLUMBING)),
        (Class.LIBRARY, _library_changed),
    ),
    Kind.DOCS: (
        (Class.PROMISE, _keys("documented", "documented-route")),
        (Class.CONTENT, _touches(Area.TEMPLATES)),
    ),
    Kind.CLIENT: ((Class.PROMISE, _keys("library")),),
}
_LAST: Final[Sequence[tuple[Class, Rule]]] = (
    (Class.FRONT_END, _only(Area.FRONT_END)),
    (Class.PLUMBING, _only(Area.PLUMBING)),
    (Class.CONFIG, _only(Area.CONFIG, Area.PLUMBING)),
    (Class.BEHAVIOUR, _tests_changed),
    (Class.GROWN, _tests_grown),
    (Class.VALUES, _only(Area.VALUES)),
    (Class.MARKUP, _only(Area.TEMPLATES, Area.FRONT_END)),
    (Class.QUIET, _is_substance),
    (Class.COSMETIC, lambda evidence: "the same syntax before and after" if evidence.cosmetic else ""),
)


def _describe(evidence: Evidence, class_: Class, reason: str) -> Iterator[str]:
    if evidence.bump is not None:
        yield f"moves the shared library from {evidence.bump.before} to {evidence.bump.after}"
    if class_ is not Class.REVERTED and (others := _count_kinds(_other_keys(evidence, reason))):
        yield f"{'other facts' if FACTS_CHANGED in reason else 'facts'} changed: {others}"
    if class_ is not Class.CONTENT and (texts := _texts_changed(evidence)):
        yield texts
    if class_ not in (Class.BEHAVIOUR, Class.LIBRARY, Class.QUIET) and (tests := _tests_changed(evidence)):
        yield tests


def _other_keys(evidence: Evidence, reason: str) -> list[str]:
    """Those of kinds that the reason does not name; texts are counted elsewhere."""
    keys = (change.key for change in evidence.all_changes)
    return [key for key in keys if (word := key.partition(" ")[0]) != "string" and f" {word}" not in reason]


def _count_kinds(keys: Iterable[str]) -> str:
    words = Counter(key.partition(" ")[0] for key in keys)
    return ", ".join(f"{number} {word}" for word, number in words.most_common())
