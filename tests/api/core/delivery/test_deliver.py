"""One message handed over: what each answer of a provider makes of it."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text

from api.contract import CallbackType, Channel, KeyType, Status
from api.core.callbacks.commands import set_callback
from api.core.callbacks.models import CallbackDelivery
from api.core.delivery.deliver import SIMULATED_PROVIDER, deliver
from api.core.notifications.models import Notification
from api.core.services.models import Service
from api.core.templates.models import Template
from api.providers.protocol import Accepted, NotSent, Refused, Unknown
from api.runtime import Runtime, make_runtime
from notifications_utils.recipients.phone_rules import RegionPhoneRules
from tests.api.core.delivery.scripted import Scripted, Silent, events_of, make_dispatcher, reload
from tests.factories import make_notification, make_service, make_sms_sender, make_template

ACCEPTED = Accepted("ref-1")
NOT_SENT = NotSent("no connection")


@pytest.fixture
def service(runtime: Runtime) -> Service:
    service = make_service(runtime)
    set_callback(
        runtime, service.id, CallbackType.DELIVERY_STATUS, "https://exemple.fr/suivi", "jeton-secret"
    )
    return service


@pytest.fixture
def template(runtime: Runtime, service: Service) -> Template:
    return make_template(runtime, service, content="Bonjour ((nom))")


@pytest.fixture
def message(runtime: Runtime, template: Template) -> Notification:
    return make_notification(runtime, template, billable_units=0)


def callbacks_about(runtime: Runtime, notification: Notification) -> list[CallbackDelivery]:
    with runtime.database.session() as session:
        query = select(CallbackDelivery).where(CallbackDelivery.subject_id == notification.id)
        return list(session.scalars(query))


def test_accepted_message_is_sending_with_the_providers_reference(runtime, service, message):
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(runtime, alpha=provider), Channel.SMS, message.id)
    found = reload(runtime, message.id)
    assert (found.status, found.sent_by, found.reference) == ("sending", "alpha", "ref-1")
    assert (found.billable_units, found.attempts, found.outcome_unknown) == (1, 1, False)
    assert found.sent_at is not None
    assert callbacks_about(runtime, message) == []
    (given,) = provider.given
    assert (given.id, given.to, given.content) == (message.id, "33639980001", f"{service.name}: Bonjour Léa")
    assert given.sender == runtime.settings.default_sms_sender


def test_fragments_of_a_long_text_are_counted(runtime, service):
    template = make_template(runtime, service, content="((nom))")
    message = make_notification(runtime, template, personalisation={"nom": "x" * 400}, billable_units=0)
    deliver(make_dispatcher(runtime, alpha=Scripted(ACCEPTED)), Channel.SMS, message.id)
    assert reload(runtime, message.id).billable_units == 3


def test_sender_is_the_messages_own_else_the_services(runtime, service, template):
    make_sms_sender(runtime, service, "BELRIVE", is_default=True)
    provider = Scripted(ACCEPTED)
    dispatcher = make_dispatcher(runtime, alpha=provider)
    for own in ("URGENT", None):
        message = make_notification(runtime, template, reply_to_text=own)
        deliver(dispatcher, Channel.SMS, message.id)
    assert [given.sender for given in provider.given] == ["URGENT", "BELRIVE"]


def test_steady_state_costs_two_statements(runtime, template):
    caching = make_runtime(runtime.settings.model_copy(update={"cache_seconds": 60.0}))
    dispatcher = make_dispatcher(caching, alpha=Scripted(ACCEPTED))
    warm_up, message = (make_notification(runtime, template) for _ in range(2))
    deliver(dispatcher, Channel.SMS, warm_up.id)
    statements: list[str] = []

    def note(*found: Any) -> None:
        statements.append(found[2])

    event.listen(Engine, "before_cursor_execute", note)
    deliver(dispatcher, Channel.SMS, message.id)
    event.remove(Engine, "before_cursor_execute", note)
    caching.close()
    assert len(statements) == 2, statements


def test_second_delivery_of_a_task_sends_nothing(runtime, message):
    provider = Scripted(ACCEPTED)
    dispatcher = make_dispatcher(runtime, alpha=provider)
    for _ in range(2):
        deliver(dispatcher, Channel.SMS, message.id)
    assert len(provider.given) == 1


def test_of_workers_that_race_for_a_message_one_sends(runtime, message):
    start = threading.Barrier(6)
    provider = Scripted(ACCEPTED)
    dispatcher = make_dispatcher(runtime, alpha=provider)

    def race() -> None:
        start.wait()
        deliver(dispatcher, Channel.SMS, message.id)

    racers = [threading.Thread(target=race) for _ in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(provider.given) == 1
    assert reload(runtime, message.id).attempts == 1


def test_every_provider_is_asked_once_before_the_message_waits(runtime, message):
    alpha, beta = Scripted(NOT_SENT), Scripted(NOT_SENT)
    deliver(make_dispatcher(runtime, alpha=alpha, beta=beta), Channel.SMS, message.id)
    assert [len(alpha.given), len(beta.given)] == [1, 1]
    found = reload(runtime, message.id)
    assert (found.status, found.sent_by, found.attempts) == ("created", None, 1)


def test_not_sent_goes_to_another_provider_at_once(runtime, template):
    failing = Scripted(NOT_SENT)
    dispatcher = make_dispatcher(runtime, alpha=failing, beta=Scripted(Accepted("ref-2")))
    for _ in range(8):
        message = make_notification(runtime, template)
        deliver(dispatcher, Channel.SMS, message.id)
        found = reload(runtime, message.id)
        assert (found.status, found.sent_by, found.reference) == ("sending", "beta", "ref-2")
    assert len(failing.given) <= 3, "after three failures in a row it is left alone"


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 10), (1, 30), (4, 300)])
def test_message_that_nobody_takes_waits_longer_each_time(runtime, template, attempts, seconds):
    message = make_notification(runtime, template, attempts=attempts)
    deliver(make_dispatcher(runtime, alpha=Scripted(NOT_SENT)), Channel.SMS, message.id)
    found = reload(runtime, message.id)
    assert (found.status, found.attempts, found.sent_at) == ("created", attempts + 1, None)
    wait = found.due_at - datetime.now(UTC)
    assert timedelta(seconds=seconds - 5) < wait <= timedelta(seconds=seconds)


def test_provider_may_ask_for_a_longer_wait(runtime, message):
    provider = Scripted(NotSent("too fast", retry_after_seconds=120))
    deliver(make_dispatcher(runtime, alpha=provider), Channel.SMS, message.id)
    wait = reload(runtime, message.id).due_at - datetime.now(UTC)
    assert timedelta(seconds=115) < wait <= timedelta(seconds=120)


def test_after_the_last_try_it_fails_and_the_service_hears_of_it(runtime, template):
    message = make_notification(runtime, template, attempts=51)
    deliver(make_dispatcher(runtime, alpha=Scripted(NOT_SENT)), Channel.SMS, message.id)
    assert reload(runtime, message.id).status == Status.TECHNICAL_FAILURE
    assert events_of(runtime, message.id) == [("given-up", None, "alpha: no connection")]
    assert len(callbacks_about(runtime, message)) == 1


@pytest.mark.parametrize("status", [Status.TECHNICAL_FAILURE, Status.PERMANENT_FAILURE])
def test_refused_message_ends_and_the_service_hears_of_it(runtime, message, status):
    provider = Scripted(Refused("unknown number", status))
    deliver(make_dispatcher(runtime, alpha=provider), Channel.SMS, message.id)
    assert reload(runtime, message.id).status == status
    assert events_of(runtime, message.id) == [("refused", "alpha", "unknown number")]
    assert len(callbacks_about(runtime, message)) == 1


@pytest.mark.parametrize(
    "answer", [Unknown("no answer: ReadTimeoutError"), RuntimeError("a fault of the client")]
)
def test_unknown_outcome_is_never_sent_again(runtime, message, answer):
    alpha, beta = Scripted(answer), Scripted(answer)
    dispatcher = make_dispatcher(runtime, alpha=alpha, beta=beta)
    for _ in range(2):
        deliver(dispatcher, Channel.SMS, message.id)
    assert len(alpha.given) + len(beta.given) == 1
    found = reload(runtime, message.id)
    assert (found.status, found.outcome_unknown, found.sent_at) == ("sending", True, None)
    ((kind, provider, _),) = events_of(runtime, message.id)
    assert (kind, provider) == ("outcome-unknown", found.sent_by)


def test_receipt_that_came_before_the_answer_keeps_its_status(runtime, message):
    def receipt() -> None:
        with runtime.database.autocommit() as connection:
            connection.execute(
                text("UPDATE notifications SET status = 'delivered', updated_at = now() WHERE id = :id"),
                {"id": message.id},
            )

    deliver(make_dispatcher(runtime, alpha=Scripted(ACCEPTED, before=receipt)), Channel.SMS, message.id)
    found = reload(runtime, message.id)
    assert (found.status, found.reference, found.billable_units) == ("delivered", "ref-1", 1)


def test_worker_that_was_held_up_after_its_claim_does_not_send(runtime, message):
    runtime = replace(runtime, settings=runtime.settings.model_copy(update={"unknown_after_seconds": 0}))
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(runtime, alpha=provider), Channel.SMS, message.id)
    assert provider.given == []
    assert reload(runtime, message.id).status == "created"


def test_inactive_service_sends_nothing(runtime, service, message):
    with runtime.unit_of_work() as work:
        work.session.get_one(Service, service.id).active = False
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(runtime, alpha=provider), Channel.SMS, message.id)
    assert provider.given == []
    assert reload(runtime, message.id).status == Status.TECHNICAL_FAILURE
    assert events_of(runtime, message.id) == [("undeliverable", None, "the service is not active")]


def test_message_that_cannot_be_made_now_waits(runtime, message):
    with runtime.database.autocommit() as connection:
        connection.execute(
            text("UPDATE notifications SET personalisation = '\\x00' WHERE id = :id"), {"id": message.id}
        )
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(runtime, alpha=provider), Channel.SMS, message.id)
    assert provider.given == []
    assert reload(runtime, message.id).status == "created"


@pytest.mark.parametrize(
    ("channel", "recipient", "status"),
    [
        (Channel.SMS, "447700900003", Status.TEMPORARY_FAILURE),
        (Channel.SMS, "447700900002", Status.PERMANENT_FAILURE),
        (Channel.SMS, "33639980001", Status.DELIVERED),
        (Channel.EMAIL, "perm-fail@simulator.notify", Status.PERMANENT_FAILURE),
        (Channel.EMAIL, "lea@exemple.fr", Status.DELIVERED),
    ],
)
def test_nothing_leaves_for_a_test_key(runtime, service, channel, recipient, status):
    message = make_notification(
        runtime,
        make_template(runtime, service, channel),
        key_type=KeyType.TEST,
        to=recipient,
        normalised_to=recipient,
    )
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(runtime, channel, alpha=provider), channel, message.id)
    assert provider.given == []
    found = reload(runtime, message.id)
    assert (found.status, found.sent_by) == (status, SIMULATED_PROVIDER)
    assert found.sent_at is not None
    assert len(callbacks_about(runtime, message)) == 1


class NoReceipts:
    def multiplier_of(self, country_code: str) -> int | None:
        return 3

    def gives_receipts(self, country_code: str) -> bool:
        return country_code != "509"


@pytest.mark.parametrize("key_type", [KeyType.NORMAL, KeyType.TEST])
@pytest.mark.parametrize(
    ("international", "prefix", "status"),
    [(True, "509", "sent"), (True, "44", "sending"), (False, "33", "sending")],
)
def test_text_to_a_country_without_receipts_ends_as_sent(
    runtime, template, international, prefix, status, key_type
):
    runtime = replace(runtime, slots=replace(runtime.slots, rates=NoReceipts()))
    message = make_notification(
        runtime, template, international=international, phone_prefix=prefix, key_type=key_type
    )
    deliver(make_dispatcher(runtime, alpha=Scripted(ACCEPTED)), Channel.SMS, message.id)
    if key_type == KeyType.TEST and status == "sending":
        status = "delivered"
    assert reload(runtime, message.id).status == status


def test_international_text_goes_to_a_provider_that_carries_it(runtime, template):
    home, world = Scripted(ACCEPTED), Scripted(ACCEPTED)
    dispatcher = make_dispatcher(runtime, home=home, world=world)
    with runtime.database.autocommit() as connection:
        connection.execute(
            text(
                "INSERT INTO provider_details (id, identifier, notification_type, display_name, priority, active, "
                "supports_international, version) "
                "VALUES (gen_random_uuid(), 'home', 'sms', 'Home', 100, true, false, 1)"
            )
        )
    for _ in range(10):
        message = make_notification(runtime, template, international=True, phone_prefix="44")
        deliver(dispatcher, Channel.SMS, message.id)
        assert reload(runtime, message.id).sent_by == "world"
    assert home.given == []


def test_email_given_to_a_provider_that_tells_nothing_is_delivered(runtime, service):
    template = make_template(
        runtime, service, Channel.EMAIL, content="Bonjour ((nom))", subject="Objet ((nom))"
    )
    for provider, status, callbacks in (
        (Silent(ACCEPTED), "delivered", 1),
        (Scripted(ACCEPTED), "sending", 0),
    ):
        message = make_notification(runtime, template)
        deliver(make_dispatcher(runtime, Channel.EMAIL, alpha=provider), Channel.EMAIL, message.id)
        assert reload(runtime, message.id).status == status
        assert len(callbacks_about(runtime, message)) == callbacks
        (given,) = provider.given
        assert (given.to, given.subject, given.text) == ("lea@exemple.fr", "Objet Léa", "Bonjour Léa\n")
        assert (given.from_name, given.from_address) == (service.name, "mairie@notifications.localhost")
        assert given.unsubscribe_url is None


@pytest.mark.parametrize(
    ("has_link", "own", "header", "in_body"),
    [
        (False, None, None, False),
        (False, "https://exemple.fr/d", "https://exemple.fr/d", False),
        (True, "https://exemple.fr/d", "https://exemple.fr/d", True),
        (True, None, "https://api.exemple.fr/unsubscribe/", True),
    ],
)
def test_link_to_unsubscribe(runtime, service, has_link, own, header, in_body):
    template = make_template(runtime, service, Channel.EMAIL, has_unsubscribe_link=has_link)
    message = make_notification(runtime, template, unsubscribe_link=own)
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(runtime, Channel.EMAIL, alpha=provider), Channel.EMAIL, message.id)
    (given,) = provider.given
    assert (given.unsubscribe_url is None) == (header is None)
    assert (given.unsubscribe_url or "").startswith(header or "")
    assert ("/d" in given.text or "/unsubscribe/" in given.text) == in_body
    if has_link and own is None:
        assert f"{runtime.settings.admin_base_url}/unsubscribe/{message.id}/" in given.html


def test_address_with_accents_in_its_domain_is_written_in_ascii(runtime, service):
    template = make_template(runtime, service, Channel.EMAIL)
    message = make_notification(runtime, template, to="a@mairie-évry.fr", normalised_to="a@mairie-évry.fr")
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(runtime, Channel.EMAIL, alpha=provider), Channel.EMAIL, message.id)
    assert provider.given[0].to == "a@xn--mairie-vry-h7a.fr"


class Shown(Scripted):
    """A provider that only shows what it is given."""

    reaches_nobody = True


def with_fiction(runtime: Runtime) -> Runtime:
    rules = RegionPhoneRules("FR", fictional=r"3363998\d{4}")
    return replace(runtime, slots=replace(runtime.slots, phone_rules=rules))


def test_a_number_of_fiction_gets_nothing_and_costs_nothing(runtime, template, message):
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(with_fiction(runtime), alpha=provider), Channel.SMS, message.id)
    assert provider.given == []
    found = reload(runtime, message.id)
    assert (found.status, found.sent_by, found.billable_units) == ("delivered", SIMULATED_PROVIDER, 0)
    assert found.sent_at is not None
    assert len(callbacks_about(runtime, message)) == 1


def test_a_provider_that_only_shows_messages_is_given_those_to_numbers_of_fiction(runtime, message):
    provider = Shown(ACCEPTED)
    deliver(make_dispatcher(with_fiction(runtime), alpha=provider), Channel.SMS, message.id)
    assert [given.id for given in provider.given] == [message.id]
    assert reload(runtime, message.id).billable_units == 1


def test_beside_a_provider_that_sends_none_is_given_a_number_of_fiction(runtime, message):
    shown, sending = Shown(ACCEPTED), Scripted(ACCEPTED)
    deliver(make_dispatcher(with_fiction(runtime), alpha=shown, beta=sending), Channel.SMS, message.id)
    assert shown.given == sending.given == []


def test_an_email_is_never_fiction(runtime, service):
    template = make_template(runtime, service, Channel.EMAIL, "Bonjour ((nom))")
    message = make_notification(runtime, template)
    provider = Scripted(ACCEPTED)
    deliver(make_dispatcher(with_fiction(runtime), Channel.EMAIL, alpha=provider), Channel.EMAIL, message.id)
    assert len(provider.given) == 1
