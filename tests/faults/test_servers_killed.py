"""`kill -9` of Redis and of PostgreSQL under load."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from api.queue import QueueName
from tests.faults.accounts import settle
from tests.faults.load import Load
from tests.faults.system import System, wait_for

MESSAGES = 2000
AWAY_SECONDS = 1.5


def test_redis_comes_back_empty(system: System, since: str) -> None:
    """Messages are accepted all the time: limits fail open, and rows wait for the sweep."""
    system.behave(latency_ms=20, receipt_delay_ms=50)
    with Load(system, MESSAGES) as load:
        for accepted in (400, 1100):
            load.wait_for_accepted(accepted)
            with paused(system.children("worker")):
                wait_for(lambda: queued(system) >= 50, 20, "messages that only Redis knows of")
                system.kill("redis")
            before = len(load.accepted)
            time.sleep(AWAY_SECONDS)
            assert len(load.accepted) > before, "nothing was accepted without Redis"
            system.start("redis")
        ids = load.finish()
    assert not load.failures
    account = settle(system, since, ids)
    assert account.statuses == {"delivered": MESSAGES}


def test_postgresql(system: System, since: str) -> None:
    """Requests are refused meanwhile; what was accepted before is there afterwards, and nobody needs a restart."""
    system.behave(latency_ms=20, receipt_delay_ms=50)
    with Load(system, MESSAGES) as load:
        for accepted, number in ((500, signal.SIGKILL), (1300, signal.SIGQUIT)):
            load.wait_for_accepted(accepted)
            system.kill("postgres", number)
            time.sleep(AWAY_SECONDS)
            before = len(load.accepted)
            time.sleep(0.2)
            assert len(load.accepted) == before, "something was accepted without a database"
            system.start("postgres")
        ids = load.finish()
    assert load.failures["500"] > 0
    account = settle(system, since, ids)
    assert account.statuses == {"delivered": len(account.ids)}
    assert all(system.is_running(name) for name in ("api", "worker", "scheduler", "sandbox"))


@contextmanager
def paused(pids: set[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def queued(system: System) -> int:
    with closing(system.broker()) as broker:
        return int(broker.llen(QueueName.SEND_SMS))
