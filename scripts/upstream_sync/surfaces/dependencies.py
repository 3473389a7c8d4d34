"""`dependency <name>` → {"pin"}: what the program asks for, without what those ask for in turn.

From `requirements.in` or `pyproject.toml`, whichever there is; a git tag counts as a pin.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from scripts.upstream_sync.facts import Fact, Problem
from scripts.upstream_sync.surfaces.surface import FileSurface, Found

_FILES = ("requirements.in", "pyproject.toml")
_LINE = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(.*)$")


def _extract(path: str, content: bytes) -> Found:
    text = content.decode("utf-8", "replace")
    if path.endswith(".in"):
        return list(_facts(_read_lines(text), path)), []
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return [], [Problem("parse", path, "no TOML")]
    return list(_facts(_read_project(document), path)), []


def _facts(pairs: Iterator[tuple[str, str]], path: str) -> Iterator[Fact]:
    for name, pin in pairs:
        yield Fact(f"dependency {re.sub(r'[-_.]+', '-', name).lower()}", {"pin": pin}, path)


def _read_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        bare = re.sub(r"\s+#.*$|^#.*$", "", line).strip()
        if bare.startswith(("git+", "https:")):
            place, _, pin = bare.rpartition("@")
            yield (place or pin).rpartition("/")[2].removesuffix(".git"), pin if place else "url"
        elif (found := _LINE.match(bare)) is not None:
            yield found[1], _pin(found[2])


def _pin(rest: str) -> str:
    """`@ git+https://…/x.git@1.2.3` → `1.2.3`; `==1.2` stays."""
    version = rest.partition(";")[0].strip()
    if version.startswith("@"):
        return version.rpartition("@")[2].strip() if version.count("@") > 1 else "url"
    return "".join(version.split())


def _read_project(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for line in document.get("project", {}).get("dependencies", []):
        yield from _read_lines(line)
    for name, wanted in document.get("tool", {}).get("poetry", {}).get("dependencies", {}).items():
        if isinstance(wanted, str):
            yield name, wanted
        elif isinstance(wanted, dict):
            yield name, str(wanted.get("tag") or wanted.get("rev") or wanted.get("version") or "url")


SURFACES = (FileSurface("dependencies", lambda path: path in _FILES, _extract),)
