"""The offline check: each kind of fault is found and said in one sentence, and a tree that is well is well."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from scripts.upstream_sync.check import Checked, Kind, Ours, check
from scripts.upstream_sync.facts import hash_text
from scripts.upstream_sync.lock import InvalidLockError
from scripts.upstream_sync.pending import write_pending
from scripts.upstream_sync.register import InvalidRegisterError
from tests.upstream.made_up import TODAY, declare, make_declaration, make_pending, write_pins

ERROR, LIMIT, TABLE = "error AuthError 403", "limit page-size", "table users"
SENTENCE = "We could not find the address that you gave us"
THEIRS = {
    "uk-api": {
        "contract": {ERROR: {}, LIMIT: 250},
        "models": {TABLE: {}, "table ft_billing": {}},
        "anchors": {"anchor app/x.py Thing": {"digest": "1" * 16}},
    },
    "uk-admin": {"strings": {"string a.html#top/1": hash_text(SENTENCE)}},
}
MAPPING = """\
[[map]]
upstream = ["table users"]
ours = "same"

[[map]]
upstream = ["table ft_*"]
not-applicable = "Statistics are kept another way."
"""


class Tree:
    """A project that is well; tests spoil it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.upstream = root / "upstream"
        self.patches = root / "patches"
        self.patches.mkdir()
        (self.patches / "series").touch()
        write_pins(root, THEIRS)
        (self.upstream / "mapping.toml").write_text(MAPPING)
        self.facts: dict[str, Any] = {ERROR: {}, LIMIT: 250, TABLE: {}, "config X": {}}
        self.texts: dict[str, str] = {"A sentence of our own with more than seven words": "messages.pot"}

    def declare(self, *facts: dict[str, Any], **changed: Any) -> None:
        """An extension of the core that declares."""
        declaration = make_declaration(facts, **({"fills": {}} | changed))
        folder = self.upstream / "extensions"
        folder.mkdir(exist_ok=True)
        (folder / "core.toml").write_text("\n".join(_toml(declaration)) + "\n")

    def check(self, today: date = TODAY, **options: Any) -> Checked:
        hashes = {hash_text(text)["h"]: (text, place) for text, place in self.texts.items()}
        return check(self.root, self.patches, Ours(self.facts, hashes), today, **options)

    def find(self, **options: Any) -> list[tuple[Kind, str]]:
        return [(found.kind, found.subject) for found in self.check(**options).violations]


def _toml(declaration: dict[str, Any]) -> Iterator[str]:
    tables = ("fact", "anchor")
    for name, value in declaration.items():
        if name not in (*tables, "fills"):
            yield f"{name} = {value.isoformat() if isinstance(value, date) else json.dumps(value)}"
    yield from (f"fills.{slot} = {json.dumps(target)}" for slot, target in declaration["fills"].items())
    for name in tables:
        for table in declaration[name]:
            yield f"[[{name}]]"
            yield from (f"{key} = {json.dumps(value)}" for key, value in table.items())


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_tree_that_is_well_is_well(tree: Tree) -> None:
    assert tree.find() == []


def test_undeclared_divergence_is_found_and_mended_by_a_declaration(tree: Tree) -> None:
    tree.facts[LIMIT] = 100
    assert tree.find() == [(Kind.DIVERGENCE, LIMIT)]

    tree.declare(declare(LIMIT, 250, 100))

    assert tree.find() == []


def test_fact_that_we_lack_may_be_waited_for_until_a_day(tree: Tree) -> None:
    del tree.facts[ERROR]
    assert tree.find() == [(Kind.DIVERGENCE, ERROR)]

    write_pending(tree.upstream / "pending", 1, make_pending(ERROR, deadline=date(2027, 2, 28)))

    assert tree.find() == []
    assert tree.find(today=date(2027, 3, 1)) == [(Kind.PENDING, "upstream/pending/0001.toml")]
    assert tree.find(today=date(2027, 3, 1), overdue=False) == []


def test_waiting_for_what_is_there_is_an_error(tree: Tree) -> None:
    write_pending(tree.upstream / "pending", 1, make_pending(ERROR))

    assert tree.find() == [(Kind.PENDING, "upstream/pending/0001.toml")]


@pytest.mark.parametrize(
    ("declared", "changed"),
    [
        pytest.param(declare(LIMIT, 250, 100), {}, id="void: nothing differs"),
        pytest.param(declare("limit other", None, 100), {}, id="void: no such fact"),
        pytest.param(declare(LIMIT, 250, 100), {"review-by": date(2026, 11, 24)}, id="expired"),
        pytest.param(declare(LIMIT, 250, 100), {"applied-upstream": "8ea2366"}, id="obsolete"),
    ],
)
def test_declaration_that_does_not_hold_is_found(tree: Tree, declared, changed) -> None:
    if changed:
        tree.facts[LIMIT] = 100
    tree.declare(declared, **changed)

    assert tree.find() == [(Kind.DECLARATION, "core")]


@pytest.mark.parametrize(
    "declared",
    [declare(LIMIT, 300, 100), declare(LIMIT, 250, 99)],
    ids=["against another value", "other than ours"],
)
def test_declaration_of_other_values_is_found(tree: Tree, declared) -> None:
    tree.facts[LIMIT] = 100
    tree.declare(declared)

    assert tree.find() == [(Kind.DIVERGENCE, LIMIT)]


def anchor(**changed: str) -> dict[str, str]:
    return {"upstream": "uk-api", "path": "app/x.py", "symbol": "Thing"} | changed


def test_known_anchor_is_well(tree: Tree) -> None:
    tree.facts[LIMIT] = 100
    tree.declare(declare(LIMIT, 250, 100), anchor=[anchor()])

    assert tree.find() == []


@pytest.mark.parametrize("changed", [{"symbol": "Other"}, {"path": "app/y.py"}, {"upstream": "uk-utils"}])
def test_unknown_anchor_is_found(tree: Tree, changed) -> None:
    tree.facts[LIMIT] = 100
    tree.declare(declare(LIMIT, 250, 100), anchor=[anchor(**changed)])

    ((kind, _subject),) = tree.find()
    assert kind is Kind.ANCHOR


def test_vectors_that_a_declaration_names_must_be_there(tree: Tree) -> None:
    tree.facts[LIMIT] = 100
    tree.declare(declare(LIMIT, 250, 100), vectors=["page-*"])
    assert tree.find() == [(Kind.VECTORS, "core")]

    (tree.upstream / "vectors").mkdir()
    vector = {"name": "page-size", "request": {"method": "GET", "path": "/"}, "expect": {"status": 200}}
    vector |= {"facts": [LIMIT], "needs": [], "since-upstream": "8ea2366"}
    (tree.upstream / "vectors" / "pages.json").write_text(json.dumps({"vectors": [vector]}))

    assert tree.find() == []


def test_behaviour_is_declared_by_its_anchor_alone(tree: Tree) -> None:
    tree.declare(anchor=[anchor()])

    assert tree.find() == []


@pytest.mark.parametrize("changed", [{}, {"fills": {"rates": "rules:make"}, "anchor": [anchor()]}])
def test_extension_without_anything_or_with_code_is_refused(tree: Tree, changed) -> None:
    tree.declare(**changed)

    with pytest.raises(InvalidRegisterError, match=r"fact: name|fills: an extension"):
        tree.check()


def test_anchor_of_other_syntax_moves_the_declaration(tree: Tree) -> None:
    tree.facts[LIMIT] = 100
    tree.declare(declare(LIMIT, 250, 100), anchor=[anchor(digest="2" * 16)])

    checked = tree.check()

    assert checked.violations == []
    assert [(condition.entrant.name, condition.state) for condition in checked.conditions] == [
        ("core", "moved")
    ]


def test_mapped_fact_without_an_answer_is_a_question(tree: Tree) -> None:
    write_pins(
        tree.root,
        THEIRS
        | {"uk-api": THEIRS["uk-api"] | {"models": {TABLE: {}, "table ft_billing": {}, "table new": {}}}},
    )

    assert tree.find() == [(Kind.MAPPING, "table new")]


def test_answer_that_names_what_we_lack_is_found(tree: Tree) -> None:
    del tree.facts[TABLE]

    assert tree.find() == [(Kind.MAPPING, TABLE)]


def test_answer_to_no_question_is_found(tree: Tree) -> None:
    with (tree.upstream / "mapping.toml").open("a") as file:
        file.write('[[map]]\nupstream = ["task gone"]\nnot-applicable = "no"\n')

    assert tree.find() == [(Kind.MAPPING, "task gone")]


def test_what_is_only_informed_of_may_differ(tree: Tree) -> None:
    tree.facts |= {"queue x": {}, "config Y": {}}

    assert tree.find() == []


def test_advisory_and_watched_sources_bind_nobody(tree: Tree) -> None:
    write_pins(
        tree.root,
        {"ca-api": {"contract": {"error Other 400": {}}, "models": {"table other": {}}}},
        role="advisory",
    )
    (tree.upstream / "mapping.toml").unlink()
    for path in (tree.upstream / "facts").glob("uk-*/*"):
        path.unlink()
    tree.facts = {}

    assert tree.find() == []


def test_sentence_of_upstream_is_found_among_ours(tree: Tree) -> None:
    tree.texts[SENTENCE.replace(" the ", "  the\n")] = "localisation/en/LC_MESSAGES/messages.po"

    assert tree.find() == [(Kind.TEXT, "localisation/en/LC_MESSAGES/messages.po")]


def test_edited_file_of_facts_is_found(tree: Tree) -> None:
    path = tree.upstream / "facts" / "uk-api" / "contract.jsonl"
    path.write_text(path.read_text().replace("250", "251"))
    tree.facts[LIMIT] = 251

    assert tree.find() == [(Kind.LOCK, "upstream/facts/uk-api/contract.jsonl")]


def test_missing_and_unknown_files_of_facts_are_found(tree: Tree) -> None:
    folder = tree.upstream / "facts"
    (folder / "uk-admin").rename(folder / "uk-other")

    assert tree.find() == [
        (Kind.LOCK, "upstream/facts/uk-admin/strings.jsonl"),
        (Kind.LOCK, "upstream/facts/uk-other/strings.jsonl"),
    ]


def test_parse_failures_in_the_lock_are_found(tree: Tree) -> None:
    write_pins(tree.root, THEIRS, **{"parse-failures": 2})

    assert {kind for kind, _subject in tree.find()} == {Kind.LOCK}


@pytest.mark.parametrize("place", ["k", "v", "sym"])
def test_stored_sentence_is_found(tree: Tree, place: str) -> None:
    path = tree.upstream / "facts" / "uk-admin" / "strings.jsonl"
    row = json.loads(path.read_text())
    row[place] = {"k": "string " + SENTENCE + " " + SENTENCE, "v": {"text": SENTENCE}, "sym": SENTENCE}[place]
    path.write_text(json.dumps(row) + "\n")

    assert (Kind.PROSE, "upstream/facts/uk-admin/strings.jsonl:1") in tree.find()


def test_no_lock_is_no_check(tree: Tree) -> None:
    (tree.root / "upstream.lock").unlink()

    with pytest.raises(InvalidLockError):
        tree.check()


def test_each_sentence_says_where_and_what_to_do(tree: Tree) -> None:
    tree.facts = {}
    for violation in tree.check().violations:
        assert violation.subject in violation.sentence
        assert ";" in violation.sentence
        assert "\n" not in violation.sentence
