"""What two pieces of Python have in common when looks, or values, are left aside."""

import pytest

from scripts.upstream_sync.syntax.normal import differs_in_values_only, is_same_program, source_digest

BEFORE = """
import os

LIMIT = 10


class Thing:
    name: str

    def add(self, one, *, other="a"):
        return (one + LIMIT) * 2


def find(items):
    for item in items:
        if item.is_it:
            return item
    return None
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import os\n", ""),
        ("import os\n", "import os  # why\nimport sys\n"),
        ("LIMIT = 10", "LIMIT: int = 10"),
        ("name: str", "name: str | None"),
        ("def find(items):", 'def find(items: list[str]) -> str | None:\n    """Finds."""'),
        ('other="a"', "other='a',"),
        ("return item\n", "return (\n                item\n            )\n"),
        ("    return None\n", '    logger.info("nothing")\n    return None\n'),
        ("return item\n", "return cast(Item, item)\n"),
    ],
)
def test_looks_change_nothing(old, new):
    after = BEFORE.replace(old, new)
    assert after != BEFORE
    assert is_same_program(BEFORE.encode(), after.encode())
    assert source_digest(BEFORE.encode()) == source_digest(after.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(one + LIMIT) * 2", "one + LIMIT * 2"),
        ("name: str", "label: str"),
        ("            return item\n    return None", "            return item\n        return None"),
        ("LIMIT = 10", "LIMIT = 11"),
        ('other="a"', 'other="b"'),
        ("if item.is_it", "if not item.is_it"),
    ],
)
def test_what_a_program_does_tells(old, new):
    after = BEFORE.replace(old, new)
    assert after != BEFORE
    assert not is_same_program(BEFORE.encode(), after.encode())
    assert source_digest(BEFORE.encode()) != source_digest(after.encode())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("LIMIT = 10", "LIMIT = 11", True),
        ('other="a"', "other=f'b{c}'", True),
        ('other="a"', 'other="b" "c"', True),
        ("LIMIT = 10", "LIMIT = OTHER", False),
        ("LIMIT = 10", 'LIMIT = "10"', False),
        ("if item.is_it", "if item.is_not", False),
    ],
)
def test_values_alone_are_told_from_the_rest(old, new, expected):
    assert differs_in_values_only(BEFORE.encode(), BEFORE.replace(old, new).encode()) is expected
