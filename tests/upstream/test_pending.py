"""`upstream/pending`: what we wait for, until when."""

from datetime import date
from pathlib import Path

import pytest

from scripts.upstream_sync.pending import (
    InvalidPendingError,
    next_number,
    read_pending,
    write_pending,
)
from tests.upstream.made_up import make_pending


def test_entry_that_was_written_is_read_again(tmp_path: Path) -> None:
    pending = make_pending("error A 400", "schema POST /v2/notifications/letter *")

    write_pending(tmp_path / "pending", 3, pending)

    (entry,) = read_pending(tmp_path / "pending")
    assert (entry.number, entry.pending) == (3, pending)


def test_numbers_go_on_from_the_highest(tmp_path: Path) -> None:
    assert next_number(tmp_path) == 1
    for number in (2, 11):
        write_pending(tmp_path, number, make_pending())

    assert next_number(tmp_path) == 12


def test_no_folder_is_no_entries(tmp_path: Path) -> None:
    assert read_pending(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("key", "is_covered"),
    [
        ("schema POST /v2/x/{id} request /a", True),
        ("schema POST /v2/x/{id} response 201", False),
        ("error A 400", True),
        ("error A 4001", False),
    ],
)
def test_entry_covers_keys_and_patterns(tmp_path: Path, key: str, is_covered: bool) -> None:
    write_pending(tmp_path, 1, make_pending("schema POST /v2/x/{id} request *", "error A 400"))

    (entry,) = read_pending(tmp_path)
    assert entry.covers(key) is is_covered


@pytest.mark.parametrize(("today", "is_overdue"), [(date(2027, 2, 28), False), (date(2027, 3, 1), True)])
def test_deadline_is_the_last_day(tmp_path: Path, today: date, is_overdue: bool) -> None:
    write_pending(tmp_path, 1, make_pending())

    (entry,) = read_pending(tmp_path)
    assert entry.is_overdue(today) is is_overdue


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "letters.toml").write_text("")
    (tmp_path / "0001.toml").write_text('title = "x"\n')

    with pytest.raises(InvalidPendingError) as caught:
        read_pending(tmp_path)

    assert any("letters.toml" in problem for problem in caught.value.problems)
    assert any("0001.toml" in problem and "deadline" in problem for problem in caught.value.problems)
