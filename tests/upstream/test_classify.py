"""One class for each pull request, by the first rule that it meets; tests, security and looks as signals."""

from dataclasses import replace
from datetime import date

import pytest

from scripts.upstream_sync.areas import Area, area_of, is_sensitive
from scripts.upstream_sync.classify import MEANINGS, Attention, Bump, Class, Evidence, classify
from scripts.upstream_sync.facts import Change
from scripts.upstream_sync.pulls import Link, PullRequest, Relation
from scripts.upstream_sync.signals import TestSignal as Signal
from scripts.upstream_sync.signals import compare_tests, find_security_words, has_advisory
from scripts.upstream_sync.watch import Kind

PULL = PullRequest("uk-api", "a" * 40, "b" * 40, date(2026, 3, 1), 12, "Title")
CHANGED_TESTS = Signal(lost=2, gained=2)
NEW_TESTS = Signal(gained=3)


def evidence(*keys: str, tests: Signal | None = None, **areas: int) -> Evidence:
    """Facts that changed, and files by area (`program=1`)."""
    files = {str(Area[name.upper()]): number for name, number in areas.items()}
    changes = {"some": [Change(key, 1, 2) for key in keys]}
    return Evidence(changes=changes, files=files, tests=tests or Signal())


@pytest.mark.parametrize(
    ("kind", "found", "expected"),
    [
        (Kind.API, evidence("schema POST /v2/x request /a", "column a.b", contract=1), Class.CONTRACT),
        (Kind.API, evidence("response-key GET /v2/x response 200 /a", program=1), Class.CONTRACT),
        (Kind.API, evidence("limit page-size", program=1), Class.CONTRACT),
        (Kind.API, evidence("error BadRequestError 400", program=1), Class.ERRORS),
        (Kind.API, evidence("route GET /team", contract=1), Class.ADJACENT),
        (Kind.API, evidence("column a.b", "migration head", migrations=1, program=1), Class.DATA_MODEL),
        (Kind.API, evidence("migration head", migrations=1), Class.MIGRATION),
        (Kind.API, evidence("permission service letters", program=1), Class.NAMES),
        (Kind.API, evidence("beat sweep", config=1), Class.TASKS),
        (Kind.API, evidence("route GET /team", program=1, tests=CHANGED_TESTS), Class.INTERNAL_API),
        (Kind.API, evidence(providers=1, tests=CHANGED_TESTS), Class.PROVIDERS),
        (Kind.API, evidence("config A", config=1), Class.CONFIG),
        (Kind.API, evidence(config=1, plumbing=1), Class.CONFIG),
        (Kind.API, evidence(program=1, tests=CHANGED_TESTS), Class.BEHAVIOUR),
        (Kind.API, evidence(program=1, tests=NEW_TESTS), Class.GROWN),
        (Kind.API, evidence(program=2), Class.QUIET),
        (Kind.API, evidence(values=1), Class.VALUES),
        (Kind.API, evidence(values=1, tests=CHANGED_TESTS), Class.BEHAVIOUR),
        (Kind.API, evidence(values=1, program=1), Class.QUIET),
        (Kind.API, evidence("constant A", program=2), Class.QUIET),
        (Kind.API, evidence(plumbing=1, tests=CHANGED_TESTS), Class.PLUMBING),
        (Kind.API, evidence("dependency flask", dependencies=2, tests=CHANGED_TESTS), Class.UPKEEP),
        (Kind.API, replace(evidence(), cosmetic=3), Class.COSMETIC),
        (Kind.API, replace(evidence("schema POST /v2/x request /a"), unread=1), Class.UNREADABLE),
        (Kind.ADMIN, evidence("admin-route GET /x", templates=1), Class.PAGES),
        (Kind.ADMIN, replace(evidence(templates=1, tests=CHANGED_TESTS), texts=(1, 1)), Class.CONTENT),
        (Kind.ADMIN, replace(evidence(values=1, tests=CHANGED_TESTS), texts=(1, 1)), Class.CONTENT),
        (Kind.ADMIN, replace(evidence(program=1, tests=CHANGED_TESTS), texts=(1, 1)), Class.BEHAVIOUR),
        (Kind.ADMIN, replace(evidence(program=1, tests=NEW_TESTS), texts=(1, 1)), Class.GROWN),
        (Kind.ADMIN, evidence(translations=1), Class.CONTENT),
        (Kind.ADMIN, evidence(api_calls=1, program=1), Class.API_CALLS),
        (Kind.ADMIN, evidence(templates=2, front_end=1), Class.MARKUP),
        (Kind.ADMIN, evidence(front_end=3, tests=CHANGED_TESTS), Class.FRONT_END),
        (Kind.ADMIN, evidence("string a#b/1", templates=2), Class.MARKUP),
        (Kind.UTILS, evidence(data=1), Class.REFERENCE_DATA),
        (Kind.UTILS, evidence("library x.y", program=1, tests=CHANGED_TESTS), Class.LIBRARY),
        (Kind.UTILS, evidence("library x.y", program=1), Class.QUIET),
        (Kind.UTILS, evidence("library celery.x", plumbing=1, tests=CHANGED_TESTS), Class.PLUMBING),
        (Kind.DOCS, evidence("documented post_email /a", data=1), Class.PROMISE),
        (Kind.DOCS, evidence(templates=1), Class.CONTENT),
        (Kind.CLIENT, evidence("library x.y", program=1), Class.PROMISE),
    ],
)  # fmt: skip
def test_the_first_rule_that_is_met_gives_the_class(kind, found, expected):
    classified = classify(PULL, kind, found)
    assert classified.class_ is expected
    assert classified.attention is MEANINGS[expected].attention


@pytest.mark.parametrize("relation", [Relation.UNDONE_BY, Relation.UNDOES])
def test_what_comes_to_nothing_is_reverted_whatever_it_touches(relation):
    folded = replace(PULL, title="Fix XSS", link=Link(relation, "c" * 40))
    found = classify(folded, Kind.API, evidence("schema POST /v2/x request /a"))
    assert found.class_ is Class.REVERTED
    assert found.attention is Attention.IGNORE
    assert not found.security


def test_security_lifts_what_nobody_would_read():
    quiet = evidence(program=1)
    assert classify(PULL, Kind.API, quiet).attention is Attention.IGNORE
    spoken = classify(replace(PULL, title="Fix a vulnerability in the parser"), Kind.API, quiet)
    assert spoken.attention is Attention.READ
    touched = classify(PULL, Kind.API, replace(quiet, sensitive=("app/authentication/auth.py",)))
    assert touched.attention is Attention.READ
    assert "app/authentication/auth.py" in touched.security[0]


def test_looks_alone_are_no_matter_of_security():
    found = classify(replace(PULL, title="Security headers"), Kind.API, replace(evidence(), cosmetic=1))
    assert found.class_ is Class.COSMETIC
    assert not found.security


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Prevent XSS and open redirect", ["open redirect", "xss"]),
        ("bump x (CVE-2026-12345)", ["cve-2026-12345"]),
        ("Encryption of tokens", []),
        ("Change the crossing", []),
        ("Merge pull request #1 from team/security-things\n\nRename a thing", []),
        ("Rename\n\nCo-authored-by: Mx Injection <i@example.org>", []),
    ],
)
def test_words_of_security_are_found_whole(message, words):
    assert find_security_words(message) == words


def test_an_advisory_is_named_by_its_number_or_by_the_bot():
    assert has_advisory("chore: update x [SECURITY]")
    assert has_advisory("see GHSA-abcd-ef12-3456")
    assert not has_advisory("security in general")


TEST = """
import pytest

@pytest.mark.parametrize("given, expected", [("a", 1), ("b", 2)])
def test_numbers(given, expected):
    assert number(given) == expected

def test_call(mock):
    with pytest.raises(ValueError):
        number("c")
    mock.assert_called_once_with("a", key=1)
"""


def signal(after: str) -> Signal:
    return compare_tests([(TEST.encode(), after.encode())])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("number(given) == expected", "number( given )==expected"), Signal()),
        (("def test_call", "def test_another_name"), Signal()),
        (("number(given) == expected", "number(given) > expected"), Signal(lost=1, gained=1)),
        ((', ("b", 2)', ""), Signal(lost=1)),
        (('("b", 2)]', '("b", 2), ("d", 4)]'), Signal(gained=1)),
        (("ValueError", "KeyError"), Signal(lost=1, gained=1)),
        (("key=1", "key=2"), Signal(lost_calls=1, gained_calls=1)),
    ],
)
def test_tests_change_their_mind_or_only_their_looks(change, expected):
    after = TEST.replace(*change)
    assert after != TEST
    assert signal(after) == expected


def test_a_test_that_moves_to_another_file_counts_for_nothing():
    assert compare_tests([(TEST.encode(), b""), (b"", TEST.encode())]) == Signal()


@pytest.mark.parametrize(
    ("kind", "path", "area"),
    [
        (Kind.API, "app/v2/notifications/post.py", Area.CONTRACT),
        (Kind.API, "app/notifications/validators.py", Area.CONTRACT),
        (Kind.API, "app/clients/sms/one.py", Area.PROVIDERS),
        (Kind.API, "app/otel_metrics/x.py", Area.PLUMBING),
        (Kind.API, "migrations/versions/0001.py", Area.MIGRATIONS),
        (Kind.API, "app/service/rest.py", Area.PROGRAM),
        (Kind.API, "requirements.in", Area.DEPENDENCIES),
        (Kind.API, "tests/app/test_x.py", Area.TESTS),
        (Kind.API, ".github/workflows/test.yml", Area.TOOLING),
        (Kind.ADMIN, "app/templates/views/a.html", Area.TEMPLATES),
        (Kind.ADMIN, "app/assets/javascripts/a.mjs", Area.FRONT_END),
        (Kind.ADMIN, "package-lock.json", Area.DEPENDENCIES),
        (Kind.UTILS, "notifications_utils/countries/_data/europe.txt", Area.DATA),
        (Kind.UTILS, "notifications_utils/recipients.py", Area.PROGRAM),
        (Kind.UTILS, "notifications_utils/version_tools/uv.toml", Area.TOOLING),
        (Kind.DOCS, "source/documentation/_errors.md", Area.TEMPLATES),
        (Kind.DOCS, "README.md", Area.TOOLING),
        (Kind.CLIENT, "notifications_python_client/base.py", Area.PROGRAM),
        (Kind.CLIENT, "tests/test_x.py", Area.TESTS),
    ],
)
def test_a_path_has_an_area(kind, path, area):
    assert area_of(kind, path) is area


def test_sensitive_files_are_those_that_let_people_in():
    assert is_sensitive("app/authentication/auth.py")
    assert not is_sensitive("tests/app/authentication/test_auth.py")


def test_evidence_survives_the_cache():
    found = replace(
        evidence("column a.b", tests=CHANGED_TESTS, program=2),
        cosmetic=1,
        texts=(3, 4),
        sensitive=("app/x.py",),
        bump=Bump("1.0", "2.0"),
        unread=1,
    )
    assert Evidence.from_json(found.to_json()) == found


def test_every_class_has_a_meaning():
    assert set(MEANINGS) == set(Class)
