"""A series is read whole or refused, with file and line of each fault."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from api.patch_series.reading import InvalidSeriesError, Patch, read_series, select

Problems = Callable[..., list[str]]
Read = Callable[..., list[Patch]]
WritePatch = Callable[..., Path]


def test_deployment_without_the_folder_has_no_patches() -> None:
    assert read_series(None, today=date(2026, 1, 1)) == []


def test_empty_series_has_no_patches(read: Read) -> None:
    assert read() == []


def test_patches_come_in_the_order_of_the_series(folder: Path, read: Read, write_patch: WritePatch) -> None:
    write_patch("b")
    write_patch("a", "typography")
    (folder / "series").write_text("# first\nb\n\na  # second\n")

    assert [(patch.slug, patch.line) for patch in read()] == [("b", 2), ("a", 4)]


def test_missing_series_file_is_named(folder: Path, problems: Problems) -> None:
    (folder / "series").unlink()

    assert problems()[0].startswith("patches/series: ")


def test_line_without_a_folder_is_refused(folder: Path, problems: Problems) -> None:
    (folder / "series").write_text("\nghost\n")

    assert [problem.partition(": ")[0] for problem in problems()] == ["patches/series:2"]


def test_folder_without_a_line_is_refused(write_patch: WritePatch, problems: Problems) -> None:
    write_patch("stray", listed=False)

    assert [problem.partition(": ")[0] for problem in problems()] == ["patches/stray"]


def test_folder_without_a_declaration_is_refused(write_patch: WritePatch, problems: Problems) -> None:
    write_patch("bare").unlink()

    assert [problem.partition(": ")[0] for problem in problems()] == ["patches/bare"]


def test_module_beside_the_patches_is_no_patch(folder: Path, read: Read) -> None:
    (folder / "territories.py").touch()

    assert read() == []


def test_line_that_comes_twice_is_refused(folder: Path, write_patch: WritePatch, problems: Problems) -> None:
    write_patch("a")
    (folder / "series").write_text("a\na\n")

    assert [problem.partition(": ")[0] for problem in problems()] == ["patches/series:2"]


@pytest.mark.parametrize("name", ["../a", "A", "a-b", "1a", "a.b"])
def test_line_that_is_no_name_is_refused(folder: Path, problems: Problems, name: str) -> None:
    (folder / "series").write_text(f"{name}\n")

    assert problems()[0].startswith("patches/series:1: ")


def test_slot_is_filled_once(write_patch: WritePatch, problems: Problems) -> None:
    write_patch("a")
    write_patch("b")

    [problem] = problems()
    assert problem.startswith("patches/b/patch.toml: fills: rates ")
    assert problem.endswith("by a already")


def test_provider_of_one_name_comes_from_one_patch(write_patch: WritePatch, problems: Problems) -> None:
    write_patch("a", '"sms_providers.x"')
    write_patch("b", '"sms_providers.x"')
    write_patch("c", '"sms_providers.y"')

    [problem] = problems()
    assert problem.startswith("patches/b/patch.toml: fills: sms_providers.x ")


@pytest.mark.parametrize("place", ["weather", '"weather.x"', "sms_providers", '"rates.x"'])
def test_place_that_is_no_slot_is_refused(write_patch: WritePatch, problems: Problems, place: str) -> None:
    write_patch("a", place)

    [problem] = problems()
    assert problem.startswith("patches/a/patch.toml: fills: ")


def test_target_without_a_module_is_refused(
    folder: Path, write_patch: WritePatch, problems: Problems
) -> None:
    write_patch("a")
    (folder / "a" / "rules.py").unlink()

    assert problems() == ["patches/a/patch.toml: fills: rates: there is no module patches.a.rules"]


def test_number_belongs_to_one_patch(write_patch: WritePatch, problems: Problems) -> None:
    write_patch("a", number=7)
    write_patch("b", "typography", number=7)

    assert [problem.partition(":")[0] for problem in problems()] == [
        "patches/a/patch.toml",
        "patches/b/patch.toml",
    ]


def test_patch_that_nobody_looked_at_again_is_refused(write_patch: WritePatch, problems: Problems) -> None:
    write_patch("a")

    [problem] = problems(today=date(2027, 6, 1))
    assert problem.startswith("patches/a/patch.toml: review-by: 2027-05-31 is over")


def test_production_starts_for_some_days_more(
    write_patch: WritePatch, read: Read, problems: Problems
) -> None:
    write_patch("a")

    assert read(today=date(2027, 6, 30), grace_days=30)
    assert problems(today=date(2027, 7, 1), grace_days=30)


def test_all_faults_are_told_at_once(folder: Path, write_patch: WritePatch, problems: Problems) -> None:
    write_patch("a", kind="kind = 3")
    write_patch("b", "weather")
    write_patch("stray", "typography", listed=False)

    assert len(problems()) == 3


def test_setting_chooses_in_the_order_of_the_series(write_patch: WritePatch, read: Read) -> None:
    write_patch("a")
    write_patch("b", "typography")
    write_patch("c", '"sms_providers.x"')
    series = read()

    def chosen(names: list[str] | None) -> list[str]:
        return [patch.slug for patch in select(series, names)]

    assert chosen(None) == ["a", "b", "c"]
    assert chosen(["c", "a"]) == ["a", "c"]
    assert chosen(["none"]) == []
    assert chosen([]) == []


def test_setting_that_names_no_patch_is_refused(read: Read) -> None:
    with pytest.raises(InvalidSeriesError, match="'ghost'"):
        select(read(), ["ghost"])
