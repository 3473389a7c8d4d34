"""Series written to a folder of the test's own."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from api.patch_series.reading import InvalidSeriesError, Patch, read_series

TODAY = date(2026, 11, 25)
DECLARATION = """\
id = {id}
title = "Prices"
kind = "substitution"
reason = "market"
description = "Prices of France"
origin = "own"
author = "Contributors"
last-update = 2026-11-01
review-by = 2027-05-31
forwarded = "not-needed"
client-impact = "none"
page = "docs/patches/{slug}.md"

[fills]
{place} = "rules:make"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "series").touch()
    return tmp_path


WritePatch = Callable[..., Path]


@pytest.fixture
def write_patch(folder: Path) -> WritePatch:
    """A patch in the folder and in the series; keywords replace lines of its declaration. Returns the declaration's path."""

    def write(
        slug: str, place: str = "rates", *, number: int = 0, listed: bool = True, **replaced: str
    ) -> Path:
        patch = folder / slug
        patch.mkdir()
        (patch / "__init__.py").touch()
        (patch / "rules.py").write_text("def make(settings):\n    return None\n")
        number = number or len([path for path in folder.iterdir() if path.is_dir()])
        text = DECLARATION.format(id=number, slug=slug, place=place)
        for old, new in replaced.items():
            line = next(line for line in text.splitlines() if line.startswith(old.replace("_", "-")))
            text = text.replace(line, new)
        path = patch / "patch.toml"
        path.write_text(text)
        if listed:
            with (folder / "series").open("a") as series:
                series.write(f"{slug}\n")
        return path

    return write


@pytest.fixture
def read(folder: Path) -> Callable[..., list[Patch]]:
    return lambda **options: read_series(folder, **{"today": TODAY} | options)


@pytest.fixture
def problems(folder: Path) -> Callable[..., list[str]]:
    """What is wrong with the series."""

    def find(**options: object) -> list[str]:
        with pytest.raises(InvalidSeriesError) as caught:
            read_series(folder, **{"today": TODAY} | options)  # type: ignore[arg-type]
        return caught.value.problems

    return find
