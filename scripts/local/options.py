"""What `./scripts/server` can be told."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.local.processes import ROOT

DEFAULT_PORT_BASE = 6010
HIGHEST_PORT_BASE = 65_500


@dataclass(frozen=True, slots=True)
class Ports:
    """All ports follow from one number, so that two copies can run side by side."""

    base: int

    @property
    def api(self) -> int:
        return self.base

    @property
    def admin(self) -> int:
        return self.base + 1

    @property
    def sandbox(self) -> int:
        return self.base + 2

    @property
    def postgres(self) -> int:
        return self.base + 3

    @property
    def redis(self) -> int:
        return self.base + 4

    @property
    def emulators(self) -> int:
        """Of the first patch that has one; the others follow."""
        return self.base + 10

    @property
    def ses(self) -> int:
        return self.base + 30

    @property
    def smtp(self) -> int:
        return self.base + 31

    @property
    def bounces(self) -> int:
        """Where the emulated relay brings what comes back."""
        return self.base + 32


@dataclass(frozen=True, slots=True)
class Options:
    data_dir: Path
    ports: Ports
    reset: bool
    emulators: bool = False


def parse_options(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="./scripts/server",
        description="Start PostgreSQL, Redis, the API, a worker, the scheduler and the sandbox provider on this "
        "machine, with a demo service. Ctrl-C stops everything.",
        epilog="DATABASE_URL, REDIS_URL and BROKER_URL replace the private servers. Example: two copies side by "
        "side: ./scripts/server --data-dir /tmp/second --port-base 7010",
    )
    parser.add_argument("--data-dir", type=Path, help="folder of everything that is kept (default: .data)")
    parser.add_argument(
        "--port-base",
        type=_port_base,
        default=DEFAULT_PORT_BASE,
        metavar="N",
        help="API on N, web application N+1, sandbox N+2, PostgreSQL N+3, Redis N+4 (default: %(default)s)",
    )
    parser.add_argument("--reset", action="store_true", help="forget everything kept and start afresh")
    parser.add_argument(
        "--emulators",
        action="store_true",
        help="send through emulators of the real providers, on the ports from N+10, instead of the sandbox; "
        "SMS_PROVIDERS and EMAIL_PROVIDERS choose among them",
    )
    given = parser.parse_args(arguments)
    return Options(choose_data_dir(given.data_dir), Ports(given.port_base), given.reset, given.emulators)


def choose_data_dir(given: Path | None = None) -> Path:
    return (given or Path(os.environ.get("NOTIFICATIONS_DATA_DIR") or ROOT / ".data")).absolute()


def _port_base(text: str) -> int:
    number = int(text)
    if not 1024 <= number <= HIGHEST_PORT_BASE:  # noqa: PLR2004 - ports below belong to root
        raise argparse.ArgumentTypeError(f"{number} is not between 1024 and {HIGHEST_PORT_BASE}")
    return number
