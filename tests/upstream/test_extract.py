"""From a commit to its facts: what changes them, what does not, what is an error, and what is read again."""

import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.upstream_sync.cache import Cache, UnusableCacheError
from scripts.upstream_sync.extract import (
    UnreadableFactsError,
    extract,
    guard_shrinking,
    problems_of,
    require_whole,
)
from scripts.upstream_sync.facts import Fact, FactSet, diff, is_prose
from scripts.upstream_sync.git import Repository
from scripts.upstream_sync.watch import Kind, Role, Source
from tests.upstream.repositories import Upstream, small_api

SOURCE = Source("up", "https://example.org/up", Role.AUTHORITY, Kind.API)
FILES = small_api()


class Lab:
    """An upstream repository, its cache, and the facts of its tip."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.upstream = Upstream(folder / "upstream", files)
        self.repository = Repository(self.upstream.path)
        self.cache = Cache(folder / "cache")

    def facts(self, revision: str = "HEAD", source: Source = SOURCE) -> dict[str, FactSet]:
        return extract(self.repository, self.repository.resolve(revision), source, self.cache)

    def change(self, files: Mapping[str, str | None]) -> set[str]:
        """Keys of all facts that differ after a commit."""
        before = self.facts()
        self.upstream.commit(files)
        after = self.facts()
        assert problems_of(after) == []
        return {change.key for name in after for change in diff(before[name], after[name])}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path, FILES)
    yield made
    made.repository.close()
    made.cache.close()


def digests(facts: Mapping[str, FactSet]) -> dict[str, str]:
    return {name: found.digest for name, found in facts.items()}


def test_a_whole_api_is_read_without_problems_and_without_prose(lab):
    facts = lab.facts()
    require_whole(SOURCE, facts)
    assert {name: len(found) for name, found in facts.items() if len(found)} == {
        "public-routes": 3, "internal-routes": 5, "public-schemas": 7, "response-keys": 8, "public-errors": 9, "sets": 4,
        "enums": 2, "constants": 9, "tables": 7, "migrations": 1, "tasks": 2, "schedule": 2, "queues": 2,
        "error-classes": 4, "config": 3, "dependencies": 2,
    }  # fmt: skip
    texts = [part for found in facts.values() for fact in found.facts for part in strings(fact.value)]
    assert not any(map(is_prose, texts))


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in strings(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in strings(part))


RENAMED = {
    "app/v2/messages/post.py": None,
    "app/v2/messages/sending.py": FILES["app/v2/messages/post.py"],
    "app/v2/messages/__init__.py": FILES["app/v2/messages/__init__.py"].replace(
        "import post", "import sending"
    ),
}
MOVED_SCHEMA = {
    "app/v2/messages/schemas.py": "from app.v2.shared import get_notification_response, post_sms_request  # noqa\n",
    "app/v2/shared.py": FILES["app/v2/messages/schemas.py"],
}
REFORMATTED = {
    path: text.replace('"', "'").replace("    ", "  ").replace(",\n", ",  # so\n").replace("\n\n\n", "\n\n")
    for path, text in FILES.items()
    if path.startswith("app/") and "f'" not in text and 'f"' not in text
}
OTHER_NAME_OF_PARAMETER = {
    "app/v2/messages/post.py": FILES["app/v2/messages/post.py"].replace("message_id", "the_message_id")
}
ANNOTATED = {
    "app/constants.py": FILES["app/constants.py"].replace(
        'SMS_TYPE = "sms"', 'SMS_TYPE: Literal["sms"] = "sms"'
    )
}


@pytest.mark.parametrize(
    "change", [RENAMED, MOVED_SCHEMA, REFORMATTED, OTHER_NAME_OF_PARAMETER, ANNOTATED],
    ids=["a file gets another name", "a schema moves", "reformatting", "a parameter's name", "annotations"],
)  # fmt: skip
def test_what_changes_no_promise_changes_no_fact(lab, change):
    assert lab.change(change) == set()


def test_a_deleted_route_takes_its_facts_with_it(lab):
    rest = FILES["app/team/rest.py"].partition('\n\n@team_blueprint.route(""')[0] + "\n"
    assert lab.change({"app/team/rest.py": rest}) == {"route POST /team"}


def test_a_new_kind_of_message_is_a_new_address(lab):
    post = FILES["app/v2/messages/post.py"].replace(
        "else:\n        abort", 'elif message_type == "letter":\n        pass\n    else:\n        abort'
    )
    start = "POST /v2/messages/letter"
    assert lab.change({"app/v2/messages/post.py": post}) == {
        f"route {start}",
        *(f"response-key {start} response 201 {pointer}" for pointer in ("/id", "/content", "/content/body")),
    }


def test_a_value_far_away_changes_the_fact_that_depends_on_it(lab):
    constants = FILES["app/constants.py"].replace("100 * 10", "2_000")
    assert lab.change({"app/constants.py": constants}) == {
        "constant REFERENCE_LIMIT", "schema POST /v2/notifications/sms request /reference",
    }  # fmt: skip


def test_a_bump_of_the_library_is_its_pin(lab):
    pins = FILES["requirements.in"].replace("127.0.0", "128.0.0")
    assert lab.change({"requirements.in": pins}) == {"dependency notifications-utils"}


def test_merge_then_revert_is_as_before(lab):
    before = digests(lab.facts())
    merge = lab.upstream.pull_request(
        5, {"app/constants.py": FILES["app/constants.py"] + "MORE = 1\n"}, "more"
    )
    assert digests(lab.facts()) != before
    lab.upstream.revert(merge, 6, "more")
    assert digests(lab.facts()) == before


def test_newer_grammar_hides_nothing(lab):
    newer = "type Ids[T] = list[T]\n\n\ndef first[T](ids: Ids[T]) -> str:\n    return f'{'a' + f'{1}'}'\n\n\n"
    lab.change({"app/team/rest.py": newer + FILES["app/team/rest.py"]})
    assert "route POST /team" in lab.facts()["internal-routes"].values


def test_a_file_that_cannot_be_parsed_is_an_error_wherever_it_is(lab):
    lab.upstream.commit({"app/deep/down.py": "def broken(:\n"})
    facts = lab.facts()
    assert [(problem.kind, problem.src) for problem in problems_of(facts)] == [("parse", "app/deep/down.py")]
    with pytest.raises(UnreadableFactsError) as caught:
        require_whole(SOURCE, facts)
    assert caught.value.exit_code == 1
    assert "app/deep/down.py" in str(caught.value)


def test_a_strict_fact_that_cannot_be_known_is_an_error(lab):
    post = FILES["app/v2/messages/post.py"].replace('"/<message_id>"', "make_address()")
    lab.upstream.commit({"app/v2/messages/post.py": post})
    with pytest.raises(UnreadableFactsError, match="get_message"):
        require_whole(SOURCE, lab.facts())


@pytest.mark.parametrize(
    ("before", "after", "is_problem"),
    [(100, 90, False), (100, 89, True), (100, 101, False), (9, 5, False), (9, 0, True), (0, 0, False)],
)
def test_a_surface_that_loses_a_tenth_at_once_is_an_error(before, after, is_problem):
    facts = {"some": FactSet.of("some", [Fact(f"k{number}", 1) for number in range(after)])}
    guarded = guard_shrinking({"some": before}, facts, 0.10)
    assert [problem.kind for problem in problems_of(guarded)] == ["shrunk"] * is_problem


def test_only_the_surfaces_that_are_followed_are_read(lab):
    narrow = Source("up", SOURCE.url, Role.AUTHORITY, Kind.API, surfaces=("migrations",))
    assert set(lab.facts(source=narrow)) == {"syntax", "migrations"}


def test_the_order_of_files_does_not_matter(lab, monkeypatch):
    before = digests(lab.facts())
    listing = lab.repository.list_files

    def shuffled(commit, suffixes=()):
        pairs = list(listing(commit, suffixes).items())
        random.Random(7).shuffle(pairs)
        return dict(pairs)

    with Repository(lab.upstream.path) as other, Cache(lab.upstream.path.parent / "empty") as empty:
        monkeypatch.setattr(other, "list_files", shuffled)
        assert digests(extract(other, other.resolve("HEAD"), SOURCE, empty)) == before


def test_what_is_known_is_not_read_again(lab):
    """By a process that starts anew, and after a commit that touches one file."""
    before = digests(lab.facts())
    with Cache(lab.upstream.path.parent / "cache") as again:
        blind = SimpleNamespace(list_files=lab.repository.list_files, read_blobs=refuse)
        assert digests(extract(blind, lab.upstream.tip, SOURCE, again)) == before


def refuse(ids) -> dict[str, bytes]:
    assert not list(ids)
    return {}


def test_the_cache_gives_what_a_fresh_reading_would(lab):
    """Along a history in which files come, go, and begin to matter to others."""
    steps: list[Mapping[str, str | None]] = [
        MOVED_SCHEMA,
        {"app/v2/shared.py": FILES["app/v2/messages/schemas.py"].replace("maxLength", "minLength")},
        {"app/constants.py": FILES["app/constants.py"].replace("100 * 10", "5")},
        {"app/constants.py": FILES["app/constants.py"], "app/v2/shared.py": None, "app/v2/messages/schemas.py": FILES["app/v2/messages/schemas.py"]},
        {"app/constants/__init__.py": FILES["app/constants.py"].replace("created", "begun"), "app/constants.py": None},
        {"app/team/rest.py": None},
        RENAMED,
    ]  # fmt: skip
    lab.facts()
    for number, step in enumerate(steps):
        lab.upstream.commit(step)
        with Cache(lab.upstream.path.parent / f"fresh{number}") as fresh:
            expected = extract(lab.repository, lab.upstream.tip, SOURCE, fresh)
        assert lab.facts() == expected


def test_a_cache_that_cannot_be_used_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableCacheError):
        Cache(tmp_path / "file" / "cache")


def test_what_other_readers_knew_is_forgotten_after_a_month(tmp_path):
    old, recent = tmp_path / "facts-0.sqlite", tmp_path / "facts-1.sqlite"
    for path in (old, recent):
        path.write_text("")
    os.utime(old, (0, 0))
    with Cache(tmp_path):
        assert (old.exists(), recent.exists()) == (False, True)
