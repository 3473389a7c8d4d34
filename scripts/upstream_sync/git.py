"""Reading git repositories, with or without a work tree, through the `git` program. Nothing here writes to them."""

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from scripts.upstream_sync.errors import UpstreamError

_NO_OBJECT = "0" * 40
# No question at the terminal, messages in English (some are looked into), no surprise from the user's own settings.
ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


class GitError(UpstreamError):
    """git refused; the message is its own last line."""


class NoRepositoryError(GitError):
    """There is no git repository at that path."""


class UnknownRevisionError(GitError):
    """No commit of that name in the repository."""


class MissingObjectError(GitError):
    """A partial clone lacks the object, and its origin could not be asked."""


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    parents: tuple[str, ...]
    committed: datetime
    subject: str
    body: str

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1


@dataclass(frozen=True, slots=True)
class FileChange:
    """`status` is A, M, D or T (no rename detection: a rename is D and A). Blobs are None where there is no file."""

    status: str
    path: str
    old_blob: str | None
    new_blob: str | None


class Repository:
    """One process at a time may use an instance, from one thread. Close it, or use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader: subprocess.Popen[bytes] | None = None
        self._local_objects: set[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._reader is not None:
            self._reader.communicate()
            self._reader = None

    def resolve(self, revision: str) -> str:
        """The commit's 40 digits. Raises `UnknownRevisionError`."""
        done = self._run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", check=False
        )
        if done.returncode != 0:
            raise UnknownRevisionError(
                f"no commit {revision!r} in {self.path.name}", "Fetch first: ./scripts/upstream fetch"
            )
        return done.stdout.decode().strip()

    def read_commit(self, revision: str) -> Commit:
        return next(self._log("--no-walk", self.resolve(revision)))

    def list_files(self, commit: str, suffixes: Sequence[str] = ()) -> dict[str, str]:
        """Path → blob id, of plain files whose name ends in one of `suffixes` (all without); in git's order."""
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", commit).stdout.decode(
            "utf-8", "surrogateescape"
        )
        entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
        files = ((path, meta.split(" ")) for meta, _, path in entries)
        endings = tuple(suffixes)
        return {
            path: meta[2]
            for path, meta in files
            if meta[0].startswith("100") and (not endings or path.endswith(endings))
        }

    def read_blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Raises `MissingObjectError`. A partial clone fetches what it lacks, all at once."""
        wanted = list(dict.fromkeys(ids))
        self._fetch_missing(wanted)
        return {blob: self._read(blob) for blob in wanted}

    def bring(self, ids: Iterable[str]) -> None:
        """Has a partial clone fetch what it lacks of these, all at once. Raises `MissingObjectError`."""
        self._fetch_missing(list(dict.fromkeys(ids)))

    def read_file(self, commit: str, path: str) -> bytes | None:
        """None where the commit has no such file."""
        blob = (
            self._run("rev-parse", "--verify", "--quiet", f"{commit}:{path}", check=False)
            .stdout.decode()
            .strip()
        )
        return self.read_blobs([blob])[blob] if blob else None

    def first_parent(self, after: str | None, until: str) -> list[Commit]:
        """The main line, oldest first, without `after` itself (from the first commit when it is None)."""
        span = until if after is None else f"{after}..{until}"
        return list(self._log("--first-parent", "--reverse", span))

    def commits(self, after: str | None, until: str) -> list[Commit]:
        """All of them, side branches too, parents before children."""
        span = until if after is None else f"{after}..{until}"
        return list(self._log("--topo-order", "--reverse", span))

    def changed_files(self, parent: str | None, commit: str) -> list[FileChange]:
        """Sorted by path. Everything is added when `parent` is None."""
        trees = ("--root", commit) if parent is None else (parent, commit)
        raw = self._run("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", *trees).stdout
        fields = raw.decode("utf-8", "surrogateescape").split("\0")
        return sorted(_read_changes(fields), key=lambda change: change.path)

    def changes_of(self, commits: Iterable[Commit]) -> dict[str, list[FileChange]]:
        """Commit → what it changed against its first parent, for many commits at the price of one `changed_files`."""
        rows = "".join(" ".join((commit.id, *commit.parents[:1])) + "\n" for commit in commits)
        raw = self._run(
            "diff-tree", "--stdin", "--root", "-r", "-z", "--no-renames", given=rows.encode()
        ).stdout
        found: dict[str, list[str]] = {row.split(" ")[0]: [] for row in rows.splitlines()}
        fields = iter(raw.decode("utf-8", "surrogateescape").split("\0"))
        current: list[str] = []
        for field in fields:
            if field.startswith(":"):
                current += (field, next(fields))
            elif field:
                current = found[field]
        return {
            commit: sorted(_read_changes(each), key=lambda change: change.path)
            for commit, each in found.items()
        }

    def is_ancestor(self, older: str, newer: str) -> bool:
        return self._run("merge-base", "--is-ancestor", older, newer, check=False).returncode == 0

    def list_refs(self, prefix: str = "refs/tags/") -> dict[str, str]:
        """Full name → commit; annotated tags give the commit they name."""
        form = "%(refname) %(objectname) %(*objectname)"
        lines = self._run("for-each-ref", f"--format={form}", prefix).stdout.decode().splitlines()
        rows = (line.split() for line in lines)
        return {row[0]: row[-1] for row in rows}

    @cached_property
    def git_dir(self) -> Path:
        found = subprocess.run(
            ["git", "-C", str(self.path), "rev-parse", "--absolute-git-dir"],
            capture_output=True, check=False, env=os.environ | ENVIRONMENT,
        ) if self.path.is_dir() else None  # fmt: skip
        if found is None or found.returncode != 0:
            raise NoRepositoryError(f"{self.path} is no git repository")
        return Path(found.stdout.decode().strip())

    @cached_property
    def is_partial(self) -> bool:
        return bool(
            self._run("config", "--get-regexp", r"^remote\..*\.promisor$", check=False).stdout.strip()
        )

    def _log(self, *arguments: str) -> Iterator[Commit]:
        form = "%H%x00%P%x00%ct%x00%s%x00%b%x00%x01"
        text = self._run("log", f"--format={form}", *arguments).stdout.decode("utf-8", "replace")
        for record in text.split("\0\1"):
            if record.strip():
                commit, parents, seconds, subject, body = record.lstrip("\n").split("\0")
                when = datetime.fromtimestamp(int(seconds), UTC)
                yield Commit(commit, tuple(parents.split()), when, subject, body.strip())

    def _read(self, blob: str) -> bytes:
        if self._reader is None:
            self._reader = subprocess.Popen(
                [*self._git, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env=os.environ | ENVIRONMENT,
            )  # fmt: skip
        assert self._reader.stdin is not None
        assert self._reader.stdout is not None
        self._reader.stdin.write(blob.encode() + b"\n")
        self._reader.stdin.flush()
        head = self._reader.stdout.readline().split()
        if len(head) != 3:  # noqa: PLR2004 (id, type, size)
            raise MissingObjectError(
                f"object {blob[:12]} is not in {self.path.name}",
                "The clone is partial and its origin does not answer: try again when it does.",
            )
        content = self._reader.stdout.read(int(head[2]))
        self._reader.stdout.read(1)
        return content

    def _fetch_missing(self, blobs: Sequence[str]) -> None:
        """Git would fetch them one by one."""
        if not blobs or not self.is_partial:
            return
        if self._local_objects is None:
            listed = self._run(
                "cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered"
            )
            self._local_objects = set(listed.stdout.decode().split())
        missing = [blob for blob in blobs if blob not in self._local_objects]
        if missing:
            command = (
                "-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                "--recurse-submodules=no", "--filter=blob:none", "--stdin", "origin",
            )  # fmt: skip
            done = self._run(*command, given="\n".join(missing).encode() + b"\n", check=False)
            if done.returncode != 0:
                raise MissingObjectError(
                    f"{len(missing)} files of {self.path.name} are not on this machine: {last_line(done.stderr)}",
                    "They are fetched when the origin answers; what was fetched before stays usable.",
                )
            self._local_objects.update(missing)

    @property
    def _git(self) -> tuple[str, str]:
        return ("git", f"--git-dir={self.git_dir}")

    def _run(
        self, *arguments: str, given: bytes | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [*self._git, *arguments],
            input=given,
            capture_output=True,
            check=False,
            env=os.environ | ENVIRONMENT,
        )
        if check and done.returncode != 0:
            raise GitError(f"git {arguments[0]} failed in {self.path.name}: {last_line(done.stderr)}")
        return done


def last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("fatal: ").removeprefix("error: ") if lines else "no message"


def _read_changes(fields: Sequence[str]) -> Iterator[FileChange]:
    for meta, path in zip(fields[0::2], fields[1::2], strict=False):
        _, _, old, new, status = meta.removeprefix(":").split(" ")
        yield FileChange(
            status[0], path, None if old == _NO_OBJECT else old, None if new == _NO_OBJECT else new
        )
