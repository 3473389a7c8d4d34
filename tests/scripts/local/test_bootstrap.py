"""The environment is prepared once, and again when its requirements change."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.local import bootstrap


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without packages to install."""
    (tmp_path / "requirements").mkdir()
    for name in ("server", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"# {name}\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "VENV_PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(bootstrap, "install_commands", lambda _: iter([["true"]]))
    return tmp_path


def _prepare(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    bootstrap.ensure_environment()
    bootstrap.ensure_installed(name)
    return capsys.readouterr().out


@pytest.mark.slow
def test_it_is_prepared_once_and_again_for_new_requirements(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = _prepare("server", capsys)
    assert "Making .venv" in first
    assert "Installing requirements/server.txt" in first
    assert _prepare("server", capsys) == ""

    (copy / "requirements/server.txt").write_text("# changed\n")
    again = _prepare("server", capsys)
    assert "Making" not in again
    assert "Installing" in again

    assert "Installing requirements/dev.txt" in _prepare("dev", capsys)
    (copy / ".venv/installed-server").unlink()
    assert _prepare("server", capsys) == ""  # what dev needs includes what the server needs


@pytest.mark.slow
def test_a_broken_environment_is_made_anew(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _prepare("server", capsys)
    python = copy / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert "Making .venv" in _prepare("server", capsys)
    assert bootstrap.works(python)


def test_an_install_that_fails_says_what_to_do_and_is_tried_again(
    copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (copy / ".venv").mkdir()
    monkeypatch.setattr(bootstrap, "install_commands", lambda _: iter([["false"], ["false"]]))
    for _ in range(2):
        with pytest.raises(SystemExit, match="1"):
            bootstrap.ensure_installed("server")
        assert "PIP_FIND_LINKS" in capsys.readouterr().err


def test_without_a_new_enough_python_the_person_is_told(tmp_path: Path) -> None:
    (tmp_path / "scripts/local").mkdir(parents=True)
    script = tmp_path / "scripts/local/run"
    script.write_text((Path(bootstrap.__file__).with_name("run")).read_text())
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "bash"):
        tools.joinpath(name).symlink_to(f"/usr/bin/{name}")
    done = subprocess.run(
        ["/usr/bin/bash", script, "server", "x"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr


def test_bootstrap_needs_the_standard_library_only() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import bootstrap"
    folder = str(Path(bootstrap.__file__).parent)
    subprocess.run([sys.executable, "-I", "-S", "-c", code, folder], check=True)
