"""Patterns of keys."""

import pytest

from scripts.upstream_sync.patterns import Pattern


@pytest.mark.parametrize(
    ("pattern", "key", "matches"),
    [
        ("error A 400", "error A 400", True),
        ("error A 400", "error A 4001", False),
        ("error *", "error A 400", True),
        ("error *", "errors A", False),
        ("* POST /v2/x*", "schema POST /v2/x/{id} request /a", True),
        ("schema GET /{id}/[a].b", "schema GET /{id}/[a].b", True),
        ("schema GET /{id}/[a].b", "schema GET /{id}/axb", False),
        ("x /list/*/name", "x /list/*/name", True),
        ("x /list/*/name", "x /list/a/name", False),
        ("x /list/*/name*", "x /list/*/name_of", True),
        ("x /list/*/name*", "x /list/other/name_of", False),
    ],
)
def test_star_is_any_text_but_not_after_a_slash(pattern: str, key: str, matches: bool) -> None:
    assert Pattern(pattern).matches(key) is matches


@pytest.mark.parametrize(
    ("pattern", "is_exact"), [("a b", True), ("a *", False), ("a /*/b", True), ("a /*/b*", False)]
)
def test_only_a_star_that_is_any_text_makes_a_pattern(pattern: str, is_exact: bool) -> None:
    assert Pattern(pattern).is_exact is is_exact
