"""A runtime on real servers; nothing is cached, so that what a test changes is seen at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.config import load_settings
from api.runtime import Runtime, make_runtime


@pytest.fixture
def runtime(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Runtime]:
    settings = load_settings(
        environment="test",
        database_url=database_url,
        redis_url=redis_url,
        api_base_url="https://api.exemple.fr",
        cache_seconds=0,
        object_store_dir=str(tmp_path),
    )
    runtime = make_runtime(settings)
    yield runtime
    runtime.close()
