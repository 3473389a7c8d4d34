"""A runtime of the French deployment: its numbers, its prices, its clock."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.config import load_settings
from api.runtime import Runtime, make_runtime
from api.slots import neutral_slots
from patches.fr_phone_numbers.rules import FrenchPhoneRules
from patches.fr_rates.rules import FrenchRates
from tests.factories import forget_rates

MULTIPLIERS = {"overseas": 2, "international": 3}


@pytest.fixture
def runtime(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Runtime]:
    settings = load_settings(
        environment="test",
        database_url=database_url,
        redis_url=redis_url,
        timezone="Europe/Paris",
        cache_seconds=0,
        object_store_dir=str(tmp_path),
    )
    slots = replace(neutral_slots(settings), phone_rules=FrenchPhoneRules(), rates=FrenchRates(MULTIPLIERS))
    runtime = make_runtime(settings, slots)
    forget_rates(runtime)
    yield runtime
    forget_rates(runtime)
    runtime.close()
