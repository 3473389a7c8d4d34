"""`./scripts/server` for a run of tests: once for all worker processes, in a folder and on ports of its own."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from scripts.local.environment import read_environment
from scripts.local.processes import Program
from tests.conformance.adapter import prepare, runtime_of
from tests.services import Run

PORTS = 5
HIGHEST_BASE = 60_000
# The contract's home region and language; retries of callbacks that a test can wait for.
SETTINGS = {
    "DEFAULT_PHONE_REGION": "GB",
    "DEFAULT_LANGUAGE": "en",
    "CACHE_SECONDS": "1",
    "CALLBACK_RETRY_SECONDS": "1",
}
# The developer's own servers are not for tests.
NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")


@dataclass(frozen=True, slots=True)
class LiveServer:
    """`environment` are the settings with which its programs run; `state` is the players' state file."""

    api_url: str
    sandbox_url: str
    environment: dict[str, str]
    state: Path


def start_once(run: Run) -> LiveServer:
    """The run's server; the first caller starts it and makes the states that vectors need."""
    folder = run.folder / "conformance"
    data, state = folder / "data", folder / "state.json"

    def start() -> dict[str, str]:
        folder.mkdir()
        log = run.folder / "conformance-server.log"
        command = ("env", *(part for name in NOT_INHERITED for part in ("-u", name)), "./scripts/server")
        program = Program(
            name="conformance-server",
            command=(*command, "--data-dir", str(data), "--port-base", str(find_free_base())),
            environment=SETTINGS,
            log=log,
        )
        run.start_guarded(program, lambda: "Notifications runs" in log.read_text(errors="replace"))
        environment = {**read_environment(data), **SETTINGS}
        runtime = runtime_of(environment)
        state.write_text(json.dumps(prepare(runtime, environment["API_BASE_URL"])))
        runtime.close()
        return environment

    environment = run.start_once("conformance", start)
    return LiveServer(environment["API_BASE_URL"], environment["SANDBOX_URL"], environment, state)


def find_free_base() -> int:
    """The first of a few consecutive ports that nobody uses."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            base: int = probe.getsockname()[1]
        if base < HIGHEST_BASE and all(_is_free(base + offset) for offset in range(PORTS)):
            return base


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
