"""The real series, and the selections of it with which everything must work."""

from datetime import date

from api.patch_series.reading import Patch, find_folder, read_series

SERIES: list[Patch] = read_series(find_folder(), today=date.min)
SLUGS: list[str] = [patch.slug for patch in SERIES]

SELECTIONS: dict[str, list[str]] = {
    "none": [],
    "all": SLUGS,
    **{f"only-{slug}": [slug] for slug in SLUGS},
    **{f"without-{slug}": [other for other in SLUGS if other != slug] for slug in SLUGS},
}


def selected(name: str) -> list[Patch]:
    return [patch for patch in SERIES if patch.slug in SELECTIONS[name]]
