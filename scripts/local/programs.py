"""Our own programs as services of the local server."""

import os
import sys
import urllib.request
from collections.abc import Callable, Mapping

from scripts.local.data_folder import DataFolder
from scripts.local.options import Ports
from scripts.local.ports import LOOPBACK, is_answering
from scripts.local.processes import Program
from scripts.local.supervisor import Service

SERVERS, APPLICATIONS = 0, 1  # stages: applications stop first


def make_applications(folder: DataFolder, ports: Ports, environment: Mapping[str, str]) -> list[Service]:
    def program(name: str, *command: str, **more: str) -> Program:
        return Program(
            name=name,
            command=(sys.executable, "-m", *command),
            environment={**environment, "PROMETHEUS_MULTIPROC_DIR": str(folder.metrics), **more},
            log=folder.logs / f"{name}.log",
        )

    receipts = ("--receipts-url", environment["API_BASE_URL"])
    sandbox = program(
        "sandbox",
        "api.providers.sandbox.server",
        *("--port", str(ports.sandbox), "--data-dir", str(folder.sandbox), *receipts),
    )
    api = program(
        "api", "gunicorn", "-c", "api/gunicorn_conf.py", "api.wsgi:application", PORT=str(ports.api)
    )
    worker = program("worker", "api.workers.run")
    scheduler = program(
        "scheduler", "celery", "-A", "api.workers.app", "beat", "--pidfile=", "--loglevel=WARNING"
    )
    api_url = f"http://{LOOPBACK}:{ports.api}"
    # One scheduled task done proves scheduler, broker, worker and database together.
    token = os.environ.get("METRICS_TOKEN")
    has_worked = _answers(f"{api_url}/metrics", "task_duration_seconds_count", token)
    services = [
        Service(sandbox, lambda: is_answering(ports.sandbox), APPLICATIONS),
        Service(api, _answers(f"{api_url}/health/ready"), APPLICATIONS),
        Service(worker, has_worked, APPLICATIONS),
        Service(scheduler, has_worked, APPLICATIONS),
    ]
    if "SMTP_BOUNCE_DOMAIN" in environment:
        bounces = program("bounces", "api.providers.smtp.lmtp", "--port", str(ports.bounces))
        services.append(Service(bounces, lambda: is_answering(ports.bounces), APPLICATIONS))
    return services


def _answers(url: str, text: str = "", token: str | None = None) -> Callable[[], bool]:
    """Whether a GET succeeds and its answer holds `text`."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})  # noqa: S310

    def ask() -> bool:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - an address of ours
                return text.encode() in answer.read()
        except OSError:
            return False

    return ask
