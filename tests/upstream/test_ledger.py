"""`upstream/ledger.jsonl`: judgements are appended, and survive a crash in the middle."""

from datetime import date
from pathlib import Path

import pytest

from scripts.upstream_sync.ledger import (
    InvalidLedgerError,
    Judgement,
    Verdict,
    append,
    latest,
    read_ledger,
)


def make_judgement(merge: str = "abc", verdict: Verdict = Verdict.ADOPT, **changed) -> Judgement:
    values = {"up": "uk-api", "merge": merge, "verdict": verdict, "by": "A. Martin", "on": date(2026, 11, 25)}
    return Judgement(**values | changed)


JUDGEMENTS = [
    make_judgement(pr=4726, class_="contract", ours="1a2b3c", note="« vu »"),
    make_judgement("def", Verdict.DEFERRED, until=date(2027, 1, 1)),
    make_judgement("ghi", Verdict.SUPERSEDED, other=12, auto=True),
]


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "upstream" / "ledger.jsonl"
    for judgement in JUDGEMENTS:
        append(path, [judgement])

    assert read_ledger(path) == JUDGEMENTS


def test_no_file_is_an_empty_ledger(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "ledger.jsonl") == []


def test_appending_nothing_makes_no_file(tmp_path: Path) -> None:
    append(tmp_path / "ledger.jsonl", [])

    assert not (tmp_path / "ledger.jsonl").exists()


def test_line_cut_by_a_crash_counts_as_not_written_and_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    append(path, JUDGEMENTS[:2])
    whole = path.read_bytes()
    for length in range(len(whole.splitlines(keepends=True)[0]), len(whole)):
        path.write_bytes(whole[:length])
        assert read_ledger(path) == JUDGEMENTS[:1]

    append(path, JUDGEMENTS[1:])

    assert read_ledger(path) == JUDGEMENTS


def test_last_judgement_of_a_merge_counts() -> None:
    first, second = make_judgement(), make_judgement(verdict=Verdict.DECLINED)

    assert latest([first, second]) == {("uk-api", "abc"): second}


@pytest.mark.parametrize(
    "changed",
    [
        {"by": " "},
        {"verdict": Verdict.DEFERRED},
        {"until": date(2027, 1, 1)},
        {"verdict": Verdict.SUPERSEDED},
        {"verdict": Verdict.REVERTED},
    ],
)
def test_incomplete_judgement_is_refused(changed) -> None:
    with pytest.raises(InvalidLedgerError):
        make_judgement(**changed)


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        '{"up": "uk-api"}',
        '{"up":"a","merge":"b","verdict":"liked","by":"c","on":"2026-01-01"}',
        '{"up":"a","merge":"b","verdict":"adopt","by":"c","on":"2026-01-01","mood":"good"}',
    ],
)
def test_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "ledger.jsonl"
    append(path, JUDGEMENTS[:1])
    with path.open("a") as file:
        file.write(line + "\n")

    with pytest.raises(InvalidLedgerError, match=r"ledger\.jsonl:2"):
        read_ledger(path)
