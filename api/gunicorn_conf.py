"""How gunicorn serves the API. PORT, BIND_ADDRESS and WEB_CONCURRENCY come from the environment.

`sync` workers: threads share the interpreter's lock and answer fewer requests a second (docs/performance.md); a proxy
in front is expected to hold slow clients.
"""

import gc
import os
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

# Loopback unless told otherwise: a container or a platform sets 0.0.0.0.
bind = f"{os.environ.get('BIND_ADDRESS', '127.0.0.1')}:{os.environ.get('PORT', '6010')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "sync"

# The application is loaded once and its memory shared; it opens connections after the fork, on first use.
preload_app = True
# Bounds what a leak can do; the jitter keeps workers from restarting together.
max_requests = 50_000
max_requests_jitter = 5_000
timeout = 30
graceful_timeout = 20
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# The application writes its own log, without personal data; an access log would hold addresses of recipients.
accesslog = None
errorlog = "-"
loglevel = "error"  # warnings about malformed requests quote them, with addresses and tokens
# It would lie in the home folder of whoever starts this.
control_socket_disable = True


def when_ready(server: Any) -> None:  # noqa: ARG001 - gunicorn's signature
    """What was loaded before the fork stays out of garbage collection, which would copy its pages."""
    gc.collect()
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Gauges of a dead worker would be counted forever."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
