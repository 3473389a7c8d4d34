"""Anchors: behaviour that is no fact is watched by its syntax, not by its looks."""

import pytest

from api.patch_series.declaration import Anchor
from scripts.upstream_sync.anchors import digest_of

SOURCE = '''\
"""About it."""
import re
LIMIT = 5

class Address:
    """A place."""

    lines: int = 7

    @property
    def is_far(self) -> bool:
        log.info("asked")
        return self.lines > LIMIT

def check(value): return value
'''
REWRITTEN = """\
from re import *
LIMIT = (5)
class Address:
    lines = 7
    @property
    def is_far(self):
        # a comment
        return (self.lines > LIMIT)
def check(
    value,
):
    return value
"""


def digest(symbol: str | None, source: str = SOURCE, path: str = "app/x.py") -> str | None:
    return digest_of(source.encode(), Anchor(upstream="uk-utils", path=path, symbol=symbol))


@pytest.mark.parametrize("symbol", [None, "Address", "Address.is_far", "Address.lines", "LIMIT", "check"])
def test_looks_leave_the_digest_alone(symbol: str | None) -> None:
    assert digest(symbol) == digest(symbol, REWRITTEN)
    assert digest(symbol) is not None


@pytest.mark.parametrize(
    ("changed", "moved"),
    [
        (("> LIMIT", ">= LIMIT"), {None, "Address", "Address.is_far"}),
        (("lines: int = 7", "lines: int = 6"), {None, "Address", "Address.lines"}),
        (("LIMIT = 5", "LIMIT = 6"), {None, "LIMIT"}),
    ],
)
def test_only_the_anchors_whose_syntax_changed_move(changed: tuple[str, str], moved: set[str | None]) -> None:
    source = SOURCE.replace(*changed)
    symbols = [None, "Address", "Address.is_far", "Address.lines", "LIMIT", "check"]

    assert {symbol for symbol in symbols if digest(symbol) != digest(symbol, source)} == moved


@pytest.mark.parametrize("symbol", ["Other", "Address.other", "Other.is_far", "is_far"])
def test_symbol_that_is_not_there_has_no_digest(symbol: str) -> None:
    assert digest(symbol) is None


def test_other_files_are_compared_without_white_space() -> None:
    one, other = digest(None, "a: 1\nb:  2", "x.yml"), digest(None, "a: 1\n\nb: 2\n", "x.yml")

    assert one == other != digest(None, "a: 1\nb: 3", "x.yml")
