"""The contract holds with any selection of patches: an API with its slots filled, beside the run's server."""

import fnmatch
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from werkzeug.serving import make_server

from api.app import create_app
from api.patch_series.loading import fill_slots
from api.runtime import Runtime, make_runtime
from api.slots import neutral_slots
from scripts.conformance_suite.deployment import Deployment
from scripts.conformance_suite.http_client import HttpClient
from scripts.conformance_suite.playing import Verdict, play
from scripts.conformance_suite.vectors import load_vectors
from tests.patches.series import SELECTIONS, selected

# With all patches everything is played; with the others what patches can touch.
TOUCHED = {"send-sms.json", "send-email.json", "order-of-checks.json", "bulk.json"}
# Played once for a deployment: what they need has been used up, or takes seconds.
ONCE = {"limits.json", "scheduling.json"}

# What lies abroad and what is a landline depends on where home is; the run's server is at home in Britain.
FROM_FRANCE = {"recipient.sms.abroad": "+12025550123", "recipient.sms.landline": "+33199001234"}


@pytest.fixture(params=[name for name in SELECTIONS if name != "none"])
def selection(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def patched_url(runtime: Runtime, selection: str) -> Iterator[str]:
    settings = runtime.settings.model_copy(update={"default_language": "en"})
    patched = make_runtime(settings, fill_slots(neutral_slots(settings), selected(selection), settings))
    server = make_server("127.0.0.1", 0, create_app(settings, patched), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)
    patched.close()


def test_contract_holds(selection: str, patched_url: str, deployment: Deployment) -> None:
    files = None if selection == "all" else TOUCHED
    vectors = [
        vector
        for vector in load_vectors()
        if vector.file not in ONCE and (files is None or vector.file in files)
    ]
    client = HttpClient(patched_url)
    values = dict(deployment.values) | (FROM_FRANCE if "fr_phone_numbers" in SELECTIONS[selection] else {})
    patched = replace(deployment, api_url=patched_url, values=values)

    outcomes = [play(vector, patched, client) for vector in vectors]

    client.close()
    failed = {outcome.vector.name: outcome.lines for outcome in outcomes if outcome.verdict == Verdict.FAILED}
    diverging = {vector.name for vector in vectors if _is_declared(vector.name, selection)}
    undeclared = {name: lines for name, lines in failed.items() if name not in diverging}
    assert undeclared == {}, "a patch declares what it changes: `vectors` in its patch.toml"
    assert diverging <= set(failed), "what no longer diverges is no longer declared"
    assert sum(outcome.verdict == Verdict.PASSED for outcome in outcomes) > 100


def _is_declared(name: str, selection: str) -> bool:
    patterns = [pattern for patch in selected(selection) for pattern in patch.declaration.vectors]
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
