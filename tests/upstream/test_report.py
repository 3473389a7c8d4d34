"""Reports of a synthetic upstream: rows, what of ours is touched, the three forms, figures, and the verbs' exits."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.patch_series.declaration import Declaration
from scripts.upstream_sync.cli import Verbs
from scripts.upstream_sync.context import Context
from scripts.upstream_sync.ledger import Judgement, Verdict
from scripts.upstream_sync.pending import Entry, Pending
from scripts.upstream_sync.register import Entrant, Register
from scripts.upstream_sync.report import html, markdown
from scripts.upstream_sync.report.reading import Asked, read_report
from scripts.upstream_sync.report.rows import Project, Report
from scripts.upstream_sync.watch import Kind, Role, Source, Watch
from tests.upstream.repositories import Upstream, small_api

SCHEMAS = "app/v2/messages/schemas.py"
KEY = "schema POST /v2/notifications/sms request /note"
HOSTILE = "<script>alert(1)</script> | @someone closes #4"
TODAY = date(2026, 2, 1)


def with_note() -> dict[str, str]:
    content = small_api()[SCHEMAS]
    return {SCHEMAS: content.replace('"reference": {', '"note": {"type": "string"}, "reference": {')}


@dataclass
class Place:
    """An API, the library that it pins, and a project without a lock."""

    api: Upstream
    library: Upstream
    root: Path
    cache: Path

    @property
    def context(self) -> Context:
        return self.make_context()

    def make_context(self, *, as_json: bool = False) -> Context:
        rows = [("uk-api", Kind.API, self.api), ("uk-utils", Kind.UTILS, self.library)]
        sources = {
            name: Source(
                name, f"https://example.org/{name}", Role.AUTHORITY, kind, location=str(upstream.path)
            )
            for name, kind, upstream in rows
        }
        return Context(Watch(sources), self.cache, as_json=as_json, root=self.root)

    def run(self, *arguments: str, as_json: bool = False) -> Result:
        return CliRunner().invoke(Verbs("upstream"), list(arguments), obj=self.make_context(as_json=as_json))

    def report(self) -> Report:
        return read_report(
            self.context, [self.context.source("uk-api")], Asked(since=date(2026, 1, 8)), TODAY
        )


@pytest.fixture(scope="module")
def upstreams(tmp_path_factory: pytest.TempPathFactory) -> tuple[Upstream, Upstream, Path]:
    """An API, its library, and a cache of what was read from them."""
    folder = tmp_path_factory.mktemp("upstreams")
    library = Upstream(folder / "library", {"notifications_utils/recipients.py": "LIMIT = 1\n"})
    library.tag("127.0.0")
    library.pull_request(501, {"notifications_utils/recipients.py": "LIMIT = 2\n"}, "raise it")
    library.tag("128.0.0")
    api = Upstream(folder / "api", small_api())
    api.pull_request(1, {"README.md": "text\n"}, "read me")
    api.squash(2, with_note(), HOSTILE)
    bumped = small_api()["requirements.in"].replace("127.0.0", "128.0.0")
    api.pull_request(3, {"requirements.in": bumped}, "bump it")
    merge = api.pull_request(4, {"app/status.py": "X = 1\n"}, "remove status")
    api.revert(merge, 5, "remove status")
    return api, library, folder / "cache"


@pytest.fixture
def place(upstreams, tmp_path: Path) -> Place:
    (tmp_path / "project" / "upstream").mkdir(parents=True)
    api, library, cache = upstreams
    return Place(api, library, tmp_path / "project", cache)


def test_there_is_a_row_for_each_pull_request_and_what_binds_comes_first(place):
    rows = [(row.name, str(row.class_), row.verdict) for row in place.report().rows]
    assert rows == [
        ("#2", "contract", "adopt"),
        ("#5", "reverted", "reverted"),
        ("#4", "reverted", "reverted"),
        ("#3", "upkeep", "irrelevant"),
    ]


def test_what_is_only_compared_with_binds_nobody(place):
    source = replace(place.context.source("uk-api"), role=Role.ADVISORY)
    row = read_report(place.context, [source], Asked(since=date(2026, 1, 8)), TODAY).rows[0]
    assert (row.name, str(row.class_), str(row.attention), row.verdict) == ("#2", "contract", "read", "adapt")


def test_a_row_says_which_facts_and_which_pair(place):
    note, revert, *_ = place.report().rows
    assert [(fact.how, fact.key) for fact in note.facts] == [("new", KEY)]
    assert revert.why[0] == "undoes #4"


def test_a_new_pin_says_what_it_brings(place):
    bump = next(row for row in place.report().rows if row.name == "#3")
    assert [(each.name, each.url) for each in bump.brought] == [
        ("#501", "https://example.org/uk-utils/pull/501")
    ]


def test_a_pin_that_the_library_does_not_have_brings_nothing_known(place, tmp_path):
    place.library = Upstream(tmp_path / "empty", {"a.md": ""})
    bump = next(row for row in place.report().rows if row.name == "#3")
    assert list(bump.brought) == []


def test_a_contract_change_may_be_taken_back_for_some_days(place):
    context = place.context
    source = context.source("uk-api")
    asked = Asked(since=date(2026, 1, 8))
    early = read_report(context, [source], asked, date(2026, 1, 9)).rows[0]
    late = read_report(context, [source], asked, date(2026, 3, 9)).rows[0]
    assert early.settles is not None
    assert late.settles is None


def declaration(**more: Any) -> Declaration:
    return Declaration.model_validate(
        {
            "id": 7, "title": "Notes", "kind": "extension", "reason": "market", "description": "why", "origin": "own",
            "author": "us", "last-update": date(2026, 1, 1), "review-by": date(2026, 6, 1), "forwarded": "not-needed",
            "client-impact": "none", "page": "docs/patches/notes.md", "fills": {"phone_rules": "rules:make"}, **more,
        }
    )  # fmt: skip


def test_what_of_ours_is_touched_is_named(place):
    fact = {"key": KEY, "base": "sha256:" + "0" * 64, "ours": {"type": "string"}}
    anchor = {"upstream": "uk-api", "path": SCHEMAS, "symbol": "post_sms_request"}
    register = Register(
        [
            Entrant("by-fact", "patches/by_fact/patch.toml", declaration(fact=[fact])),
            Entrant("by-anchor", "patches/by_anchor/patch.toml", declaration(anchor=[anchor])),
        ]
    )
    entry = Entry(
        3,
        Pending(
            title="t",
            reason="r",
            opened=TODAY,
            deadline=TODAY,
            by="me",
            facts=["schema POST /v2/notifications*"],
        ),
    )
    note = place.report().rows[0].classified
    found = Project(register, [entry]).find(place.context.source("uk-api"), note)
    assert {(ours.name, ours.because) for ours in found} == {
        ("by-fact", KEY),
        ("pending 0003", KEY),
        ("by-anchor", SCHEMAS),
    }


def test_a_verdict_that_was_given_is_shown_as_given(place):
    merge = place.report().rows[0].classified.pull.merge
    line = Judgement(up="uk-api", merge=merge, verdict=Verdict.DECLINED, by="Ada", on=TODAY, pr=2)
    ledger = place.root / "upstream" / "ledger.jsonl"
    record = {
        "up": line.up,
        "merge": merge,
        "verdict": "declined",
        "by": "Ada",
        "on": TODAY.isoformat(),
        "pr": 2,
    }
    ledger.write_text(json.dumps(record) + "\n", encoding="utf-8")
    row = place.report().rows[0]
    assert row.judgement == line
    assert row.verdict == "declined"


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_page_asks_nothing_of_the_network_and_runs_only_its_own_script(place):
    text = html.render(place.report())
    page = Page(text)
    policy = next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta) or ""
    assert "default-src 'none'" in policy
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not [attributes for _, attributes in page.tags if {"src", "style", "onclick"} & attributes.keys()]
    assert not page.all("link")
    assert all((link["href"] or "").startswith("https://example.org/") for link in page.all("a"))


def test_the_page_has_a_row_for_each_pull_request_and_shows_their_words_as_words(place):
    report = place.report()
    text = html.render(report)
    page = Page(text)
    rows = [row for row in page.all("tr") if "data-class" in row]
    assert [row["data-class"] for row in rows] == [str(row.class_) for row in report.rows]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert len(page.all("script")) == 1
    assert all(header.get("scope") in {"col", "row"} for header in page.all("th"))
    assert page.all("html") == [{"lang": "en"}]


def test_markdown_mentions_nobody_and_makes_no_markup_of_titles(place):
    text = markdown.render(place.report())
    assert "@someone" not in text
    assert "<script>" not in text
    (row,) = [line for line in text.splitlines() if "pull/2)" in line]
    assert len(re.findall(r"(?<!\\)\|", row)) == 7
    assert KEY in row


def test_markdown_fits_into_an_issue_with_what_binds_us_first(place, monkeypatch):
    report = place.report()
    whole = markdown.render(report)
    monkeypatch.setattr(markdown, "LONGEST", len(whole) - 1)
    shorter = markdown.render(report)
    assert len(shorter) < len(whole)
    assert KEY not in shorter
    assert "pull/2)" in shorter
    monkeypatch.setattr(markdown, "LONGEST", 300)
    assert len(markdown.render(report)) < 400


def test_both_forms_are_the_same_for_the_same_history(place):
    first, second = place.report(), place.report()
    assert html.render(first) == html.render(second)
    assert markdown.render(first) == markdown.render(second)


def test_the_verb_writes_its_files_and_refuses_those_inside_the_project(place, tmp_path):
    since = ("report", "uk-api", "--since", "2026-01-08")
    page, issue = tmp_path / "r.html", tmp_path / "r.md"
    result = place.run(*since, "--html", str(page), "--markdown", str(issue))
    assert result.exit_code == 0, result.output
    assert page.read_text(encoding="utf-8").lstrip().startswith("<!DOCTYPE html>")
    assert issue.read_text(encoding="utf-8").startswith("# ")
    inside = place.root / "r.html"
    assert place.run(*since, "--html", str(inside)).exit_code == 2
    assert not inside.exists()
    assert place.run(*since, "--html", str(tmp_path / "no" / "r.html")).exit_code == 2


def test_the_verb_speaks_to_programs_and_to_terminals(place):
    since = ("report", "uk-api", "--since", "2026-01-08")
    data = json.loads(place.run(*since, as_json=True).stdout)
    (source,) = data["sources"]
    assert source["counts"] == {"contract": 1, "reverted": 2, "upkeep": 1}
    assert source["pulls"][0]["facts"] == {KEY: [None, {"type": ["string"]}]}
    shown = place.run(*since).stdout
    assert KEY in shown
    assert "https://example.org/uk-api/pull/2" in shown
    assert "pull/4" not in shown


def test_without_a_lock_a_beginning_must_be_given(place):
    assert place.run("report", "uk-api").exit_code == 2
    everything = place.run("report", as_json=True)
    assert everything.exit_code == 0
    assert [each["id"] for each in json.loads(everything.stdout)["missing"]] == ["uk-api", "uk-utils"]
    assert place.run("diff", "uk-api").exit_code == 2
    assert place.run("report", "--range", "HEAD~1..HEAD").exit_code == 2


def test_figures_hold_no_word_of_upstream(place):
    result = place.run("report", "--since", "2026-01-08", "--calibrate", "--sample", "2")
    assert result.exit_code == 0, result.output
    assert "| uk-api | 4 | 1 (25%) |" in result.stdout
    assert "alert" not in result.stdout
    again = json.loads(
        place.run("report", "--since", "2026-01-08", "--calibrate", "--sample", "2", as_json=True).stdout
    )
    assert len(again["sample"]) == 2
    assert again["sources"]["uk-api"]["attention"]["ignore"] == 3


def test_a_difference_names_its_makers_and_folds_what_comes_to_nothing(place):
    start, end = (
        place.api.git("rev-list", "--first-parent", "--reverse", "HEAD").split()[1::4][0],
        place.api.tip,
    )
    data = json.loads(place.run("diff", "uk-api", f"{start}..{end}", as_json=True).stdout)
    (change,) = data["surfaces"]["public-schemas"]
    assert change["key"] == KEY
    assert change["pulls"] == [{"name": "#2", "url": "https://example.org/uk-api/pull/2"}]
    assert data["folded"] == [["#4", "#5"]]
    assert [each["name"] for each in data["library"]["#3"]] == ["#501"]
    back = place.run("diff", "uk-api", f"{end}..{start}")
    assert back.exit_code == 2
    shown = place.run("diff", "uk-api", f"{start}..", "--surface", "public-schemas").stdout
    assert KEY in shown
    assert "dependency" not in shown
