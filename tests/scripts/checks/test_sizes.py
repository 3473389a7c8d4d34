"""What is too long is named with its place."""

from pathlib import Path

import pytest

from scripts.checks.sizes import find_oversized


def _function(lines: int, *, kind: str = "def") -> str:
    return f"{kind} long():\n" + "    x = 1\n" * (lines - 1)


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        pytest.param("api/a.py", "x = 1\n" * 500, [], id="longest file"),
        pytest.param(
            "api/a.py", "x = 1\n" * 501, ["api/a.py: 501 lines, 500 are allowed"], id="file too long"
        ),
        pytest.param(
            "admin/a.html", "<p>\n" * 501, ["admin/a.html: 501 lines, 500 are allowed"], id="not Python"
        ),
        pytest.param("tests/a.py", "x = 1\n" * 600, [], id="longest test file"),
        pytest.param(
            "tests/a.py", "x = 1\n" * 601, ["tests/a.py: 601 lines, 600 are allowed"], id="test too long"
        ),
        pytest.param("api/a.py", _function(60), [], id="longest function"),
        pytest.param(
            "api/a.py",
            _function(61),
            ["api/a.py:1: long has 61 lines, 60 are allowed"],
            id="function too long",
        ),
        pytest.param(
            "tests/a.py",
            "\n" + _function(61, kind="async def"),
            ["tests/a.py:2: long has 61 lines, 60 are allowed"],
            id="coroutine too long",
        ),
        pytest.param("api/db/migrations/versions/1.py", _function(700), [], id="migration"),
    ],
)
def test_sizes(path: str, text: str, found: list[str]) -> None:
    assert list(find_oversized(Path(path), text)) == found
