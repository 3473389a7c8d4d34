"""The nightly workflow: it calls verbs that there are, and keeps one issue."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from scripts.local.processes import ROOT
from scripts.upstream_sync.cli import cli

STEPS = yaml.safe_load((ROOT / ".github/workflows/upstream.yml").read_text())["jobs"]["report"]["steps"]
GH = """#!/bin/sh
[ "$1 $2" = "issue list" ] && { echo "$OPEN_ISSUE"; exit; }
echo "$*" >> "$CALLS"
"""


def test_verbs_exist() -> None:
    called = set(re.findall(r"\./scripts/upstream (\w+)", "\n".join(step.get("run", "") for step in STEPS)))

    assert called == {"fetch", "report", "status"}
    assert called <= set(cli.list_commands(None))  # type: ignore[arg-type]


@pytest.fixture
def publish(tmp_path: Path):
    """Runs the step that writes the issue, with a `gh` that only notes what it is asked. Returns its calls and the text."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gh").write_text(GH)
    (tmp_path / "bin" / "gh").chmod(0o755)

    def run(report: str, open_issue: str = "", fetched: str = "success") -> tuple[str, str]:
        (tmp_path / "report.md").write_text(report, encoding="utf-8")
        (tmp_path / "status.txt").write_text("uk-api 12 merges behind\n")
        environment = {
            "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(tmp_path),
            "CALLS": str(tmp_path / "calls"),
            "OPEN_ISSUE": open_issue,
            "FETCHED": fetched,
            "RUN_URL": "https://example.org/run",
            "LC_ALL": "C.UTF-8",
        }
        subprocess.run(["bash", "-e", "-c", STEPS[-1]["run"]], env=environment, check=True)
        return (tmp_path / "calls").read_text(), (tmp_path / "body.md").read_text(encoding="utf-8")

    return run


def test_first_night_opens_an_issue(publish) -> None:
    calls, body = publish("# What changed\n")

    assert "issue create" in calls
    assert "issue edit" not in calls
    assert "uk-api 12 merges behind" in body
    assert body.endswith("# What changed\n")


def test_next_night_brings_it_up_to_date(publish) -> None:
    calls, _ = publish("# What changed\n", open_issue="17")

    assert "issue edit 17" in calls
    assert "issue create" not in calls


def test_fault_in_fetching_is_told(publish) -> None:
    assert "could be fetched" not in publish("x\n")[1]
    assert "could be fetched" in publish("x\n", fetched="failure")[1]


def test_long_report_is_cut_between_lines(publish) -> None:
    _, body = publish("é" * 99 + "\n" + ("| row |\n" * 20_000))

    assert len(body) < 65_536
    assert "page of this run" in body.splitlines()[-1]
    assert set(body.splitlines()[12:-3]) == {"| row |"}
