"""The first of several real providers dies under load, and comes back."""

import json
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.faults.accounts import now_id
from tests.faults.load import Load
from tests.faults.system import System, alone, running_system, wait_for
from tests.services import Run

PROVIDERS = ("ovhcloud", "brevo", "smsfactor")
PATCHES = ("sms_ovhcloud", "brevo", "sms_smsfactor")
MESSAGES = 900
# What is under way in the workers' threads when a provider dies may have reached it or not: it is not sent again.
MOST_UNDER_WAY = 100
MOVES_WITHIN_SECONDS = 10
RETURNS_WITHIN_SECONDS = 120
TAKEN = (200, 201)
# Delivered by each emulator: the ends of other numbers stand for faults.
RECIPIENT = "+447700900180"


@pytest.fixture
def system(service_run: Run, tmp_path) -> Iterator[System]:
    settings = {
        "PATCHES": ",".join(PATCHES),
        "SMS_PROVIDERS": ",".join(PROVIDERS),
        "EMAIL_PROVIDERS": "brevo",
    }
    with alone(service_run.folder), running_system(tmp_path, **settings) as system:
        yield system


def weight_of(system: System, provider: str) -> int:
    query = "SELECT priority FROM provider_details WHERE identifier = %s AND notification_type = 'sms'"
    return int(system.query(query, provider)[0][0])


def shares(system: System, since: str) -> Counter[str]:
    query = "SELECT sent_by, count(*) FROM notifications WHERE id >= %s AND sent_by IS NOT NULL GROUP BY 1"
    return Counter(dict(system.query(query, since)))


def handed_over_to(system: System, emulator: str) -> list[str]:
    """Ids of the messages that a provider took, each as often as it took it."""
    ids = []
    for exchange in system.exchanges(emulator):
        if not exchange["is_ours"] and exchange["method"] == "POST" and exchange["status"] in TAKEN:
            ids += _ids_in(exchange["body"])
    return ids


def _ids_in(body: str) -> list[str]:
    data = json.loads(body)
    if "tag" in data:
        return [data["tag"]]
    return [recipient["gsmsmsid"] for recipient in data["sms"]["recipients"]["gsm"]]


def test_first_provider_dies_under_load_and_comes_back(system: System) -> None:
    since = now_id()
    with Load(system, MESSAGES, recipient=RECIPIENT) as load:
        load.wait_for_accepted(150)
        wait_for(lambda: shares(system, since)["ovhcloud"] >= 20, 120, "messages by the first provider")
        began = time.monotonic()
        system.kill("emulator-sms_ovhcloud")
        wait_for(lambda: weight_of(system, "ovhcloud") <= 5, MOVES_WITHIN_SECONDS, "the share moves")
        moved_after = time.monotonic() - began
        ids = load.finish()

    open_ = (
        "SELECT count(*) FROM notifications WHERE id >= %s AND status IN ('created', 'pending', 'sending')"
    )
    wait_for(
        lambda: system.query(open_, since)[0][0] <= MOST_UNDER_WAY, 240, "an end of nearly all", pause=0.5
    )
    unknown_or_ended = f"{open_} AND NOT outcome_unknown AND sent_by <> 'ovhcloud'"
    wait_for(lambda: not system.query(unknown_or_ended, since)[0][0], 240, "an end of the others", pause=0.5)
    _check_account(system, since, ids)

    system.start("emulator-sms_ovhcloud")
    wait_for(
        lambda: weight_of(system, "ovhcloud") > 5, RETURNS_WITHIN_SECONDS, "the share returns", pause=0.5
    )
    again = now_id()
    with Load(system, 60, recipient=RECIPIENT) as load:
        load.finish()
    wait_for(lambda: shares(system, again)["ovhcloud"] > 0, 120, "messages by the first provider again")
    history = """
        SELECT history.reason FROM provider_details_history AS history
        JOIN provider_details USING (id) WHERE identifier = 'ovhcloud'
    """
    assert len({reason for (reason,) in system.query(history)}) >= 3, "each move says why"
    print(f"share moved {moved_after:.1f} s after the death")  # noqa: T201 - a figure of the test


def _check_account(system: System, since: str, accepted: list[str]) -> None:
    rows = system.query("SELECT id::text, status, sent_by FROM notifications WHERE id >= %s", since)
    assert set(accepted) <= {row[0] for row in rows}, "accepted messages are missing"
    statuses = Counter((row[1], row[2] == "ovhcloud") for row in rows)
    assert statuses["delivered", False] + statuses["delivered", True] >= len(accepted) - MOST_UNDER_WAY
    # What is not delivered was under way to the provider that died.
    assert set(statuses) <= {("delivered", False), ("delivered", True), ("sending", True), ("pending", True)}
    handed_over = Counter(handed_over_to(system, "brevo") + handed_over_to(system, "sms_smsfactor"))
    assert set(handed_over.values()) == {1}, "a message was handed over twice"
    assert not set(handed_over) & {row[0] for row in rows if row[2] == "ovhcloud"}, (
        "a message went to two providers"
    )
