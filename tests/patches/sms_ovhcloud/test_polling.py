"""Asking OVHcloud: what became of messages, who wrote to us, who answered STOP; and having it forget."""

import uuid
from datetime import UTC, datetime

import pytest

from api.contract import Status
from api.providers.emulation import Conduct
from api.providers.protocol import Accepted, AwaitedReceipt, OptOut, Receipt, ReceivedText
from tests.patches.sms_ovhcloud.conftest import text_to
from tests.patches.sms_ovhcloud.test_receipts import CODES


def send(client, ending: str) -> AwaitedReceipt:
    answer = client.send(text_to(f"3361234{ending}"))
    assert isinstance(answer, Accepted)
    return AwaitedReceipt(uuid.uuid4(), answer.reference or "", datetime.now(UTC))


def requests_for(emulator, part: str) -> int:
    return sum(part in exchange.target for exchange in emulator.exchanges)


@pytest.mark.parametrize(("ptt", "status"), CODES.items())
def test_history_tells_what_became_of_a_message(client, ptt, status):
    awaited = send(client, f"9{ptt:03}")
    expected = Receipt(status, str(ptt), awaited.notification_id, awaited.reference)
    assert client.poll_receipts([awaited]) == ([] if status is Status.SENDING else [expected])


@pytest.mark.parametrize(
    ("ptt", "status"),
    [(97, Status.TECHNICAL_FAILURE), (98, Status.TEMPORARY_FAILURE), (99, Status.PERMANENT_FAILURE)],
)
def test_code_that_is_not_listed_is_looked_up_once(client, emulator, ptt, status):
    awaited = [send(client, f"9{ptt:03}") for _ in range(3)]
    assert [receipt.status for receipt in client.poll_receipts(awaited)] == [status] * 3
    assert requests_for(emulator, "/sms/ptts") == 1


def test_code_that_nobody_knows_is_a_fault_of_the_provider(client, emulator):
    emulator.conduct = Conduct(receipts=False, receipt_delay_seconds=0, outcome="150")
    [receipt] = client.poll_receipts([send(client, "0000")])
    assert (receipt.status, receipt.code) == (Status.TECHNICAL_FAILURE, "150")


def test_messages_of_which_nothing_is_known_are_left_out(client, emulator):
    emulator.conduct = Conduct(receipts=False, receipt_delay_seconds=60)
    waiting = send(client, "0000")
    emulator.conduct = Conduct(receipts=False, receipt_delay_seconds=0)
    gone = AwaitedReceipt(uuid.uuid4(), "1", datetime.now(UTC))
    ended = send(client, "0000")
    [receipt] = client.poll_receipts([waiting, gone, ended])
    assert receipt.notification_id == ended.notification_id


def test_provider_that_is_away_is_asked_once(make_client, emulator):
    away = make_client(endpoint="http://127.0.0.1:9/1.0")
    awaited = [send(make_client(), "0000") for _ in range(3)]
    assert away.poll_receipts(awaited) == []
    refused = make_client(consumer_key="wrong")
    before = requests_for(emulator, "/outgoing/")
    assert refused.poll_receipts(awaited) == []
    assert requests_for(emulator, "/outgoing/") == before + 1
    for client in (away, refused):
        assert client.list_kept() == []
        assert client.poll_opt_outs() == []
        assert client.get_credit() is None
        client.forget(["1", "2"])


def test_history_is_forgotten_as_told(client, emulator):
    awaited = [send(client, "0000") for _ in range(3)]
    references = [message.reference for message in awaited]
    assert client.list_kept() == references
    client.forget(references[:2])
    assert client.list_kept() == references[2:]
    client.forget(references[:2])  # by another scheduler


def test_history_stays_where_that_is_wanted(make_client, emulator):
    client = make_client(delete_history=False)
    send(client, "0000")
    assert client.list_kept() == []
    assert requests_for(emulator, "/outgoing") == 0


def test_replies_are_for_the_number_of_the_account(make_client, emulator):
    client = make_client(inbound_number="33700000001")
    identifier = emulator.account.receive("+33612340005", "Oui, à 10 h")
    [received] = client.poll_received_texts()
    assert received == ReceivedText(
        from_number="+33612340005",
        to_number="33700000001",
        content="Oui, à 10 h",
        reference=str(identifier),
        received_at=received.received_at,
    )
    assert abs((datetime.now(UTC) - received.received_at).total_seconds()) < 60
    assert client.poll_received_texts() == [received], "until it is stored"
    client.forget_received_text(received.reference)
    assert client.poll_received_texts() == []
    assert emulator.account.incoming == {}


def test_replies_stay_where_history_does_and_come_once(make_client, emulator):
    client = make_client(inbound_number="33700000001", delete_history=False)
    emulator.account.receive("+33612340005", "Oui")
    [received] = client.poll_received_texts()
    client.forget_received_text(received.reference)
    assert client.poll_received_texts() == []
    assert len(emulator.account.incoming) == 1


def test_replies_are_not_fetched_without_a_number(client, emulator):
    emulator.account.receive("+33612340005", "Oui")
    assert client.poll_received_texts() == []
    assert requests_for(emulator, "/incoming") == 0


def test_people_who_answer_stop_are_told_once(client, emulator):
    emulator.account.receive("+33612340005", "stop")
    emulator.account.receive("0033612340006", "STOP")
    emulator.account.receive("38063", "Stop ou encore")
    assert client.poll_opt_outs() == [OptOut("33612340005"), OptOut("33612340006")]
    assert client.poll_opt_outs() == []
    emulator.account.receive("+33612340007", "STOP")
    assert client.poll_opt_outs() == [OptOut("33612340007")]


def test_text_to_somebody_who_answered_stop_is_barred(client, emulator):
    emulator.account.receive("+33612340005", "STOP")
    [receipt] = client.poll_receipts([send(client, "0005")])
    assert (receipt.status, receipt.code) == (Status.PERMANENT_FAILURE, "23")
