"""What Prometheus sees. With `PROMETHEUS_MULTIPROC_DIR` set, every process of a machine writes there and any of them
can answer for all; labels are closed sets, never an identifier of a person, message or service.
"""

import os

from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

_WEB_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 1, 5, 30)
_TASK_BUCKETS = (0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600)
_DELIVERY_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 600, 3600, 14_400)

HTTP_REQUESTS = Histogram(
    "http_request_duration_seconds",
    "Time to answer a request, by route.",
    ("method", "route", "status"),
    buckets=_WEB_BUCKETS,
)
ACCEPTED = Counter("notifications_accepted", "Messages accepted.", ("channel", "key_type"))
PUBLISH_POSTPONED = Counter(
    "notifications_publish_postponed", "Messages that the sweep will publish.", ("channel",)
)
PROVIDER_REQUESTS = Histogram(
    "provider_request_duration_seconds",
    "Time a provider took to answer, by outcome.",
    ("provider", "channel", "outcome"),
    buckets=_TASK_BUCKETS,
)
HANDED_OVER = Histogram(
    "notification_send_duration_seconds",
    "From acceptance to the provider's answer.",
    ("channel", "provider"),
    buckets=_DELIVERY_BUCKETS,
)
RECEIPTS = Counter(
    "provider_receipts", "Receipts of providers, by what they changed.", ("provider", "outcome")
)
COMPLAINTS = Counter(
    "provider_complaints",
    "Complaints that providers passed on, by what became of them.",
    ("provider", "outcome"),
)
BOUNCES = Counter("smtp_bounces_read", "Mail that came back, by what it is.", ("kind",))
SUPPRESSED = Counter(
    "notifications_suppressed", "Messages withheld from suppressed recipients.", ("channel", "reason")
)
HELD = Counter("notifications_held", "Texts put off until the end of quiet hours.")
COMPLETED = Histogram(
    "notification_completion_duration_seconds",
    "From acceptance to the final status.",
    ("channel", "status"),
    buckets=_DELIVERY_BUCKETS,
)
CALLBACKS = Counter("service_callbacks", "Tries to tell a service, by outcome.", ("callback_type", "outcome"))
SWEPT = Counter("notifications_swept", "Rows that a sweep had to look after.", ("sweep",))
TASKS = Histogram("task_duration_seconds", "Time a task took.", ("task", "status"), buckets=_TASK_BUCKETS)
INBOUND = Counter("inbound_sms", "Texts received.", ("provider", "outcome"))
PROVIDER_CREDIT = Gauge(
    "provider_credit",
    "What is left on a prepaid account, in the provider's own unit.",
    ("provider", "channel"),
    multiprocess_mode="mostrecent",
)


def render_metrics() -> bytes:
    """Prometheus text of all processes that share the folder, or of this one."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(PROCESS_REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
