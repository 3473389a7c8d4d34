"""Tables of declared facts, written and brought up to date as text."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from scripts.upstream_sync.declaring import fact_table, refresh
from scripts.upstream_sync.facts import value_digest

VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("aB -é", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_table_holds_digest_and_value(theirs, ours) -> None:
    (fact,) = tomllib.loads(fact_table("limit «a»", theirs, ours))["fact"]

    assert fact == {"key": "limit «a»", "base": value_digest(theirs), "ours": ours}


def test_side_that_has_none_is_left_out() -> None:
    assert tomllib.loads(fact_table("a", None, 1))["fact"] == [{"key": "a", "ours": 1}]
    assert tomllib.loads(fact_table("a", 1, None))["fact"] == [{"key": "a", "base": value_digest(1)}]


DECLARATION = """\
id = 1  # base = "sha256:untouched"
[[fact]]
key = "limit a"
base = "{a}"  # seen by A.
ours = 3

[[fact]]  # the second
key = "limit gone"
base = "{a}"
ours = 4
[[anchor]]
path = "x"
base = "sha256:untouched"
"""


def test_refreshing_changes_digests_alone_and_drops_those_of_facts_that_are_gone() -> None:
    old, new = value_digest(1), value_digest(2)

    refreshed = refresh(DECLARATION.format(a=old), {"limit a": 2, "limit other": 3})

    assert refreshed == DECLARATION.format(a=new).replace(
        f'key = "limit gone"\nbase = "{new}"\n', 'key = "limit gone"\n'
    )


def test_refreshing_what_is_up_to_date_changes_nothing() -> None:
    text = DECLARATION.format(a=value_digest(1))

    assert refresh(text, {"limit a": 1, "limit gone": 1}) == text
