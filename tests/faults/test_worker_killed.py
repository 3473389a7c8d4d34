"""`kill -9` of what delivers, while its requests to the provider are under way."""

from tests.faults.accounts import settle
from tests.faults.load import Load
from tests.faults.system import System, wait_for

MESSAGES = 2000
LATE_RECEIPT_MS = 8000  # after the sweep has asked the provider for the answers that nobody wrote down
IN_FLIGHT = "SELECT count(*) FROM notifications WHERE status = 'sending' AND sent_at IS NULL"


def test_worker_processes_and_service(system: System, since: str) -> None:
    system.behave(latency_ms=50, receipt_delay_ms=LATE_RECEIPT_MS)
    with Load(system, MESSAGES) as load:
        for accepted in (300, 700):
            load.wait_for_accepted(accepted)
            kill_a_process(system)
        load.wait_for_accepted(1200)
        wait_for_deliveries(system, 4)
        system.restart("worker")
        load.wait_for_accepted(1600)
        kill_a_process(system)
        ids = load.finish()
    account = settle(system, since, ids)
    assert account.statuses == {"delivered": MESSAGES}
    assert account.events["outcome-unknown"] > 0, "no delivery was under way"
    wait_for(lambda: len(system.children("worker")) == 2, 120, "two processes again")
    assert system.is_running("worker")


def kill_a_process(system: System) -> None:
    victim = min(system.children("worker"))
    wait_for_deliveries(system, 4)
    system.kill_processes(victim)
    wait_for(lambda: victim not in system.children("worker"), 5, "its end")


def wait_for_deliveries(system: System, count: int) -> None:
    """So many at once are with the provider, and we have no answer."""
    wait_for(lambda: system.query(IN_FLIGHT)[0][0] >= count, 10, f"{count} deliveries under way", pause=0.001)
