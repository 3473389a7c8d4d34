"""The main job, measured on a server of its own: accepting, reading, delivering, memory, start."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from scripts.benchmarks.server import ROOT, Server, running_server
from scripts.benchmarks.table import Figure, milliseconds, percentile, print_figures
from scripts.local.ports import find_free_port

SMS_BODY = {
    "phone_number": "+33612345678",
    "personalisation": {"nom": "Amina", "date": "lundi 7", "heure": "14 h 30"},
}


PARTS = ("accept", "idle", "deliver", "memory", "read", "start")


def run(*, repeats: int, rows: int, parts: Sequence[str] = PARTS) -> None:
    """Prints every table. `repeats` runs of each load, of which the median counts; `rows` fill the table read from."""
    if set(parts) - {"start"}:
        with running_server(find_base()) as server:
            _lift_limits(server)
            time.sleep(3)
            actions: dict[str, Callable[[], None]] = {
                "accept": lambda: accept(server, repeats),
                "idle": lambda: idle(server),
                "deliver": lambda: deliver(server, repeats),
                "memory": lambda: memory(server),
                "read": lambda: read(server, repeats, rows),
            }
            for part, action in actions.items():
                if part in parts:
                    action()
    if "start" in parts:
        start()


def find_base() -> int:
    """Ports far from those of a server that may run meanwhile."""
    return 17_000 + os.getpid() % 1000 * 10


def _lift_limits(server: Server) -> None:
    server.query(
        "UPDATE services SET rate_limit = 100000000, sms_message_limit = 1000000000, email_message_limit = 1000000000"
    )
    server.behave(receipts="off")


def accept(server: Server, repeats: int) -> None:
    body = SMS_BODY | {"template_id": server.demo["templates"]["sms"]}

    def post(requests: int, concurrency: int) -> dict[str, Any]:
        return server.load(
            "POST", ["/v2/notifications/sms"], requests=requests, concurrency=concurrency, body=body
        )

    with server.paused("worker"), server.paused("scheduler"):
        post(500, 8)
        results = [_measured(server, lambda: post(4000, 8), 4000) for _ in range(repeats)]
        alone = post(500, 1)
    best = sorted(results, key=lambda result: result["rate"])[len(results) // 2]
    print_figures(
        f"POST /v2/notifications/sms, live key, 2 processes, concurrency 8 (median of {repeats})",
        [
            Figure("requests a second", f"{best['rate']:.0f}", "≥ 600"),
            Figure("p50", milliseconds(percentile(best["durations"], 0.5))),
            Figure("p95", milliseconds(percentile(best["durations"], 0.95))),
            Figure("p99", milliseconds(percentile(best["durations"], 0.99)), "≤ 40 ms"),
            *(
                Figure(f"CPU a request, {name}", milliseconds(seconds), "≤ 2.2 ms" if name == "api" else "")
                for name, seconds in best["cpu"].items()
            ),
            Figure("transactions a request", f"{best['transactions']:.2f}", "1 INSERT"),
            Figure(
                "Redis commands a request", f"{best['redis']:.2f}", "1 script (and what it calls), 1 publish"
            ),
            Figure("answers", json.dumps(best["statuses"])),
            Figure("one at a time, p50", milliseconds(percentile(alone["durations"], 0.5)), "≤ 4 ms"),
            Figure("one at a time, p99", milliseconds(percentile(alone["durations"], 0.99))),
        ],
    )
    _wait_until(lambda: _count(server, "status = 'created'") == 0, 120)


def _measured(server: Server, load: Callable[[], dict[str, Any]], requests: int) -> dict[str, Any]:
    groups = [server.group(name) for name in ("api", "postgres", "redis")]
    cpu, transactions, commands = [g.cpu_seconds() for g in groups], _transactions(server), _commands(server)
    result = load()
    return result | {
        "rate": requests / result["seconds"],
        "cpu": {g.name: (g.cpu_seconds() - before) / requests for g, before in zip(groups, cpu, strict=True)},
        "transactions": (_transactions(server) - transactions) / requests,
        "redis": (_commands(server) - commands) / requests,
    }


def _transactions(server: Server) -> int:
    time.sleep(1.1)  # PostgreSQL's counters lag by a second
    return int(
        server.query("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")[0][0]
    )


def _commands(server: Server) -> int:
    stats: dict[str, Any] = server.redis().info("commandstats")
    counted = ("cmdstat_evalsha", "cmdstat_lpush")
    return sum(int(stats[name]["calls"]) for name in counted if name in stats)


def idle(server: Server) -> None:
    """From acceptance to the provider's answer when nothing else happens."""
    body = SMS_BODY | {"template_id": server.demo["templates"]["sms"]}
    begin = server.query("SELECT now()")[0][0]
    for _ in range(60):
        server.load("POST", ["/v2/notifications/sms"], requests=1, concurrency=1, body=body)
    time.sleep(1)
    rows = server.query(
        "SELECT extract(epoch FROM sent_at - created_at) FROM notifications WHERE created_at > %s AND sent_at IS NOT NULL",
        begin,
    )
    waits = [float(row[0]) for row in rows]
    print_figures(
        "An idle system: created → answered by the provider",
        [
            Figure("messages", str(len(waits))),
            Figure("p50", milliseconds(percentile(waits, 0.5)), "≤ 10 ms"),
            Figure("p95", milliseconds(percentile(waits, 0.95))),
        ],
    )


def deliver(server: Server, repeats: int) -> None:
    figures = []
    for what, behaviour, done, messages, goal in (
        ("queue → sending, stub 0 ms", {"receipts": "off"}, "sent_at IS NOT NULL", 4000, "≥ 500/s"),
        (
            "queue → sending, stub 50 ms",
            {"receipts": "off", "latency_ms": 50},
            "sent_at IS NOT NULL",
            3000,
            "≥ 400/s",
        ),
        (
            "queue → delivered by HTTP receipts",
            {"receipts": "auto", "receipt_delay_ms": 0},
            "status = 'delivered'",
            2000,
            "≥ 250/s",
        ),
    ):
        server.behave(**behaviour)
        rates = [_delivery_rate(server, done, messages) for _ in range(repeats)]
        figures.append(Figure(what, f"{median(rates):.0f}/s", goal))
    server.behave(receipts="off")
    print_figures(f"Delivery, one worker service (median of {repeats})", figures)


def _delivery_rate(server: Server, done: str, messages: int) -> float:
    """Fill the queue while the workers are stopped, then see from the rows how long they took: no counting meanwhile."""
    body = SMS_BODY | {"template_id": server.demo["templates"]["sms"]}
    begin = server.query("SELECT now()")[0][0]
    with server.paused("worker"), server.paused("scheduler"):
        server.load("POST", ["/v2/notifications/sms"], requests=messages, concurrency=8, body=body)
        resumed = server.query("SELECT now()")[0][0]
    _wait_until(lambda: _count(server, f"created_at > '{begin}' AND {done}") >= messages, 120, every=2)
    rows = server.query(
        f"SELECT count(*), max(updated_at) FROM notifications WHERE created_at > '{begin}' AND {done}"  # noqa: S608
    )
    count, end = rows[0]
    return int(count) / float((end - resumed).total_seconds())


def _count(server: Server, condition: str) -> int:
    return int(server.query(f"SELECT count(*) FROM notifications WHERE {condition}")[0][0])  # noqa: S608


def _wait_until(is_done: Callable[[], bool], seconds: float, every: float = 0.1) -> None:
    end = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > end:
            print("  (not done in time; the figure is a lower bound)")
            return
        time.sleep(every)


def memory(server: Server) -> None:
    print_figures(
        "Memory, proportional set size",
        [
            Figure("API, 2 processes", f"{server.group('api').proportional_megabytes():.0f} MB", "≤ 200 MB"),
            Figure("worker service", f"{server.group('worker').proportional_megabytes():.0f} MB", "≤ 250 MB"),
        ],
    )


def read(server: Server, repeats: int, rows: int) -> None:
    _fill(server, rows)
    first = "/v2/notifications"
    deep = server.query("SELECT id FROM notifications ORDER BY id LIMIT 1 OFFSET %s", rows // 20)[0][0]
    page = server.load("GET", [first], requests=60 * repeats, concurrency=1)["durations"]
    deep_page = server.load("GET", [f"{first}?older_than={deep}"], requests=60 * repeats, concurrency=1)[
        "durations"
    ]
    ids = [row[0] for row in server.query("SELECT id FROM notifications ORDER BY id DESC LIMIT 500")]
    paths = [f"/v2/notifications/{identifier}" for identifier in ids]
    before = _transactions(server)
    one = [server.load("GET", paths, requests=4000, concurrency=8) for _ in range(repeats)]
    transactions = (_transactions(server) - before) / (4000 * repeats)
    print_figures(
        f"Reading, table of {rows:,} messages",
        [
            Figure("page of 250, p50", milliseconds(percentile(page, 0.5)), "≤ 20 ms"),
            Figure("page of 250, p95", milliseconds(percentile(page, 0.95))),
            Figure(
                "page of 250 near the oldest, p50", milliseconds(percentile(deep_page, 0.5)), "as the first"
            ),
            Figure(
                "one message, concurrency 8", f"{4000 / median(r['seconds'] for r in one):.0f}/s", "≥ 1000/s"
            ),
            Figure("transactions for one message", f"{transactions:.2f}"),
        ],
    )


def _fill(server: Server, rows: int) -> None:
    """Copies of a real message, one a tenth of a second back in time."""
    body = SMS_BODY | {"template_id": server.demo["templates"]["sms"]}
    server.load("POST", ["/v2/notifications/sms"], requests=1, concurrency=1, body=body)
    source = server.query(
        "SELECT id FROM notifications WHERE notification_type = 'sms' ORDER BY id DESC LIMIT 1"
    )[0][0]
    columns = [
        row[0]
        for row in server.query(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'notifications' AND column_name <> 'id'"
        )
    ]
    names = ", ".join(f'"{column}"' for column in columns)
    have = _count(server, "true")
    # The identifier of a message made that long ago: its time in front, random bits behind.
    server.query(
        f"""
        INSERT INTO notifications (id, {names})
        SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - n * 100), 12, '0')
                || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid, {names}
        FROM notifications, generate_series(1, %s) AS n WHERE id = %s
        """,  # noqa: S608 - names of our own columns
        max(0, rows - have),
        source,
    )
    server.query("ANALYZE notifications")


def start() -> None:
    """From the command to the first answer of a web process, several times."""
    times = sorted(_start_once() for _ in range(3))
    print_figures("Start", [Figure("API, to the first answer", f"{times[1]:.2f} s", "≤ 1.5 s")])


def _start_once() -> float:
    port = find_free_port()
    environment = os.environ | {"PORT": str(port), "WEB_CONCURRENCY": "2"}
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "api/gunicorn_conf.py", "api.wsgi:application"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_status?simple=1", timeout=1).close()
                return time.perf_counter() - begin
            except OSError:
                time.sleep(0.01)
    finally:
        process.terminate()
        process.wait(30)
