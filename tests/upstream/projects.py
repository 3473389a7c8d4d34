"""Projects made up by tests: a lock, facts, a series of patches, in a git work tree of its own."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from scripts.local.processes import ROOT
from tests.upstream.made_up import make_declaration, write_pins
from tests.upstream.repositories import Upstream


def make_project(
    root: Path, pinned: Mapping[str, Any], *patches: Mapping[str, Any], **changed: Any
) -> Upstream:
    """A committed project whose pin of uk-api holds these facts; each patch is a mapping with `slug` and fields.

    `changed` goes to the pin.
    """
    project = Upstream(root)
    write_pins(root, {"uk-api": {"routes": pinned}}, **changed)
    (root / ".gitignore").write_text(".sync/\n", encoding="utf-8")
    write_patches(root, *patches)
    project.commit({}, "Begin")
    return project


def write_patches(root: Path, *patches: Mapping[str, Any]) -> None:
    slugs = []
    for number, patch in enumerate(patches, 1):
        fields = {"id": number, "fills": {}, **patch}
        slugs.append(slug := fields.pop("slug"))
        folder = root / "patches" / slug
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text("")
        (folder / "patch.toml").write_text(to_toml(make_declaration(**fields)), encoding="utf-8")
    (root / "patches").mkdir(exist_ok=True)
    (root / "patches" / "series").write_text("".join(f"{slug}\n" for slug in slugs))


def to_toml(table: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_show(value)}\n" for name, value in table.items())


def _show(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f'"{name}" = {_show(part)}' for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_show, value)) + "]"
    return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'


def digest_tree(root: Path) -> dict[str, tuple[str, int]]:
    """Path → digest and mode of every file, those of git and of the sync left aside."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(root)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode)
        for path in files
        if path.relative_to(root).parts[0] not in (".git", ".sync")
    }


def kill_everywhere(work: str, template: Path, scratch: Path) -> list[dict[str, Any]]:
    """What `killing.py` tells, with trees as `digest_tree` gives them."""
    scratch.mkdir()
    command = [sys.executable, "-m", "tests.upstream.killing", work, str(template), str(scratch)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reports = map(json.loads, done.stdout.splitlines())
    return [
        {
            **report,
            **{name: {path: tuple(of) for path, of in report[name].items()} for name in ("then", "again")},
        }
        for report in reports
    ]
