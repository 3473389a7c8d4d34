"""The main line of a repository as pull requests: one row each, whether merged, squashed or pushed without a number.

Titles and messages are upstream's own words: they may be shown on a terminal or in a report outside the repository,
and are never written into a file of this project.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import PurePosixPath

from scripts.upstream_sync.git import Commit, FileChange, MissingObjectError, Repository, UnknownRevisionError
from scripts.upstream_sync.watch import Source

_MERGED = re.compile(r"Merge pull request #(\d+) from (\S+)")
_SQUASHED = re.compile(r"^(.*?)\s*\(#(\d+)\)$")
_REVERTED_COMMIT = re.compile(r"^This reverts commit ([0-9a-f]{7,40})\b", re.MULTILINE)
_REVERTED_NUMBER = re.compile(
    r'\bRevert "Merge pull request #(\d+)|\bRevert ".*\(#(\d+)\)"|^Reverts \S*#(\d+)', re.MULTILINE
)
_REVERTING_BRANCH = re.compile(r"/revert-(\d+)-")
# Files that move with every change and say nothing of what it does.
BOOKKEEPING = frozenset({
    "CHANGELOG.md", "version.py", "requirements.txt", "requirements.in", "requirements_for_test.txt",
    "requirements_for_test.in", "requirements_for_test_common.in", "poetry.lock", "uv.lock", "package-lock.json",
})  # fmt: skip


class Relation(StrEnum):
    """How a pull request stands to an earlier or later one."""

    UNDONE_BY = "undone by"  # with the other one it comes to nothing
    UNDOES = "undoes"
    PARTLY_UNDOES = "partly undoes"  # something else is left: it stands on its own
    RESTORES = "restores"  # undoes a revert of another one


_STANDING = frozenset({Relation.PARTLY_UNDOES, Relation.RESTORES})


@dataclass(frozen=True, slots=True)
class Link:
    """`other` is the other one's merge commit."""

    relation: Relation
    other: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """`merge` is the commit of the main line, `parent` the one before it there. `commits` came with the merge.

    `number` is None for what was pushed, or rebased on the main line, without one.
    """

    source: str
    merge: str
    parent: str | None
    merged: date
    number: int | None = None
    title: str = field(default="", repr=False)
    url: str = ""
    branch: str = ""
    commits: tuple[Commit, ...] = field(default=(), repr=False)
    files: tuple[FileChange, ...] = field(default=(), repr=False)
    link: Link | None = None

    @property
    def name(self) -> str:
        """As people call it: `#4940`, or the first digits of the commit."""
        return f"#{self.number}" if self.number is not None else self.merge[:9]

    @property
    def is_folded(self) -> bool:
        """It and another one between the same two commits come to nothing."""
        return self.link is not None and self.link.relation in (Relation.UNDONE_BY, Relation.UNDOES)

    @property
    def messages(self) -> str:
        """Everything its authors wrote, for rules that look for words."""
        return "\n".join([self.title, *(f"{commit.subject}\n{commit.body}" for commit in self.commits)])


def read_pulls(repository: Repository, source: Source, after: str | None, until: str) -> list[PullRequest]:
    """Oldest first, without the commit `after`; reverts are paired within what is returned."""
    sides = _assign_sides(repository.commits(after, until))
    line = repository.first_parent(after, until)
    files = repository.changes_of(line)
    pulls = [_read_pull(source, commit, sides.get(commit.id, ()), files[commit.id]) for commit in line]
    return pair_reverts(repository, pulls)


def pair_reverts(repository: Repository, pulls: Sequence[PullRequest]) -> list[PullRequest]:
    """Links each declared revert with what it undoes; the pair is folded only when the contents really cancel out."""
    links: dict[str, Link] = {}
    index = _Index(pulls)
    for pull in pulls:
        original = index.find_reverted(pull)
        if original is None:
            continue
        earlier = links.get(original.merge)
        if earlier is not None and earlier.relation is Relation.UNDOES:
            links[pull.merge] = Link(Relation.RESTORES, earlier.other)
        elif (earlier is None or earlier.relation in _STANDING) and cancel_out(repository, original, pull):
            links[original.merge] = Link(Relation.UNDONE_BY, pull.merge)
            links[pull.merge] = Link(Relation.UNDOES, original.merge)
        else:
            links[pull.merge] = Link(Relation.PARTLY_UNDOES, original.merge)
    return [replace(pull, link=links.get(pull.merge)) for pull in pulls]


def cancel_out(repository: Repository, first: PullRequest, second: PullRequest) -> bool:
    """Whether the second takes back every line of the first and does nothing else, bookkeeping left aside."""
    files = _without_bookkeeping(first.files), _without_bookkeeping(second.files)
    if not any(files):
        files = first.files, second.files
    if {change.path for change in files[0]} != {change.path for change in files[1]}:
        return False
    pairs = list(zip(files[0], files[1], strict=True))
    rest = [pair for pair in pairs if not _is_inverse(*pair)]
    try:
        blobs = repository.read_blobs(_blobs(change for pair in rest for change in pair))
    except MissingObjectError:
        return False
    return all(not any((_line_delta(one, blobs) + _line_delta(other, blobs)).values()) for one, other in rest)


def bumped_range(repository: Repository, before: str, after: str) -> tuple[str, str]:
    """The library's commits at two pins, the older first, whichever way the pin moved.

    Raises `UnknownRevisionError` when a pin is no tag or commit of the library any more.
    """
    old, new = _resolve_pin(repository, before), _resolve_pin(repository, after)
    return (old, new) if repository.is_ancestor(old, new) else (new, old)


def pull_url(source: Source, number: int | None, merge: str) -> str:
    return f"{source.web_url}/pull/{number}" if number is not None else f"{source.web_url}/commit/{merge}"


class _Index:
    """Finds a pull request by number, merge, or any commit that it brought."""

    def __init__(self, pulls: Iterable[PullRequest]) -> None:
        self._by_number: dict[int, PullRequest] = {}
        self._by_commit: dict[str, PullRequest] = {}
        self._place: dict[str, int] = {}
        for place, pull in enumerate(pulls):
            self._place[pull.merge] = place
            if pull.number is not None:
                self._by_number[pull.number] = pull
            for commit in (pull.merge, *(commit.id for commit in pull.commits)):
                self._by_commit[commit] = pull

    def find_reverted(self, pull: PullRequest) -> PullRequest | None:
        """The newest earlier one that its branch or messages name as undone."""
        numbers = [int(number) for number in _REVERTING_BRANCH.findall(pull.branch)[:1]]
        numbers += [
            int(found) for groups in _REVERTED_NUMBER.findall(pull.messages) for found in groups if found
        ]
        named = [self._by_number[number] for number in numbers if number in self._by_number]
        named += filter(None, map(self._find_commit, _REVERTED_COMMIT.findall(pull.messages)))
        earlier = [other for other in named if self._place[other.merge] < self._place[pull.merge]]
        return max(earlier, key=lambda other: self._place[other.merge], default=None)

    def _find_commit(self, digits: str) -> PullRequest | None:
        if len(digits) == 40:  # noqa: PLR2004 (a whole SHA-1)
            return self._by_commit.get(digits)
        return next((pull for commit, pull in self._by_commit.items() if commit.startswith(digits)), None)


def _read_pull(
    source: Source, commit: Commit, side: Sequence[Commit], files: Sequence[FileChange]
) -> PullRequest:
    number, title, branch = _read_subject(commit)
    parent = commit.parents[0] if commit.parents else None
    return PullRequest(
        source=source.id,
        merge=commit.id,
        parent=parent,
        merged=commit.committed.date(),
        number=number,
        title=title,
        url=pull_url(source, number, commit.id),
        branch=branch,
        commits=(*side, commit),
        files=tuple(files),
    )


def _read_subject(commit: Commit) -> tuple[int | None, str, str]:
    """Number, title and branch."""
    if merged := _MERGED.match(commit.subject):
        title = commit.body.partition("\n")[0].strip()
        return int(merged[1]), title or merged[2].partition("/")[2], merged[2]
    if squashed := _SQUASHED.match(commit.subject):
        return int(squashed[2]), squashed[1], ""
    return None, commit.subject, ""


def _assign_sides(commits: Iterable[Commit]) -> dict[str, tuple[Commit, ...]]:
    """Merge → the commits that came to the main line with it, oldest first. `commits`: parents before children."""
    every = {commit.id: commit for commit in commits}
    if not every:
        return {}
    main = list(_main_line(every, next(reversed(every))))
    taken = {commit.id for commit in main}
    sides = {}
    for merge in reversed(main):
        found = set(_reach(every, merge.parents[1:], taken))
        taken |= found
        sides[merge.id] = tuple(commit for commit in every.values() if commit.id in found) if found else ()
    return sides


def _main_line(every: dict[str, Commit], tip: str) -> Iterator[Commit]:
    commit = every.get(tip)
    while commit is not None:
        yield commit
        commit = every.get(commit.parents[0]) if commit.parents else None


def _reach(every: dict[str, Commit], starts: Sequence[str], taken: set[str]) -> Iterator[str]:
    waiting, seen = list(starts), set(taken)
    while waiting:
        current = waiting.pop()
        if current in every and current not in seen:
            seen.add(current)
            waiting.extend(every[current].parents)
            yield current


def _without_bookkeeping(files: Sequence[FileChange]) -> tuple[FileChange, ...]:
    return tuple(change for change in files if PurePosixPath(change.path).name not in BOOKKEEPING)


def _is_inverse(one: FileChange, other: FileChange) -> bool:
    return (one.old_blob, one.new_blob) == (other.new_blob, other.old_blob)


def _blobs(changes: Iterable[FileChange]) -> Iterator[str]:
    return (blob for change in changes for blob in (change.old_blob, change.new_blob) if blob)


def _line_delta(change: FileChange, blobs: dict[str, bytes]) -> "_Delta":
    delta = _Delta()
    delta.update(blobs[change.new_blob].splitlines() if change.new_blob else ())
    delta.subtract(blobs[change.old_blob].splitlines() if change.old_blob else ())
    return delta


class _Delta(Counter[bytes]):
    """Lines added less lines removed; unlike a plain counter, a sum keeps what is negative."""

    def __add__(self, other: Counter[bytes]) -> "_Delta":  # type: ignore[override]
        total = _Delta(self)
        total.update(other)
        return total


def _resolve_pin(repository: Repository, pin: str) -> str:
    for name in (f"refs/tags/{pin}", f"refs/tags/v{pin}", pin):
        try:
            return repository.resolve(name)
        except UnknownRevisionError:
            continue
    raise UnknownRevisionError(f"the library has no tag or commit {pin!r}")
