"""Providers are asked for what they have not told, ever more rarely, and forget what has ended."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text

from api.contract import Channel, Status
from api.core.delivery.claims import record_accepted
from api.core.delivery.deliver import Dispatcher
from api.core.delivery.polling import forget_ended, poll_opt_outs, poll_receipts
from api.core.delivery.sweeps import republish_due_notifications, resolve_unknown_outcomes
from api.core.inbound.models import InboundNumber, InboundSms
from api.core.inbound.polling import poll_received_texts
from api.core.suppressions.models import Suppression
from api.providers.protocol import Accepted, AwaitedReceipt, OptOut, Receipt, ReceivedText
from api.runtime import Runtime
from tests.api.core.delivery.scripted import Scripted, events_of, make_dispatcher, reload
from tests.factories import make_notification, make_notifications, make_service, make_template

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Asked(Scripted):
    """Knows what became of the messages whose references are in `known`."""

    poll_after_seconds = 600.0

    def __init__(self, **known: Status) -> None:
        super().__init__(Accepted("r"))
        self.known = known
        self.awaited: list[AwaitedReceipt] = []
        self.batches = 0

    def poll_receipts(self, awaited: Sequence[AwaitedReceipt]) -> list[Receipt]:
        self.awaited += awaited
        self.batches += 1
        return [
            Receipt(self.known[message.reference], "polled", notification_id=message.notification_id)
            for message in awaited
            if message.reference in self.known
        ]


class Broken(Asked):
    def poll_receipts(self, awaited: Sequence[AwaitedReceipt]) -> list[Receipt]:
        super().poll_receipts(awaited)
        raise RuntimeError("a fault of the client")


@pytest.fixture(autouse=True)
def only_these_messages(runtime: Runtime) -> None:
    with runtime.database.autocommit() as connection:
        connection.execute(text("TRUNCATE notifications, notification_events, callback_deliveries"))


@pytest.fixture
def template(runtime: Runtime):
    return make_template(runtime, make_service(runtime))


def now() -> datetime:
    return datetime.now(UTC)


def make_sent(runtime: Runtime, template, age: timedelta = 11 * MINUTE, **values: Any):
    moment = now() - age
    return make_notification(
        runtime,
        template,
        **{
            "status": Status.SENDING,
            "sent_by": "alpha",
            "reference": "ref-1",
            "claimed_at": moment,
            "sent_at": moment,
        }
        | values,
    )


def test_what_the_provider_knows_is_applied_like_a_receipt(runtime, template):
    message = make_sent(runtime, template)
    provider = Asked(**{"ref-1": Status.DELIVERED})
    assert poll_receipts(make_dispatcher(runtime, alpha=provider)) == 1
    assert provider.awaited == [AwaitedReceipt(message.id, "ref-1", message.sent_at)]
    found = reload(runtime, message.id)
    assert (found.status, found.due_at) == ("delivered", None)
    assert events_of(runtime, message.id) == [("receipt", "alpha", "delivered polled")]
    assert poll_receipts(make_dispatcher(runtime, alpha=provider)) == 0
    assert provider.batches == 1, "nothing is awaited any more"


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ({}, True),
        ({"status": Status.PENDING}, True),
        ({"age": 9 * MINUTE}, False),
        ({"status": Status.DELIVERED}, False),
        ({"status": Status.SENT}, False),
        ({"status": Status.CREATED}, False),
        ({"sent_by": "other"}, False),
        ({"reference": None}, False),
        ({"due_at": datetime.now(UTC) + HOUR}, False),
        ({"due_at": datetime.now(UTC) - HOUR}, True),
    ],
)
def test_only_receipts_that_are_late_are_asked_for(runtime, template, values, asked):
    make_sent(runtime, template, **values)
    provider = Asked()
    poll_receipts(make_dispatcher(runtime, alpha=provider))
    assert bool(provider.awaited) is asked


def test_channels_are_not_mixed_up(runtime, template):
    make_sent(runtime, template)
    provider = Asked()
    poll_receipts(make_dispatcher(runtime, Channel.EMAIL, alpha=provider))
    assert provider.awaited == []


@pytest.mark.parametrize(
    ("age", "pause"), [(11 * MINUTE, 11 * MINUTE), (5 * HOUR, 5 * HOUR), (40 * HOUR, 6 * HOUR)]
)
def test_provider_that_knows_nothing_is_asked_ever_more_rarely(runtime, template, age, pause):
    message = make_sent(runtime, template, age)
    provider = Asked()
    dispatcher = make_dispatcher(runtime, alpha=provider)
    poll_receipts(dispatcher)
    poll_receipts(dispatcher)
    assert len(provider.awaited) == 1
    assert abs(reload(runtime, message.id).due_at - now() - pause) < timedelta(seconds=30)


def test_message_that_waits_for_its_receipt_is_left_alone_by_the_other_sweeps(runtime, template):
    message = make_sent(runtime, template)
    dispatcher = make_dispatcher(runtime, alpha=Asked())
    poll_receipts(dispatcher)
    with runtime.database.autocommit() as connection:
        connection.execute(text("UPDATE notifications SET due_at = now() - interval '1 hour'"))
    assert republish_due_notifications(runtime) == 0
    assert resolve_unknown_outcomes(dispatcher) == 0
    assert reload(runtime, message.id).status == "sending"


def test_message_is_asked_for_anew_when_it_was_handed_over_again(runtime, template):
    message = make_sent(runtime, template, due_at=now() + 6 * HOUR)
    record_accepted(runtime, message.id, "alpha", "ref-2", 1, Status.SENDING)
    provider = Asked(**{"ref-2": Status.DELIVERED})
    assert poll_receipts(make_dispatcher(runtime, alpha=provider)) == 1


def make_many_sent(runtime: Runtime, template, count: int) -> dict[str, Status]:
    """Their references, delivered."""
    ids = make_notifications(
        runtime, template, count, status=Status.SENDING, sent_by="alpha", sent_at=now() - HOUR
    )
    with runtime.database.autocommit() as connection:
        connection.execute(text("UPDATE notifications SET reference = id::text"))
    return {str(identifier): Status.DELIVERED for identifier in ids}


def count_delivered(runtime: Runtime) -> int:
    with runtime.database.autocommit() as connection:
        return connection.scalar(text("SELECT count(*) FROM notifications WHERE status = 'delivered'"))


def test_batches_follow_each_other_while_they_bring_something(runtime, template):
    provider = Asked(**make_many_sent(runtime, template, 120))
    poll_receipts(make_dispatcher(runtime, alpha=provider))
    assert (provider.batches, count_delivered(runtime)) == (3, 120)


@pytest.mark.parametrize("provider", [Asked(), Broken()], ids=["silent", "broken"])
def test_provider_without_news_is_not_asked_on_and_on(runtime, template, provider):
    make_many_sent(runtime, template, 120)
    other = Asked()
    poll_receipts(make_dispatcher(runtime, alpha=provider, beta=other))
    assert provider.batches == 1


def test_polls_that_run_at_once_ask_for_each_message_once(runtime, template):
    provider = Asked(**make_many_sent(runtime, template, 200))
    dispatcher = make_dispatcher(runtime, alpha=provider)
    polls = [threading.Thread(target=poll_receipts, args=[dispatcher]) for _ in range(3)]
    for poll in polls:
        poll.start()
    for poll in polls:
        poll.join()
    poll_receipts(dispatcher)
    assert sorted(message.reference for message in provider.awaited) == sorted(provider.known)
    assert count_delivered(runtime) == 200


class Keeping(Scripted):
    def __init__(self, *kept: str) -> None:
        super().__init__(Accepted("r"))
        self.kept = list(kept)

    def list_kept(self) -> list[str]:
        return list(self.kept)

    def forget(self, references: Sequence[str]) -> None:
        self.kept = [reference for reference in self.kept if reference not in references]


@pytest.mark.parametrize(
    ("values", "is_forgotten"),
    [
        ({"status": Status.DELIVERED}, True),
        ({"status": Status.TECHNICAL_FAILURE}, True),
        ({"status": Status.SENDING}, False),
        ({"status": Status.PENDING}, False),
        ({"status": Status.SENT}, False),
        ({"status": Status.SENT, "age": 74 * HOUR}, True),
        ({"status": Status.DELIVERED, "sent_by": "other"}, False),
        ({"status": Status.DELIVERED, "reference": "ref-9"}, False),
    ],
)
def test_provider_forgets_what_has_ended_and_nothing_else(runtime, template, values, is_forgotten):
    make_sent(runtime, template, **values)
    provider = Keeping("ref-1", "of another application")
    assert forget_ended(make_dispatcher(runtime, alpha=provider)) == int(is_forgotten)
    assert provider.kept == [*([] if is_forgotten else ["ref-1"]), "of another application"]


class Stopping(Scripted):
    def poll_opt_outs(self) -> list[OptOut]:
        return [OptOut("33612340077")]


def test_people_who_answered_stop_are_suppressed(runtime):
    assert poll_opt_outs(make_dispatcher(runtime, alpha=Stopping(Accepted("r")))) == 1
    query = select(Suppression.reason, Suppression.provider).where(Suppression.recipient == "33612340077")
    with runtime.database.autocommit() as connection:
        assert connection.execute(query).all() == [("opt-out", "alpha")]
        connection.execute(text("DELETE FROM suppressions"))


class Inbox(Scripted):
    """Gives a text until it is told to forget it; `forgets` False: it never does."""

    def __init__(self, number: str, *, forgets: bool) -> None:
        super().__init__(Accepted("r"))
        self.texts = {"71": ReceivedText("33612340078", number, "Oui", "71")}
        self.forgets = forgets

    def poll_received_texts(self) -> list[ReceivedText]:
        return list(self.texts.values())

    def forget_received_text(self, reference: str) -> None:
        if not self.forgets:
            raise RuntimeError("a fault of the client")
        del self.texts[reference]


@pytest.mark.parametrize("forgets", [True, False])
def test_texts_are_stored_once_and_forgotten(runtime: Runtime, forgets: bool) -> None:
    service = make_service(runtime)
    number = f"337{service.id.int % 10**8:08}"
    with runtime.unit_of_work() as work:
        work.session.add(InboundNumber(number=number, provider="alpha", service_id=service.id))
    provider = Inbox(number, forgets=forgets)
    dispatcher: Dispatcher = make_dispatcher(runtime, alpha=provider)
    with runtime.database.autocommit() as connection:
        connection.execute(text("DELETE FROM inbound_sms WHERE provider = 'alpha'"))
    assert poll_received_texts(dispatcher) == 1
    assert poll_received_texts(dispatcher) == int(not forgets)
    query = select(InboundSms.user_number).where(InboundSms.service_id == service.id)
    with runtime.database.autocommit() as connection:
        assert connection.scalars(query).all() == ["33612340078"]


def test_providers_that_cannot_be_asked_cost_no_look_up(runtime):
    dispatcher = make_dispatcher(runtime, alpha=Scripted(Accepted("r")))
    checked_out = []
    pool = runtime.database.engine.pool
    event.listen(pool, "checkout", lambda *_: checked_out.append(1))
    for poll in (poll_receipts, forget_ended, poll_opt_outs, poll_received_texts):
        assert poll(dispatcher) == 0
    assert checked_out == []
