"""Nothing personal and no secret leaves the places where it may be: canary values through the whole running system.

They go in through every public route, its error paths included, and are then looked for in everything that could
be read by somebody else: logs of all processes, metrics, whatever was ever written to Redis, each column of the database,
the object store.
"""

import base64
import binascii
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import redis
from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as SmtpEnvelope

from tests.api import canary_journey as canary
from tests.api.canary_journey import Journey
from tests.api.providers.test_smtp import Relay
from tests.api.providers.test_smtp import running as running_relay
from tests.conformance.adapter import runtime_of
from tests.faults.system import System, alone, running_system
from tests.services import Run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

PEOPLE = {"notifications.to", "notifications.normalised_to", "guest_list.recipient"}
# Where each may stand in clear; whatever is not named here may stand nowhere.
COLUMNS: dict[str, set[str]] = {
    canary.EMAIL: {*PEOPLE, "unsubscribe_requests.email_address", "suppressions.recipient"},
    canary.PHONE: {*PEOPLE, "inbound_sms.user_number", "suppressions.recipient"},
    canary.RECEIVER: {"inbound_numbers.number", "inbound_sms.notify_number", "sms_senders.sms_sender"},
    canary.GUEST: {"guest_list.recipient"},
    canary.MEMBER: {"users.email_address"},
    canary.REPLY_TO: {
        "reply_to_addresses.email_address",
        "notifications.reply_to_text",
        "jobs.reply_to_text",
    },
    canary.OWN_LINK: {"notifications.unsubscribe_link"},
    canary.CALLBACK_PATH: {"service_callbacks.url"},
}
MUST_FAIL = {
    "request_failed",
    "task_failed",
    "delivery_postponed",
    "delivery_unknown",
    "delivery_not_prepared",
    "callback_not_delivered",
    "publish_postponed",
    "limits_unavailable",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the system left behind. `needles` are the canaries and the secrets that were used."""

    system: System
    needles: frozenset[str]
    redis_commands: list[str]
    metrics: str
    posted: list[str]

    def log_lines(self) -> Iterator[tuple[str, str]]:
        for path in sorted(self.system.folder.logs.iterdir()):
            for line in path.read_text(errors="replace").splitlines():
                yield path.name, line

    def find(self, text: str) -> list[str]:
        folded = text.casefold()
        return sorted(needle for needle in self.needles if needle.casefold() in folded)


class QuotingRelay(Relay):
    """Takes nothing, and quotes what it was told, as relays do."""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: SmtpEnvelope, address: str, options: list[str]
    ) -> str:
        self.envelopes.append(envelope)
        return f"451 4.7.1 <{address}> is greylisted; {envelope.mail_from} may try again"


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory, service_run: Run) -> Iterator[Evidence]:
    relay = QuotingRelay()
    with alone(service_run.folder), running_relay(relay) as port:
        settings = {
            "LOG_LEVEL": "DEBUG",
            "DATABASE_STATEMENT_TIMEOUT_MS": "1000",
            "CALLBACK_TIMEOUT_SECONDS": "1",
            "EMAIL_PROVIDERS": "sandbox,smtp",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(port),
            "SMTP_SECURITY": "none",
        }
        with running_system(tmp_path_factory.mktemp("canary") / "data", **settings) as system:
            with closing(runtime_of(system.environment)) as runtime:
                with watching_redis(system) as commands, receiving() as (url, posted):
                    journey = Journey(system, runtime, url)
                    journey.run()
                metrics = system.get("/metrics")
            assert relay.envelopes
            yield Evidence(system, frozenset(journey.needles), commands, metrics, posted)


def test_canaries_went_all_the_way(evidence: Evidence) -> None:
    """Otherwise their absence would prove nothing."""
    sent = json.dumps(evidence.system.ask_sandbox("GET", f"/v1/messages?q={canary.PERSONALISATION}"))
    parts = {canary.EMAIL, canary.PHONE, canary.PERSONALISATION, canary.REPLY_TO, canary.OWN_LINK}
    assert parts <= set(evidence.find(sent))
    assert evidence.system.ask_sandbox("GET", f"/v1/messages?q={canary.FILE_CELL}")["messages"]
    told = {canary.EMAIL, canary.PHONE, canary.RECEIVED_TEXT, canary.CALLBACK_TOKEN, canary.CALLBACK_PATH}
    assert told <= set(evidence.find("\n".join(evidence.posted)))
    events = {json.loads(line)["event"] for _, line in evidence.log_lines() if line.startswith("{")}
    assert events >= MUST_FAIL
    commands = "\n".join(evidence.redis_commands).casefold()
    assert "evalsha" in commands
    assert '"task": "deliver-sms"' in commands


def test_logs(evidence: Evidence) -> None:
    """Of every process: ours, the web server, PostgreSQL, Redis."""
    leaks = [
        f"{name} shows {found}: {line[:300]}"
        for name, line in evidence.log_lines()
        if (found := evidence.find(line))
    ]
    assert not leaks, "\n".join(leaks)


def test_metrics(evidence: Evidence) -> None:
    assert "http_request" in evidence.metrics
    assert not evidence.find(evidence.metrics)


def test_redis(evidence: Evidence) -> None:
    """Every command that any process sent, whatever became of the keys."""
    leaks = [(evidence.find(line), line[:300]) for line in evidence.redis_commands if evidence.find(line)]
    assert not leaks


def test_process_list(evidence: Evidence) -> None:
    """Everybody on the machine can read it."""
    lines = evidence.system.command_lines()
    assert any("gunicorn" in line for line in lines)
    assert not [line for line in lines if evidence.find(line)]


def test_object_store(evidence: Evidence) -> None:
    files = [path for path in evidence.system.folder.objects.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if evidence.find(path.read_bytes().decode("latin-1"))]


def test_database_columns(evidence: Evidence) -> None:
    found: dict[str, set[str]] = {}
    for column, text in columns_as_text(evidence.system):
        for needle in evidence.find(text):
            found.setdefault(needle, set()).add(column)
    allowed = COLUMNS | {needle: set() for needle in evidence.needles - set(COLUMNS)}
    leaks = {needle: columns - allowed[needle] for needle, columns in found.items()}
    assert not {needle: columns for needle, columns in leaks.items() if columns}
    assert set(COLUMNS) <= set(found), "the search is blind"


def columns_as_text(system: System) -> Iterator[tuple[str, str]]:
    """Each column of each table with all its values; partitions count as their table."""
    columns = system.query(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition "
        "AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2"
    )
    for table, column in columns:
        rows = system.query(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')
        values = (value for (value,) in rows)
        texts = (
            value.tobytes().decode("latin-1") if isinstance(value, memoryview) else str(value)
            for value in values
        )
        yield f"{table}.{column}", "\n".join(texts)


@contextmanager
def watching_redis(system: System) -> Iterator[list[str]]:
    """Collects what all clients send, with the broker's messages made readable."""
    commands: list[str] = []
    listens, is_over = threading.Event(), threading.Event()

    def watch() -> None:
        with (
            closing(redis.Redis.from_url(system.environment["REDIS_URL"])) as client,
            client.monitor() as monitor,
        ):
            listens.set()
            for entry in monitor.listen():
                commands.append(readable(str(entry["command"])))
                if is_over.is_set():
                    return

    def keep_watching() -> None:
        while not is_over.is_set():
            try:
                watch()
            except redis.exceptions.RedisError:  # killed by the test
                time.sleep(0.01)

    thread = threading.Thread(target=keep_watching)
    thread.start()
    assert listens.wait(10)
    try:
        yield commands
    finally:
        is_over.set()
        thread.join(10)  # workers ask Redis all the time


def readable(command: str) -> str:
    """With what base64 hides."""
    return command + " ".join(map(decode, re.findall(r"[A-Za-z0-9+/]{16,}={0,2}", command)))


def decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except binascii.Error:
        return ""


@contextmanager
def receiving() -> Iterator[tuple[str, list[str]]]:
    """A service's own server, which fails in every way before it takes what it is told."""
    posted: list[str] = []
    failures: list[int | None] = [500, None, 404, 302, 429, 400, 503, None]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append(f"{self.path}\n{self.headers}\n{body.decode()}")
            status = failures.pop(0) if failures else 200
            if status is None:
                return  # closed without an answer
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:1/{canary.CALLBACK_PATH}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", posted
        finally:
            server.shutdown()
            thread.join()
