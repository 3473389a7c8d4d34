"""No file names the host of a package registry: where packages come from is the business of who installs.

Run as `python -m scripts.checks.addresses`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.checks.files import find_files
from scripts.local.processes import ROOT

# Written with brackets so that this file does not name them.
REGISTRY = re.compile(
    r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(?:org|com)|deb[.]debian|archive[.]ubuntu", re.IGNORECASE
)
IN_REQUIREMENTS = re.compile(r"https?:|--(?:extra-)?index-url|--find-links", re.IGNORECASE)


def find_addresses(path: Path, text: str) -> Iterator[str]:
    """A sentence for each line that names a registry, or any address in a requirements file."""
    for number, line in enumerate(text.splitlines(), start=1):
        if REGISTRY.search(line):
            yield f"{path}:{number}: names a package registry"
        elif path.parts[0] == "requirements" and IN_REQUIREMENTS.search(line):
            yield f"{path}:{number}: requirements hold names, versions and hashes only"


def main() -> int:
    found: list[str] = []
    for path in find_files():
        text = (ROOT / path).read_bytes().decode(errors="replace")
        found += find_addresses(path, text)
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
