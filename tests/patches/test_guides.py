"""The guides for people who write patches, followed step by step in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.local.processes import ROOT

pytestmark = pytest.mark.slow

_COPIED = (
    "api",
    "docs",
    "localisation",
    "notifications_utils",
    "patches",
    "requirements",
    "scripts",
    "tests",
)
_STEP = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as it is now, with the environment of this run."""
    ignored = shutil.ignore_patterns("__pycache__", "*.mo")
    for name in _COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    return tmp_path


@pytest.mark.parametrize(("guide", "slug"), [("add-a-provider", "acme"), ("write-a-patch", "acme_rates")])
def test_every_step_of_the_guide_works(copy: Path, guide: str, slug: str) -> None:
    # The French series fills these slots already; a series of one's own begins without it.
    _empty_series(copy)
    steps = _STEP.findall((copy / f"docs/how-to/{guide}.md").read_text())
    assert len(steps) >= 2

    for step in steps:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", step],
            cwd=copy,
            env={name: value for name, value in os.environ.items() if name not in ("PATCHES", "PYTHONPATH")},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{step}\n{done.stdout}\n{done.stderr}"

    made = [copy / "patches" / slug, copy / "tests/patches" / slug]
    ruff = Path(sys.prefix) / "bin" / "ruff"
    for command in (["check"], ["format", "--check"]):
        checked = subprocess.run(
            [ruff, *command, *made], cwd=copy, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout
    assert slug in (copy / "docs/reference/slots.md").read_text()


def _empty_series(copy: Path) -> None:
    for path in (copy / "patches").iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    (copy / "patches" / "series").write_text("")
