"""`upstream/watch.toml`, and what the command line says instead."""

from pathlib import Path

import pytest

from scripts.upstream_sync.watch import (
    InvalidWatchError,
    Kind,
    Role,
    choose_cache,
    load_watch,
    repository_path,
)

ONE = 'settle-days = 3\n[[source]]\nid = "a"\nurl = "https://example.org/a"\nrole = "watch"\nkind = "utils"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "watch.toml"
    path.write_text(text)
    return path


def test_the_projects_own_file_names_upstream_by_role():
    watch = load_watch()
    assert [source.id for source in watch.with_role(Role.AUTHORITY)] == ["uk-api", "uk-admin", "uk-utils"]
    assert {source.kind for source in watch.with_role(Role.WATCH)} == {Kind.DOCS, Kind.CLIENT}
    assert {source.id for source in watch.with_role(Role.ADVISORY)} == {"ca-api", "ca-admin", "ca-utils"}


def test_defaults_come_from_the_top_of_the_file(tmp_path):
    source = load_watch(write(tmp_path, ONE))["a"]
    assert (source.branch, source.settle_days, source.location) == ("main", 3, "https://example.org/a")


def test_the_command_line_says_where_a_source_is(tmp_path):
    path = write(tmp_path, ONE)
    by_path = load_watch(path, [f"a={tmp_path}"])["a"]
    assert repository_path(by_path, tmp_path / "cache") == tmp_path
    by_url = load_watch(path, ["a=https://example.net/x=y"])["a"]
    assert by_url.location == "https://example.net/x=y"
    assert repository_path(by_url, tmp_path / "cache") == tmp_path / "cache/repositories/a.git"


@pytest.mark.parametrize(
    ("text", "overrides"),
    [
        ("nothing here", []),
        ("", []),
        (ONE + 'colour = "red"\n', []),
        (ONE.replace("utils", "unknown"), []),
        (ONE.replace("watch", "owner"), []),
        (ONE + ONE.partition("\n")[2], []),
        (ONE, ["b=somewhere"]),
        (ONE, ["a="]),
        (ONE, ["a"]),
    ],
)
def test_what_cannot_be_followed_is_an_error(tmp_path, text, overrides):
    with pytest.raises(InvalidWatchError):
        load_watch(write(tmp_path, text), overrides)


def test_the_cache_is_the_users_own_or_the_one_given(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert choose_cache() == tmp_path / "notifications-upstream"
    assert choose_cache(tmp_path / "other") == tmp_path / "other"
