"""Where each fact stands, and in what state each declaration is."""

from datetime import date
from pathlib import Path

import pytest

from api.patch_series.declaration import InvalidDeclarationError, read_declaration
from scripts.upstream_sync.pending import read_pending, write_pending
from scripts.upstream_sync.register import (
    InvalidRegisterError,
    Register,
    Standing,
    State,
    compare,
    find_states,
    judge,
    read_register,
)
from tests.upstream.made_up import TODAY, declare, make_entrant, make_pending, make_register

KEY = "error AuthError 403"
A, B, C = {"v": 1}, {"v": 2}, {"v": 3}

STANDINGS = [
    # base, theirs, ours, declared (base, ours), standing
    (A, A, A, None, Standing.IN_STEP),
    (A, A, B, (A, B), Standing.DECLARED),
    (A, A, None, (A, None), Standing.DECLARED),
    (None, None, A, (None, A), Standing.DECLARED),
    (A, A, B, None, Standing.UNDECLARED),
    (A, A, None, None, Standing.UNDECLARED),
    (None, None, A, None, Standing.UNDECLARED),
    (A, A, B, (A, C), Standing.UNDECLARED),
    (A, A, B, (C, B), Standing.CONFLICT),
    (A, A, A, (A, B), Standing.VOID),
    (None, None, None, (A, B), Standing.VOID),
    # changed
    (A, B, B, None, Standing.ADOPTED),
    (A, B, A, None, Standing.LAG),
    (A, B, C, None, Standing.UNDECLARED),
    (A, B, C, (A, C), Standing.CONFLICT),
    (A, B, C, (B, C), Standing.DECLARED),
    (A, B, B, (A, B), Standing.OBSOLETE),
    (A, B, A, (B, A), Standing.DECLARED),
    (A, B, A, (A, A), Standing.CONFLICT),
    # removed upstream
    (A, None, None, None, Standing.ADOPTED),
    (A, None, A, None, Standing.LAG),
    (A, None, B, None, Standing.UNDECLARED),
    (A, None, B, (A, B), Standing.ORPHAN),
    (A, None, B, (None, B), Standing.DECLARED),
    (A, None, None, (A, None), Standing.OBSOLETE),
    # added upstream
    (None, A, None, None, Standing.LAG),
    (None, A, A, None, Standing.ADOPTED),
    (None, A, B, None, Standing.UNDECLARED),
    (None, A, B, (None, B), Standing.CONFLICT),
    (None, A, A, (None, A), Standing.OBSOLETE),
    (None, A, None, (A, None), Standing.DECLARED),
]


@pytest.mark.parametrize(("base", "theirs", "ours", "declared", "standing"), STANDINGS)
def test_fact_stands_where_the_table_says(base, theirs, ours, declared, standing: Standing) -> None:
    register = make_register(declare(KEY, *declared)) if declared else Register()

    assert judge(base, theirs, ours, register.find(KEY), KEY) is standing


@pytest.mark.parametrize(
    ("kind", "theirs", "ours", "standing"),
    [
        ("extension", None, A, Standing.DECLARED),
        ("extension", A, None, Standing.UNDECLARED),
        ("extension", A, B, Standing.UNDECLARED),
        ("removal", A, None, Standing.DECLARED),
        ("removal", None, A, Standing.UNDECLARED),
        ("removal", A, B, Standing.UNDECLARED),
        ("removal", A, A, Standing.VOID),
    ],
)
def test_pattern_stands_for_what_only_one_side_has(kind: str, theirs, ours, standing: Standing) -> None:
    register = make_register(declare("error *"), kind=kind)

    assert judge(theirs, theirs, ours, register.find(KEY), KEY) is standing


def test_exact_key_goes_before_a_pattern() -> None:
    register = make_register(declare("error *"), declare(KEY, A, B), kind="extension")

    found = register.find(KEY)
    assert found is not None
    assert found.fact.key == KEY
    assert register.find("error Other 400") is not None


RESPONSE = "schema GET /v2/templates response 200 /x"
REQUEST = "schema POST /v2/notifications/sms request /x"
TEXT = {"type": ["string"]}


@pytest.mark.parametrize(
    ("key", "theirs", "ours", "standing"),
    [
        (RESPONSE, TEXT, TEXT | {"enum": ["a"], "required": True}, Standing.IN_STEP),
        (RESPONSE, {"type": ["null", "string"]}, TEXT, Standing.IN_STEP),
        (RESPONSE, TEXT, {"type": ["null", "string"]}, Standing.UNDECLARED),
        (RESPONSE, TEXT | {"required": True}, TEXT, Standing.UNDECLARED),
        (RESPONSE, TEXT | {"enum": ["a", "b"]}, TEXT | {"enum": ["a", "c"]}, Standing.UNDECLARED),
        (RESPONSE, TEXT | {"maxLength": 5}, TEXT | {"maxLength": 4}, Standing.IN_STEP),
        (RESPONSE, TEXT | {"maxLength": 5}, TEXT, Standing.UNDECLARED),
        (RESPONSE, TEXT | {"minLength": 5}, TEXT | {"minLength": 4}, Standing.UNDECLARED),
        (RESPONSE, TEXT | {"format": "uuid"}, TEXT, Standing.UNDECLARED),
        (REQUEST, TEXT, TEXT | {"enum": ["a"]}, Standing.UNDECLARED),
        (REQUEST, {"type": ["null", "string"]}, TEXT, Standing.UNDECLARED),
    ],
)
def test_answers_may_promise_more_and_requests_may_not(key: str, theirs, ours, standing: Standing) -> None:
    assert judge(theirs, theirs, ours, None, key) is standing


def test_lag_with_a_day_is_waited_for(tmp_path: Path) -> None:
    write_pending(tmp_path, 1, make_pending("error New *"))
    pending = read_pending(tmp_path)

    findings = compare({}, {"error New 400": A, "error Other 400": A}, {}, Register(), pending)

    assert [(found.key, found.standing) for found in findings] == [
        ("error New 400", Standing.WAITING),
        ("error Other 400", Standing.LAG),
    ]
    assert findings[0].entry is pending[0]


def state_of(*facts, base, theirs, ours, moved=(), today=TODAY, **changed) -> State:
    register = make_register(*facts, **changed)
    findings = compare(base, theirs, ours, register)
    (condition,) = find_states(register, findings, {"one": list(moved)}, today)
    return condition.state


DIVERGENT = {"base": {KEY: A}, "theirs": {KEY: A}, "ours": {KEY: B}}
DECLARED = declare(KEY, A, B)
STATES = [
    (State.CLEAN, [DECLARED], DIVERGENT, {}),
    (State.MOVED, [DECLARED], DIVERGENT, {"moved": ["anchor app/x.py"]}),
    (State.CONFLICT, [DECLARED], DIVERGENT | {"theirs": {KEY: C}}, {}),
    (State.OBSOLETE, [DECLARED], DIVERGENT | {"theirs": {KEY: B}}, {}),
    (State.OBSOLETE, [DECLARED], DIVERGENT, {"applied-upstream": "8ea2366"}),
    (State.ORPHAN, [DECLARED], DIVERGENT | {"theirs": {}}, {}),
    (State.VOID, [DECLARED], DIVERGENT | {"ours": {KEY: A}}, {}),
    (State.VOID, [DECLARED, declare("limit gone", A, B)], DIVERGENT, {}),
    (State.VOID, [declare("limit *")], {"base": {}, "theirs": {}, "ours": {}}, {}),
    (State.EXPIRED, [DECLARED], DIVERGENT, {"today": date(2027, 6, 1)}),
    (State.PENDING_UPSTREAM, [DECLARED], DIVERGENT, {"forwarded": "https://example.org/1"}),
    (State.CLEAN, [], {"base": {}, "theirs": {}, "ours": {}}, {}),
    # the gravest counts
    (State.CONFLICT, [DECLARED], DIVERGENT | {"theirs": {KEY: C}}, {"today": date(2027, 6, 1)}),
    (State.EXPIRED, [DECLARED], DIVERGENT, {"today": date(2027, 6, 1), "moved": ["anchor app/x.py"]}),
]


@pytest.mark.parametrize(("state", "facts", "sides", "changed"), STATES)
def test_declaration_is_in_the_state_of_its_facts(state: State, facts, sides, changed) -> None:
    assert state_of(*facts, **sides, **changed) is state


PATCH = """\
id = 1
title = "Prices"
kind = "{kind}"
reason = "market"
description = "Prices of France"
origin = "own"
author = "Contributors"
last-update = 2026-11-01
review-by = 2026-11-02
forwarded = "not-needed"
client-impact = "none"
page = "docs/patches/prices.md"

[[fact]]
key = "{key}"
ours = 250
"""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    patches, upstream = tmp_path / "patches", tmp_path / "upstream"
    (patches / "prices").mkdir(parents=True)
    (patches / "prices" / "__init__.py").touch()
    (patches / "series").write_text("prices\n")
    (patches / "prices" / "patch.toml").write_text(PATCH.format(kind="substitution", key="limit a"))
    (upstream / "extensions").mkdir(parents=True)
    (upstream / "extensions" / "bulk.toml").write_text(PATCH.format(kind="extension", key="limit b"))
    return patches, upstream


def test_register_holds_patches_and_extensions_even_overdue_ones(folders: tuple[Path, Path]) -> None:
    register = read_register(*folders)

    assert [(entrant.name, entrant.file) for entrant in register.entrants] == [
        ("prices", "patches/prices/patch.toml"),
        ("bulk", "upstream/extensions/bulk.toml"),
    ]
    assert register.find("limit b") is not None


def test_core_alone_has_a_register_of_its_extensions(folders: tuple[Path, Path]) -> None:
    assert [entrant.name for entrant in read_register(None, folders[1]).entrants] == ["bulk"]


def test_one_fact_is_declared_once(folders: tuple[Path, Path]) -> None:
    (folders[1] / "extensions" / "bulk.toml").write_text(PATCH.format(kind="extension", key="limit a"))

    with pytest.raises(
        InvalidRegisterError, match=r"limit a is declared in patches/prices/patch\.toml already"
    ):
        read_register(*folders)


def test_fault_in_an_extension_is_named_with_its_line(folders: tuple[Path, Path]) -> None:
    (folders[1] / "extensions" / "bulk.toml").write_text(PATCH.format(kind="mood", key="limit a"))

    with pytest.raises(InvalidRegisterError, match=r"upstream/extensions/bulk\.toml:3: kind"):
        read_register(*folders)


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ('key = "limit *"\nours = 1', "neither base nor ours"),
        ('key = "limit a"', "needs base"),
    ],
)
def test_declared_fact_names_its_sides(folders: tuple[Path, Path], lines: str, named: str) -> None:
    path = folders[0] / "prices" / "patch.toml"
    path.write_text(PATCH.format(kind="rule", key="x").partition("[[fact]]")[0] + "[[fact]]\n" + lines + "\n")

    with pytest.raises(InvalidDeclarationError, match=named):
        read_declaration(path, "patch.toml")


def test_states_name_the_facts_by_which_they_are() -> None:
    register = Register([make_entrant("one", DECLARED), make_entrant("two", declare("limit x", A, B))])
    findings = compare({KEY: A}, {KEY: C}, {KEY: B}, register)

    first, second = find_states(register, findings, {}, TODAY)

    assert (first.state, first.because) == (State.CONFLICT, [KEY])
    assert (second.state, second.because) == (State.VOID, ["limit x"])
