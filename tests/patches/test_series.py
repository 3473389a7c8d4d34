"""The real series, as CI looks at it: `notifications patches check` and the pages made from it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.cli.reference import configuration_reference
from api.config import load_settings
from api.patch_series.checking import find_problems
from api.patch_series.reading import find_folder, read_series
from api.patch_series.reference import slots_reference
from scripts.local.processes import ROOT
from tests.patches.series import SERIES


def test_series_is_well() -> None:
    assert read_series(find_folder(), today=datetime.now(UTC).date())
    assert list(find_problems(SERIES, load_settings(environment="test"), ROOT)) == []


def test_page_of_the_slots_is_up_to_date() -> None:
    assert (ROOT / "docs/reference/slots.md").read_text() == slots_reference(SERIES)


def test_page_of_the_settings_names_those_of_patches() -> None:
    assert (ROOT / "docs/reference/configuration.md").read_text() == configuration_reference(SERIES)


@pytest.mark.parametrize("patch", SERIES, ids=lambda patch: patch.slug)
def test_page_of_a_patch_names_all_its_settings(patch) -> None:
    from api.patch_series.loading import settings_of

    page = Path(ROOT, patch.declaration.page).read_text()
    own = settings_of(patch)
    prefix = own.model_config.get("env_prefix") if own else ""
    missing = [name for name in (own.model_fields if own else ()) if f"{prefix}{name}".upper() not in page]
    assert missing == []
