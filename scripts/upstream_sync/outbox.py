"""A series of our own commits as files that somebody else can apply: `git format-patch`, a cover letter, vectors."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from shutil import copyfile
from textwrap import fill
from typing import Any, Final

from scripts.conformance_suite.vectors import VECTORS_FOLDER
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.work_tree import run_git

VECTORS: Final = "vectors.json"
FORMAT: Final = "vectors.md"
_COVER: Final = "0000-cover-letter.patch"
_COLUMNS: Final = 72
_SUBJECT, _BLURB = "*** SUBJECT HERE ***", "*** BLURB HERE ***"


class NotOursError(UpstreamError):
    """Something in the series is not by those who hand it over."""

    exit_code = 1


class EmptySeriesError(UpstreamError):
    """There is no commit to hand over."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Authored:
    """One commit and the address of who wrote it."""

    id: str
    subject: str
    address: str
    is_merge: bool


@dataclass(frozen=True, slots=True)
class Cover:
    """`paragraphs`: why, for someone who knows neither us nor our tools."""

    subject: str
    paragraphs: Sequence[str]


def list_commits(repository: Path, after: str, until: str) -> list[Authored]:
    """Oldest first; of all branches that lead to `until`."""
    rows = run_git(
        repository, "log", "--reverse", "--topo-order", "--format=%H%x00%P%x00%ae%x00%s", f"{after}..{until}"
    )
    fields = (row.split("\0") for row in rows.splitlines())
    return [
        Authored(commit, subject, address, " " in parents) for commit, parents, address, subject in fields
    ]


def require_ours(commits: Sequence[Authored], addresses: Collection[str]) -> None:
    """Every commit must be by one of `addresses`, and none a merge, which would bring others' work.

    Raises `NotOursError`, `EmptySeriesError`.
    """
    if not commits:
        raise EmptySeriesError(
            "there is no commit to hand over", "Commit your work there, then call this again."
        )
    ours = {address.lower() for address in addresses}
    if foreign := [commit for commit in commits if commit.address.lower() not in ours]:
        raise NotOursError(
            "not written by us: " + ", ".join(f"{commit.id[:9]} ({commit.subject})" for commit in foreign),
            "Only what we wrote ourselves is handed over. Leave these out; or name a colleague with --author.",
        )
    if merges := [commit for commit in commits if commit.is_merge]:
        raise NotOursError(
            "merges cannot be handed over: " + ", ".join(commit.id[:9] for commit in merges),
            "Make it a straight line of commits (git rebase).",
        )


def write_series(repository: Path, after: str, until: str, cover: Cover, outbox: Path) -> list[Path]:
    """Patches of an earlier call are replaced. Returns the files, the cover letter first."""
    outbox.mkdir(parents=True, exist_ok=True)
    for path in outbox.glob("*.patch"):
        path.unlink()
    run_git(
        repository, "format-patch", "--quiet", "--cover-letter", "--no-signature", "--zero-commit", "--no-encode-email-headers",
        f"--base={after}", "--output-directory", str(outbox.absolute()), f"{after}..{until}",
    )  # fmt: skip
    letter = outbox / _COVER
    text = letter.read_text(encoding="utf-8")
    text = text.replace(_SUBJECT, cover.subject, 1).replace(
        _BLURB, "\n\n".join(map(_wrap, cover.paragraphs)), 1
    )
    letter.write_text(text, encoding="utf-8")
    return sorted(outbox.glob("*.patch"))


def write_vectors(patterns: Sequence[str], outbox: Path, folder: Path = VECTORS_FOLDER) -> list[str]:
    """Those whose name matches, with the description of their form beside them. Returns the names."""
    chosen = [
        entry for entry in _entries(folder) if any(fnmatchcase(entry["name"], each) for each in patterns)
    ]
    for name in (VECTORS, FORMAT):
        (outbox / name).unlink(missing_ok=True)
    if chosen:
        outbox.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"vectors": chosen}, ensure_ascii=False, indent=2)
        (outbox / VECTORS).write_text(text + "\n", encoding="utf-8")
        copyfile(folder / "README.md", outbox / FORMAT)
    return [entry["name"] for entry in chosen]


def _wrap(paragraph: str) -> str:
    """Each line of it, as letters are written."""
    return "\n".join(
        fill(line, _COLUMNS, subsequent_indent="  " * line.startswith("- ")) for line in paragraph.split("\n")
    )


def _entries(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.json")):
        yield from json.loads(path.read_text(encoding="utf-8"))["vectors"]
