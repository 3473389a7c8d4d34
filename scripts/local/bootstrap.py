"""Make `.venv`, install hashed requirements into it, and become a module that runs there.

Run by path with any Python ≥ 3.11: it needs the standard library only.
`bootstrap.py <requirements> <module> [arguments…]`
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
# What an environment made for the first also serves.
SUPERSETS = {"server": ("dev",), "dev": ()}


def main(arguments: Sequence[str]) -> None:
    requirements, module, *rest = arguments
    try:
        with only_one():
            ensure_environment()
            ensure_installed(requirements)
    except KeyboardInterrupt:
        sys.exit(130)
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *([path] if path else [])])
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), "-m", module, *rest])  # noqa: S606


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Two commands started together do not install into one environment together."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another command is preparing .venv; waiting for it…")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def ensure_environment() -> None:
    if works(VENV_PYTHON):
        return
    say(f"Making .venv with Python {sys.version_info.major}.{sys.version_info.minor}…")
    uv = shutil.which("uv")
    if importlib.util.find_spec("ensurepip"):
        command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    elif uv:
        command = [
            uv,
            "venv",
            "--clear",
            "--quiet",
            "--no-python-downloads",
            "--python",
            sys.executable,
            str(VENV),
        ]
    else:
        fail(
            "This Python cannot make virtual environments: it has no ensurepip.",
            "Install its venv module (Debian, Ubuntu: apt install python3-venv), or install uv.",
        )
    if subprocess.run(command, check=False).returncode != 0:
        fail(f"`{' '.join(command)}` failed.", "Remove the folder .venv and try again.")


def works(python: Path) -> bool:
    """A moved or half-made environment does not."""
    test = "import sys; sys.exit(sys.version_info < (3, 11))"
    return (
        python.exists()
        and subprocess.run([python, "-c", test], capture_output=True, check=False).returncode == 0
    )


def ensure_installed(name: str) -> None:
    if any(stamp_of(candidate) == digest_of(candidate) for candidate in (name, *SUPERSETS[name])):
        return
    say(f"Installing requirements/{name}.txt into .venv (a minute or two the first time)…")
    file = str(ROOT / "requirements" / f"{name}.txt")
    for command in install_commands(file):
        if subprocess.run(command, check=False).returncode == 0:
            compile_packages()
            stamp_path(name).write_text(digest_of(name))
            return
    fail(
        "The packages could not be installed; the reason stands above.",
        "Without a network, point pip at a mirror or a folder of wheels (PIP_INDEX_URL, PIP_FIND_LINKS). "
        "What was installed so far is kept: the same command carries on.",
    )


def install_commands(file: str) -> Iterator[list[str]]:
    """`install`, not `sync`: what somebody added to the environment stays."""
    uv = shutil.which("uv")
    if uv:
        yield [uv, "pip", "install", "--quiet", "--python", str(VENV_PYTHON), "--require-hashes", "-r", file]
    if (VENV / "bin" / "pip").exists():  # pip knows mirrors that uv is not told of
        pip = [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        yield [*pip, "--require-hashes", "-r", file]


def compile_packages() -> None:
    """Bytecode of all packages, which uv does not make: without it every process compiles at its start."""
    command = [
        str(VENV_PYTHON),
        "-m",
        "compileall",
        "-q",
        "-j",
        "0",
        *map(str, VENV.glob("lib/python*/site-packages")),
    ]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # a few files are for other versions


def stamp_path(name: str) -> Path:
    return VENV / f"installed-{name}"


def stamp_of(name: str) -> str | None:
    path = stamp_path(name)
    return path.read_text() if path.exists() else None


def digest_of(name: str) -> str:
    return hashlib.sha256((ROOT / "requirements" / f"{name}.txt").read_bytes()).hexdigest()


def say(line: str) -> None:
    print(line, flush=True)


def fail(problem: str, cure: str) -> NoReturn:
    print(f"\n{problem}\n{cure}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
