"""`notifications patches …`: the real series as people see it."""

import shutil
from pathlib import Path

import pytest

from scripts.local.processes import ROOT
from tests.patches.series import SLUGS


def test_series_is_listed_in_order_with_its_states(notifications):
    records = notifications.json("patches", "list", environment={"PATCHES": "brevo"})
    assert [record["patch"] for record in records] == SLUGS
    assert {record["patch"]: record["state"] for record in records if record["state"] != "off"} == {
        "brevo": "applied"
    }


def test_patch_says_what_it_fills_and_how_it_is_set_up(notifications):
    record = notifications.json("patches", "show", "brevo")
    assert record["fills"] == ["sms_providers.brevo", "email_providers.brevo"]
    assert "BREVO_API_KEY" in record["settings"]


def test_unknown_patch_is_named(notifications):
    assert notifications.error("patches", "show", "ghost")["field"] == "patch"


def test_series_is_checked(notifications):
    notifications("patches", "check", "--root", str(ROOT))


def test_page_of_the_slots_is_up_to_date(notifications):
    notifications("patches", "docs", "--check", "--file", str(ROOT / "docs/reference/slots.md"))


def test_wrong_choice_of_patches_stops_the_start(notifications):
    problem = notifications.error("services", "list", environment={"PATCHES": "ghost"})
    assert "ghost" in problem["message"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "patches").mkdir()
    (tmp_path / "patches/series").touch()
    return tmp_path


@pytest.mark.parametrize("start", [("--provider", "sms"), ("--provider", "email"), ("--slot", "rates")])
def test_new_patch_is_written_and_listed(notifications, project: Path, start):
    made = notifications.json("patches", "new", "acme", *start, "--root", str(project))
    assert (project / "patches/series").read_text() == "acme\n"
    assert (project / "patches/acme/patch.toml").exists()
    assert all(Path(record["file"]).exists() for record in made)


@pytest.mark.parametrize("name", ["Acme", "a-b", "../x", "1a", "é", "a" * 41])
def test_name_that_cannot_be_a_folder_is_refused(notifications, project: Path, name: str):
    error = notifications.error("patches", "new", name, "--provider", "sms", "--root", str(project))
    assert error["field"] == "patch"
    assert list((project / "patches").iterdir()) == [project / "patches/series"]


def test_name_that_is_taken_and_slot_that_is_not_there_are_refused(notifications, project: Path):
    notifications("patches", "new", "acme", "--provider", "sms", "--root", str(project))
    for slug, slot, field in (("acme", "rates", "patch"), ("other", "weather", "slot")):
        error = notifications.error("patches", "new", slug, "--slot", slot, "--root", str(project))
        assert error["field"] == field
    shutil.rmtree(project / "patches/acme")
