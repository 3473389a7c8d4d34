"""A provider that loses answers, refuses for a while, or goes away."""

import time

from api.providers.sandbox.behaviour import Fault
from tests.faults.accounts import settle, take_account
from tests.faults.load import Load
from tests.faults.system import System, wait_for

MESSAGES = 2000
FAULT_SECONDS = 1.5


def test_lost_answers(system: System, since: str) -> None:
    """The provider has the message and we do not know it: never sent again; the receipt tells."""
    system.behave(faults={Fault.LOST_ANSWER: 0.05}, receipt_delay_ms=50)
    with Load(system, MESSAGES) as load:
        ids = load.finish()
    account = settle(system, since, ids)
    assert account.statuses == {"delivered": MESSAGES}
    assert account.times_taken == {1: MESSAGES}


def test_lost_answers_without_receipts(system: System, since: str) -> None:
    """Until there is one, the provider that keeps account of messages is asked."""
    system.behave(faults={Fault.LOST_ANSWER: 0.05}, receipts="off")
    with Load(system, 500) as load:
        ids = load.finish()
    unanswered = (
        "SELECT 1 FROM notifications WHERE id >= %s AND (outcome_unknown OR reference IS NULL) LIMIT 1"
    )
    wait_for(lambda: not system.query(unanswered, since), 240, "answers for all messages", pause=0.2)
    account = take_account(system, since, ids)
    assert account.statuses == {"sending": 500}
    assert account.events["outcome-unknown"] > 5
    assert account.times_taken == {1: 500}


def test_refuses_for_a_while(system: System, since: str) -> None:
    """After 429 and 503 the message was not taken; after 500 one has to ask before it is sent again."""
    with Load(system, MESSAGES) as load:
        load.wait_for_accepted(500)
        system.behave(faults={Fault.SERVER_ERROR: 1}, receipt_delay_ms=50)
        time.sleep(FAULT_SECONDS)
        system.behave(faults={Fault.TOO_MANY_REQUESTS: 0.5, Fault.UNAVAILABLE: 0.5}, receipt_delay_ms=50)
        time.sleep(FAULT_SECONDS)
        system.behave(receipt_delay_ms=50)
        ids = load.finish()
    account = settle(system, since, ids)
    assert account.statuses == {"delivered": MESSAGES}
    assert account.times_taken == {1: MESSAGES}
    assert account.events["outcome-unknown"] > 0


def test_is_away(system: System, since: str) -> None:
    """Nothing can be handed over; what it had before it still has, and the receipts that it owes come later."""
    system.behave(receipts="off")
    with Load(system, 500) as load:
        load.wait_for_accepted(200)
        system.restart("sandbox", away_seconds=2)
        ids = load.finish()
    account = settle(system, since, ids)
    assert account.statuses == {"delivered": 500}
