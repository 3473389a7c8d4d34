"""`kill -9` of the API's processes between the commit of a message and its publishing.

Redis keeps writes for later while `CLIENT PAUSE … WRITE` holds: a process has then committed its row, and waits for the
broker. Redis would still do what a dead client asked for, so it is made to forget these clients too.
"""

import time

import psutil

from tests.faults.accounts import settle
from tests.faults.load import CONCURRENCY, Load
from tests.faults.system import System, wait_for

MESSAGES = 2000
ROUNDS = 4
STUCK_SECONDS = 0.3
_SENT_EARLY = """
    SELECT count(*) FROM notifications WHERE id = ANY(%s::uuid[])
        AND claimed_at < created_at + make_interval(secs => %s)
"""


def test_committed_but_not_published(system: System, since: str) -> None:
    orphans = 0
    with Load(system, MESSAGES) as load:
        for number in range(1, ROUNDS + 1):
            load.wait_for_accepted(number * 350)
            orphans = kill_before_publishing(system, since, load, orphans)
        ids = load.finish()
    account = settle(system, since, ids)
    assert account.statuses == {"delivered": len(account.ids)}
    unanswered = list(account.ids - set(ids))
    assert ROUNDS <= orphans <= len(unanswered) <= ROUNDS * CONCURRENCY, load.failures
    after = int(system.environment["REPUBLISH_AFTER_SECONDS"])
    assert system.query(_SENT_EARLY, unanswered, after) == [(0,)], "some were published"
    assert system.is_running("api")


def kill_before_publishing(system: System, since: str, load: Load, orphans: int) -> int:
    """How many rows there are now whose requests were not answered; `orphans` is how many there were."""
    broker, victims = system.broker(), system.children("api")
    broker.execute_command("CLIENT PAUSE 20000 WRITE")
    try:
        wait_for(lambda: _is_stuck(system, since, load, orphans), 10, "a row whose request has no answer")
        addresses = [address for pid in victims for address in _addresses_at_redis(system, pid)]
        system.kill_processes(*victims)
        for address in addresses:
            broker.client_kill_filter(addr=address)
        return _count_unanswered(system, since, load)
    finally:
        broker.execute_command("CLIENT UNPAUSE")
        broker.close()


def _is_stuck(system: System, since: str, load: Load, orphans: int) -> bool:
    """For longer than any answer is on its way."""
    before = _count_unanswered(system, since, load)
    if before <= orphans:
        return False
    time.sleep(STUCK_SECONDS)
    return _count_unanswered(system, since, load) >= before


def _count_unanswered(system: System, since: str, load: Load) -> int:
    rows = system.query("SELECT count(*) FROM notifications WHERE id >= %s", since)[0][0]
    return int(rows) - len(load.accepted)


def _addresses_at_redis(system: System, pid: int) -> list[str]:
    return [
        f"{connection.laddr.ip}:{connection.laddr.port}"
        for connection in psutil.Process(pid).net_connections("tcp")
        if connection.raddr and connection.raddr.port == system.ports.redis
    ]
