"""Run every check and then the tests; say for each that fails how to mend it."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.local.processes import ROOT

_TOOLS = Path(sys.executable).parent
# Tests that share one system, marked as a group, stay in one process.
_PARALLEL = ("-n", "2", "--dist", "loadgroup")
_ONE_PROCESS = ("-n", "--numprocesses", "--pdb", "--trace", "-p")


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    command: tuple[str, ...]
    cure: str


def _tool(name: str) -> str:
    return str(_TOOLS / name)


CHECKS = (
    Step("lint", (_tool("ruff"), "check", "."), "`.venv/bin/ruff check --fix .` mends part of it."),
    Step("format", (_tool("ruff"), "format", "--check", "."), "Run `.venv/bin/ruff format .`"),
    Step("types", (_tool("mypy"),), "Mend the types that it names."),
    Step(
        "architecture",
        (_tool("lint-imports"),),
        "The contracts, and why: pyproject.toml, docs/architecture.md.",
    ),
    Step("sizes", (sys.executable, "-m", "scripts.checks.sizes"), "Split what is too long."),
    Step("addresses", (sys.executable, "-m", "scripts.checks.addresses"), "Remove the address."),
    Step(
        "catalogues",
        (sys.executable, "-m", "scripts.checks.catalogues"),
        "How to write and translate texts: localisation/README.md.",
    ),
    Step(
        "upstream",
        (sys.executable, "-m", "scripts.upstream_sync", "check"),
        "Each line says what to do; what it is about: docs/reference/upstream.md.",
    ),
)


def main(arguments: Sequence[str]) -> int:
    for_pytest = [argument for argument in arguments if argument != "--only-tests"]
    steps = [] if "--only-tests" in arguments else list(CHECKS)
    steps.append(make_tests_step(for_pytest))
    failed = [step for step in steps if not run(step)]
    for step in failed:
        print(f"FAILED {step.name}. {step.cure}")
    if not failed:
        print("All is well.")
    return 1 if failed else 0


def make_tests_step(arguments: Sequence[str]) -> Step:
    alone = any(argument.startswith(_ONE_PROCESS) for argument in arguments)
    parallel = () if alone else _PARALLEL
    return Step(
        "tests",
        (sys.executable, "-m", "pytest", *parallel, *arguments),
        "One test alone: ./scripts/test --only-tests tests/…/test_….py -k name",
    )


def run(step: Step) -> bool:
    """Output of a check that passes is of no interest; tests show their progress."""
    print(f"── {step.name}: {' '.join(show(part) for part in step.command)}", flush=True)
    began = time.monotonic()
    is_check = step in CHECKS
    output = subprocess.PIPE if is_check else None
    done = subprocess.run(step.command, cwd=ROOT, check=False, stdout=output, stderr=output)
    if is_check and done.returncode != 0:
        print((done.stdout + done.stderr).decode(errors="replace"))
    print(
        f"   {'failed' if done.returncode else 'passed'} after {time.monotonic() - began:.1f} s", flush=True
    )
    return done.returncode == 0


def show(part: str) -> str:
    return os.path.relpath(part, ROOT) if part.startswith(str(ROOT)) else part


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
