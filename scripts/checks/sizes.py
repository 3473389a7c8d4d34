"""Files and functions stay short enough to be read in one go. Run as `python -m scripts.checks.sizes`."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.checks.files import find_files
from scripts.local.processes import ROOT

LONGEST_FILE = 500
LONGEST_TEST_FILE = 600
LONGEST_FUNCTION = 60
# A migration is read once, and says what it says in one piece.
MIGRATIONS = Path("api/db/migrations/versions")


def find_oversized(path: Path, text: str) -> Iterator[str]:
    """A sentence for each thing in the file that is too long."""
    if MIGRATIONS in path.parents:
        return
    lines = text.count("\n")
    limit = LONGEST_TEST_FILE if path.parts[0] == "tests" else LONGEST_FILE
    if lines > limit:
        yield f"{path}: {lines} lines, {limit} are allowed"
    if path.suffix != ".py":
        return
    for node in ast.walk(ast.parse(text, str(path))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > LONGEST_FUNCTION:
            yield f"{path}:{node.lineno}: {node.name} has {length} lines, {LONGEST_FUNCTION} are allowed"


def main() -> int:
    paths = find_files(".py", ".html", ".jinja", ".js", ".css")
    found = [problem for path in paths for problem in find_oversized(path, (ROOT / path).read_text())]
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
