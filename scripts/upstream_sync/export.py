"""Handing our own work back: to upstream from a clone of it at the pin, or a fix of our core to other forks.

What is exported was written by us as commits on a branch; nothing is taken from the project's files. Author and files
are checked, the branch is made, and the series comes to lie in a folder: it is people who send it.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.patch_series.declaration import DECLARATION, Declaration, InvalidDeclarationError, read_declaration
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.lock import LOCK, Pin, read_lock, write_whole
from scripts.upstream_sync.outbox import (
    VECTORS,
    Cover,
    list_commits,
    require_ours,
    write_series,
    write_vectors,
)
from scripts.upstream_sync.work_tree import run_git

BRANCHES: Final = "notifications"
_ADDRESS: Final = re.compile(r'https://[^\s"\\]+')
_FORWARDED: Final = re.compile(r"""^forwarded *= *("[^"\n]*"|'[^'\n]*')""", re.MULTILINE)


class ExportError(UpstreamError):
    """It cannot be handed over so."""


@dataclass(frozen=True, slots=True)
class Exported:
    """`files`: below `outbox`. `begun`: the branch was only made now, and waits for the work."""

    branch: str
    base: str
    outbox: Path
    files: Sequence[str] = ()
    vectors: Sequence[str] = ()
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to, whose commits are ours, and what goes with them. `subject`: title of the cover letter."""

    outbox: Path
    addresses: Collection[str]
    vectors: Sequence[str] = ()
    subject: str | None = None


def export_patch(root: Path, slug: str, clone: Path, to: Destination) -> Exported:
    """Makes the branch `notifications/<slug>` in the clone at the pin; once work is committed there, exports it.

    Raises `UpstreamError`.
    """
    declaration = read_patch(root, slug)
    pin = find_pin(root, clone)
    branch = f"{BRANCHES}/{slug.replace('_', '-')}"
    if not run_git(clone, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False):
        run_git(clone, "branch", branch, pin.commit)
        return Exported(branch, pin.commit, to.outbox, begun=True)
    if run_git(clone, "merge-base", pin.commit, branch, check=False) != pin.commit:
        raise ExportError(
            f"{branch} does not begin at the pin, {pin.commit[:12]}",
            f"git -C {clone} rebase --onto {pin.commit[:12]} OLD-BASE {branch}",
        )
    cover = Cover(
        to.subject or declaration.title,
        [
            declaration.description,
            f"Written on {pin.commit[:12]} ({pin.committed}) by people of Notifications, the French downstream.",
        ],
    )
    return _export(clone, (pin.commit, branch), cover, to, declaration.vectors)


def export_range(root: Path, range_: str, to: Destination) -> Exported:
    """Commits of this repository, `BASE..TIP`: a fix of the core that other forks can use. Raises `UpstreamError`."""
    after, _, until = range_.partition("..")
    span = run_git(root, "rev-parse", "--verify", f"{after}^{{commit}}"), until or "HEAD"
    inside = [
        path
        for path in run_git(root, "diff", "--name-only", *span).splitlines()
        if path.startswith("patches/")
    ]
    if inside:
        raise ExportError(
            f"part of it is French only: {', '.join(inside[:3])}",
            "A fix for others changes the core alone; leave commits that touch patches/ out.",
        )
    subjects = [commit.subject for commit in list_commits(root, *span)]
    if to.subject is None and len(subjects) > 1:
        raise ExportError(f"{len(subjects)} commits need a title of their own", "Give --subject TEXT.")
    listed = "\n".join(f"- {subject}" for subject in subjects)
    paragraphs = ["From Notifications, the French downstream; nothing in it is French.", listed]
    return _export(root, span, Cover(to.subject or "".join(subjects), paragraphs), to, ())


def set_forwarded(root: Path, slug: str, url: str) -> Path:
    """Writes where the patch was handed over into its declaration. Raises `ExportError`."""
    path = root / "patches" / slug / DECLARATION
    read_patch(root, slug)
    if not _ADDRESS.fullmatch(url):
        raise ExportError(
            f"{url!r} is no address", "Give the page where the others discuss it: --forwarded https://…"
        )
    text = path.read_text(encoding="utf-8")
    write_whole(path, _FORWARDED.sub(lambda _: f'forwarded = "{url}"', text, count=1))
    return path


def read_patch(root: Path, slug: str) -> Declaration:
    """Raises `ExportError`."""
    path = root / "patches" / slug / DECLARATION
    try:
        return read_declaration(path, f"patches/{slug}/{DECLARATION}")
    except OSError:
        raise ExportError(
            f"there is no patch {slug!r}",
            "./scripts/notifications patches list shows them; a range is BASE..TIP.",
        ) from None
    except InvalidDeclarationError as error:
        raise ExportError(str(error)) from None


def find_pin(root: Path, clone: Path) -> Pin:
    """The one of upstream.lock whose commit the clone has. Raises `ExportError`."""
    pins = read_lock(root / LOCK).upstream
    if not clone.is_dir() or not run_git(clone, "rev-parse", "--git-dir", check=False):
        raise ExportError(
            f"{clone} is no git repository", "Clone what upstream/watch.toml names, and give its place."
        )
    for pin in pins:
        if run_git(clone, "rev-parse", "--verify", "--quiet", f"{pin.commit}^{{commit}}", check=False):
            return pin
    listed = ", ".join(f"{pin.id} {pin.commit[:12]}" for pin in pins)
    raise ExportError(
        f"{clone.name} has none of the commits at which {LOCK} pins upstream: {listed or 'it pins nothing'}",
        f"git -C {clone} fetch origin; or is it a clone of something else?",
    )


def _export(
    repository: Path, span: tuple[str, str], cover: Cover, to: Destination, vectors: Sequence[str]
) -> Exported:
    require_ours(list_commits(repository, *span), to.addresses)
    chosen = write_vectors([*vectors, *to.vectors], to.outbox)
    if chosen:
        note = f"{VECTORS} has requests and the answers that are expected of any deployment: {', '.join(chosen)}."
        cover = Cover(cover.subject, [*cover.paragraphs, note])
    patches = write_series(repository, *span, cover, to.outbox)
    extra = sorted(path.name for path in to.outbox.glob("vectors.*"))
    return Exported(span[1], span[0], to.outbox, [*(path.name for path in patches), *extra], chosen)
