"""`upstream.lock`: what is written is read again, whole or not at all."""

from pathlib import Path

import pytest

from scripts.upstream_sync.lock import InvalidLockError, SurfacePin, read_lock, write_lock
from tests.upstream.made_up import DIGEST, make_lock, make_pin


def test_lock_that_was_written_is_read_again(tmp_path: Path) -> None:
    lock = make_lock(make_pin(), make_pin("uk-utils", frozen=True, surface={}))

    write_lock(tmp_path / "upstream.lock", lock)

    assert read_lock(tmp_path / "upstream.lock") == lock


def test_equal_locks_are_written_alike(tmp_path: Path) -> None:
    digests = {name: SurfacePin(count=1, digest=DIGEST) for name in ("b", "a")}
    for name, surface in (("one", digests), ("two", dict(reversed(digests.items())))):
        write_lock(tmp_path / name, make_lock(make_pin(surface=surface)))

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_failed_write_leaves_the_old_lock_and_nothing_else(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "upstream.lock"
    write_lock(path, make_lock())
    before = path.read_bytes()

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_lock(path, make_lock(make_pin()))

    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["upstream.lock"]


def test_pin_is_replaced_in_its_place_or_added(tmp_path: Path) -> None:
    lock = make_lock(make_pin("one"), make_pin("two"))

    changed = lock.with_pin(make_pin("one", branch="next")).with_pin(make_pin("three"))

    assert [(pin.id, pin.branch) for pin in changed.upstream] == [
        ("one", "next"), ("two", "main"), ("three", "main"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ("lock-version = 2\n", "lock-version"),
        ("lock-version = [\n", "upstream.lock"),
        ('lock-version = 1\nextractor = "x"\ngrammar = "y"\nmood = "good"\n', "mood"),
    ],
)
def test_broken_lock_is_refused_by_name(tmp_path: Path, broken: str, named: str) -> None:
    (tmp_path / "upstream.lock").write_text(broken)

    with pytest.raises(InvalidLockError, match=named):
        read_lock(tmp_path / "upstream.lock")


def test_missing_lock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidLockError, match="missing"):
        read_lock(tmp_path / "upstream.lock")
