"""`patch.toml`: what it must say, and where a fault of it is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from api.patch_series.declaration import find_line

Problems = Callable[..., list[str]]
WritePatch = Callable[..., Path]


@pytest.mark.parametrize(
    ("field", "line", "number"),
    [
        ("id", 'id = "one"', 1),
        ("id", "id = 0", 1),
        ("title", 'title = " "', 2),
        ("kind", 'kind = "whim"', 3),
        ("reason", 'reason = "fun"', 4),
        ("last-update", "last-update = 3", 8),
        ("review-by", "review-by = 2026-11-01", 9),
        ("forwarded", 'forwarded = "maybe"', 10),
        ("client-impact", 'client-impact = "some"', 11),
        ("client-impact", 'client-impact = "breaking"', 1),  # two people must have approved it
        ("page", 'page = ""', 12),
        ("fills.rates", "[fills]\nrates = 3\n[other]", 15),
        ("fills.rates", '[fills]\nrates = "rules.make"\n[other]', 15),
    ],
)
def test_fault_is_shown_with_its_line(
    write_patch: WritePatch, problems: Problems, field: str, line: str, number: int
) -> None:
    key = field.partition(".")[0]
    path = write_patch("a")
    lines = path.read_text().splitlines()
    place = next(index for index, old in enumerate(lines) if old.startswith((key, f"[{key}]")))
    lines[place : place + 1] = line.replace("\n[other]", "").splitlines()
    if key == "fills":
        del lines[place + 2 :]
    path.write_text("\n".join(lines) + "\n")

    found = problems()

    assert found[0].startswith(f"patches/a/patch.toml:{number}: ")


def test_missing_field_is_named(write_patch: WritePatch, problems: Problems) -> None:
    write_patch("a", author="")

    [problem] = problems()
    assert ": author: " in problem


def test_unknown_field_is_named_with_its_line(write_patch: WritePatch, problems: Problems) -> None:
    write_patch("a", author='autor = "Contributors"\nauthor = "Contributors"')

    [problem] = problems()
    assert problem.startswith("patches/a/patch.toml:7: autor: ")


def test_text_that_is_no_toml_is_shown_with_its_line(write_patch: WritePatch, problems: Problems) -> None:
    path = write_patch("a")
    path.write_text(path.read_text() + "\n???\n")

    [problem] = problems()
    assert problem.startswith("patches/a/patch.toml:17: ")


def test_breaking_patch_needs_two_people(
    write_patch: WritePatch, problems: Problems, read: Callable[..., list[object]]
) -> None:
    approved = 'client-impact = "breaking"\napproved-by = ["Ada", "Grace"]'
    write_patch("a", client_impact=approved)
    assert read()

    write_patch("b", "typography", client_impact='client-impact = "breaking"\napproved-by = ["Ada", "Ada"]')
    assert "approved-by" in problems()[0]


def test_patch_that_does_nothing_is_refused(write_patch: WritePatch, problems: Problems) -> None:
    path = write_patch("a")
    path.write_text(path.read_text().partition("[fills]")[0])

    assert "fills" in problems()[0]


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (["id"], 1),
        (["fact", "1", "key"], 6),
        (["fact", "0", "key"], 3),
        (["fact", "1", "base"], 5),
        (["nothing"], 1),
    ],
)
def test_line_of_a_key_in_a_list_of_tables(location: list[str], line: int) -> None:
    text = 'id = 1\n[[fact]]\nkey = "a"\n\n[[fact]]\nkey = "b"\n'

    assert find_line(text, location) == line
