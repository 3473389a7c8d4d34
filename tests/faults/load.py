"""Sending messages through the API while parts of the system die, and noting what was promised."""

import http.client
import json
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

import jwt

from tests.faults.system import System, wait_for

CONCURRENCY = 6
RECIPIENT = "+447700900123"  # of nobody (contract: numbers of fiction)
_PAUSE_AFTER_FAILURE = 0.05


class Load:
    """Sends until `wanted` messages are accepted. A request that fails is not made again: its message may exist."""

    def __init__(
        self,
        system: System,
        wanted: int,
        *,
        recipient: str = RECIPIENT,
        scheduled_in_seconds: float | None = None,
    ) -> None:
        self._system = system
        self._body: dict[str, Any] = {
            "phone_number": recipient,
            "template_id": system.demo["templates"]["sms"],
            "personalisation": {"nom": "Amina"},
        }
        if scheduled_in_seconds is not None:
            moment = datetime.now(UTC) + timedelta(seconds=scheduled_in_seconds)
            self._body["scheduled_for"] = moment.isoformat()
        self._wanted = wanted
        self._lock = threading.Lock()
        self._started = 0
        self._is_over = threading.Event()
        self.accepted: list[str] = []
        self.failures: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._send) for _ in range(CONCURRENCY)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def wait_for_accepted(self, count: int, seconds: float = 240) -> None:
        wait_for(lambda: len(self.accepted) >= count, seconds, f"{count} accepted ({self.failures})")

    def finish(self, seconds: float = 240) -> list[str]:
        """The identifiers of all that was accepted."""
        self.wait_for_accepted(self._wanted, seconds)
        self.__exit__()
        return self.accepted

    def _send(self) -> None:
        while not self._is_over.is_set() and self._take_one():
            answer = self._post()
            with self._lock:
                if answer is not None:
                    self.accepted.append(answer["id"])
                else:
                    self._started -= 1
            if answer is None:
                time.sleep(_PAUSE_AFTER_FAILURE)

    def _take_one(self) -> bool:
        """Waits while those under way may suffice."""
        while not self._is_over.is_set():
            with self._lock:
                if self._started < self._wanted:
                    self._started += 1
                    return True
                if len(self.accepted) >= self._wanted:
                    return False
            time.sleep(0.01)
        return False

    def _post(self) -> dict[str, Any] | None:
        """None when it was not accepted, as far as one can know."""
        try:
            status, content = post(self._system, "/v2/notifications/sms", self._body)
        except (OSError, http.client.HTTPException) as error:
            self.failures[type(error).__name__] += 1
            return None
        if status != 201:
            self.failures[str(status)] += 1
            return None
        found: dict[str, Any] = json.loads(content)
        return found


def post(system: System, path: str, body: Any) -> tuple[int, bytes]:
    """As the demo service, with its live key."""
    key = system.demo["keys"]["live"]
    token = jwt.encode({"iss": key[-73:-37], "iat": int(time.time())}, key[-36:], algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(urlsplit(system.demo["api_url"]).netloc, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def begin_job(system: System, rows: int) -> str:
    """One request for so many messages, each with another text; the job's identifier."""
    people = [[RECIPIENT, f"Person {number}"] for number in range(rows)]
    body = {
        "template_id": system.demo["templates"]["sms"],
        "name": "A list",
        "rows": [["phone number", "nom"], *people],
    }
    status, content = post(system, "/v2/notifications/bulk", body)
    assert status == 201, content
    return str(json.loads(content)["data"]["id"])


def job_ids(system: System, job: str) -> list[str]:
    return [row[0] for row in system.query("SELECT id::text FROM notifications WHERE job_id = %s", job)]


def send_job(system: System, rows: int) -> list[str]:
    """The identifiers of its messages, once all are made."""
    job = begin_job(system, rows)
    wait_for(lambda: len(job_ids(system, job)) == rows, 240, f"{rows} messages of a job", pause=0.5)
    return job_ids(system, job)
