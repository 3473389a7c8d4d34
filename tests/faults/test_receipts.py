"""Receipts at the worst moments (contract: provider callbacks): before the answer, twice, out of order, for nobody."""

import uuid
from typing import Any

import pytest

from tests.faults.accounts import settle
from tests.faults.load import Load, send_job
from tests.faults.system import System, wait_for

FEW = 200


@pytest.mark.parametrize(
    "moment",
    [{"receipts": "immediate"}, {"receipts": "auto", "receipt_delay_ms": 0}],
    ids=["before the answer", "with the answer"],
)
def test_within_a_millisecond_of_the_answer(system: System, since: str, moment: dict[str, Any]) -> None:
    """5,000 each way: 10,000 of 10,000."""
    system.behave(**moment)
    ids = send_job(system, 5000)
    account = settle(system, since, ids)
    assert account.statuses == {"delivered": 5000}
    assert account.events == {"receipt": 5000}


@pytest.mark.parametrize(
    ("behaviour", "posts", "changes"),
    [
        ({"receipts": "immediate", "receipt_copies": 3}, 3, 1),
        ({"receipts": "immediate", "pending": "before", "receipt_copies": 2}, 3, 2),
        ({"receipts": "immediate", "pending": "after", "unknown_ids": True}, 3, 1),
        ({"receipt_delay_ms": 0, "pending": "after", "receipt_copies": 2, "unknown_ids": True}, 4, 1),
        ({"receipt_delay_ms": 0, "by_reference": True, "unknown_ids": True}, 2, 1),
        ({"receipts": "immediate", "by_reference": True, "pending": "after", "receipt_copies": 2}, 3, None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_odd_receipts(
    system: System, since: str, behaviour: dict[str, Any], posts: int, changes: int | None
) -> None:
    """`posts` of each message are all taken, of which `changes` change something."""
    before = system.sandbox_statistics()
    system.behave(**behaviour)
    with Load(system, FEW) as load:
        ids = load.finish()
    account = settle(system, since, ids)
    assert account.statuses == {"delivered": FEW}
    if changes:
        assert account.events == {"receipt": FEW * changes}
    expected = before["receipts_posted"] + FEW * posts
    wait_for(lambda: system.sandbox_statistics()["receipts_posted"] >= expected, 10, "all posts taken")
    assert system.sandbox_statistics()["receipts_given_up"] == before["receipts_given_up"]


@pytest.mark.parametrize("final", ["delivered", "permanent-failure", "temporary-failure"])
def test_final_status_stays(system: System, since: str, final: str) -> None:
    system.behave(receipts="immediate", receipt_status=final)
    with Load(system, 1) as load:
        (identifier,) = load.finish()
    settle(system, since, [identifier])
    row = _read(system, identifier)
    assert row["status"] == final
    for status in ("pending", "delivered", "temporary-failure", "permanent-failure"):
        system.post_receipt(notification_id=identifier, status=status)
        system.post_receipt(reference=row["reference"], status=status)
    assert _read(system, identifier) == row


def test_nobody_and_not_yet_sent(system: System) -> None:
    """Answered with success, so that no provider tries again; a message that was never handed over stays."""
    with Load(system, 1, scheduled_in_seconds=3600) as load:
        (identifier,) = load.finish()
    row = _read(system, identifier)
    assert row["status"] == "created"
    system.post_receipt(notification_id=identifier, status="delivered")
    system.post_receipt(notification_id=str(uuid.uuid4()), status="delivered")
    system.post_receipt(reference=uuid.uuid4().hex, status="permanent-failure")
    assert _read(system, identifier) == row
    system.query("DELETE FROM notifications WHERE id = %s", identifier)


def _read(system: System, identifier: str) -> dict[str, Any]:
    return dict(
        system.query("SELECT to_jsonb(n) FROM notifications AS n WHERE id = %s", identifier)[0][0]  # type: ignore[call-overload]
    )
