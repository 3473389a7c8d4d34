"""Nothing is handed over for a suppressed recipient, and what that costs the others."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from api.config import load_settings
from api.contract import CallbackType, Channel, KeyType, Status
from api.core.callbacks.commands import set_callback
from api.core.callbacks.models import CallbackDelivery
from api.core.delivery.deliver import deliver
from api.core.notifications.models import Notification
from api.core.suppressions.commands import delete_expired_suppressions
from api.core.suppressions.models import Suppression
from api.core.suppressions.rules import SuppressionReason, expiry, is_enforced
from api.core.templates.models import Template
from api.db.ids import first_uuid7_of
from api.providers.protocol import Accepted
from api.runtime import Runtime, make_runtime
from tests.api.core.delivery.scripted import Scripted, events_of, make_dispatcher, reload
from tests.factories import make_notification, make_service, make_template


def make_suppression(runtime: Runtime, recipient: str, reason: str, **values: Any) -> None:
    channel = Channel.EMAIL if "@" in recipient else Channel.SMS
    with runtime.unit_of_work() as work:
        work.session.add(Suppression(channel=channel, recipient=recipient, reason=reason, **values))


def new_recipient(channel: Channel) -> str:
    return (
        f"{uuid.uuid4().hex}@exemple.fr" if channel == Channel.EMAIL else f"336{uuid.uuid4().int % 10**8:08}"
    )


def template_of(runtime: Runtime, channel: Channel) -> Template:
    service = make_service(runtime)
    set_callback(
        runtime, service.id, CallbackType.DELIVERY_STATUS, "https://exemple.fr/suivi", "jeton-secret"
    )
    return make_template(runtime, service, channel)


def send(runtime: Runtime, channel: Channel, recipient: str, **values: Any) -> tuple[Notification, Scripted]:
    provider = Scripted(Accepted("r"))
    message = make_notification(
        runtime,
        template_of(runtime, channel),
        to=recipient,
        normalised_to=recipient,
        billable_units=0,
        **values,
    )
    deliver(make_dispatcher(runtime, channel, alpha=provider), channel, message.id)
    return reload(runtime, message.id), provider


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
@pytest.mark.parametrize("reason", list(SuppressionReason))
def test_message_to_a_suppressed_recipient_ends_without_a_provider(
    runtime: Runtime, channel: Channel, reason: str
) -> None:
    recipient = new_recipient(channel)
    make_suppression(runtime, recipient, reason)
    message, provider = send(runtime, channel, recipient)
    assert provider.given == []
    assert (message.status, message.sent_by, message.sent_at) == (Status.PERMANENT_FAILURE, None, None)
    assert message.billable_units == 0
    assert events_of(runtime, message.id) == [("suppressed", None, reason)]
    with runtime.database.session() as session:
        query = select(CallbackDelivery.callback_type).where(CallbackDelivery.subject_id == message.id)
        assert session.scalars(query).all() == ["delivery_status"]


def test_suppression_holds_on_its_own_channel_only(runtime: Runtime) -> None:
    recipient = new_recipient(Channel.SMS)
    with runtime.unit_of_work() as work:
        work.session.add(Suppression(channel=Channel.EMAIL, recipient=recipient, reason="operator"))
    assert send(runtime, Channel.SMS, recipient)[0].status == Status.SENDING


def test_message_of_a_test_key_knows_no_suppression(runtime: Runtime) -> None:
    recipient = new_recipient(Channel.EMAIL)
    make_suppression(runtime, recipient, "complaint")
    assert send(runtime, Channel.EMAIL, recipient, key_type=KeyType.TEST)[0].status == Status.DELIVERED


def test_deployment_may_leave_opt_outs_to_its_provider(runtime: Runtime) -> None:
    settings = load_settings(**runtime.settings.model_dump() | {"honour_sms_opt_outs": False})
    lenient = make_runtime(settings)
    for reason, status in (("opt-out", Status.SENDING), ("operator", Status.PERMANENT_FAILURE)):
        recipient = new_recipient(Channel.SMS)
        make_suppression(runtime, recipient, reason)
        assert send(lenient, Channel.SMS, recipient)[0].status == status
    lenient.close()
    assert is_enforced(settings, Channel.EMAIL, "opt-out")


def test_ordinary_message_still_costs_two_statements(runtime: Runtime) -> None:
    """One to claim it, with the look-up; one for the provider's answer. Services and templates are at hand."""
    settings = load_settings(**runtime.settings.model_dump() | {"cache_seconds": 60})
    warm = make_runtime(settings)
    dispatcher = make_dispatcher(warm, Channel.EMAIL, alpha=Scripted(Accepted("r")))
    template = template_of(warm, Channel.EMAIL)
    first, second = (make_notification(warm, template) for _ in range(2))
    deliver(dispatcher, Channel.EMAIL, first.id)
    statements: list[str] = []
    engine = warm.database._autocommit
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    deliver(dispatcher, Channel.EMAIL, second.id)
    assert [statement.split()[0] for statement in statements] == ["UPDATE", "UPDATE"]
    warm.close()


@pytest.mark.parametrize(
    ("reason", "days", "expected"),
    [("hard-bounce", 180, 180), ("hard-bounce", 0, None), ("complaint", 180, None), ("operator", 180, None)],
)
def test_only_bounces_expire(reason: str, days: int, expected: int | None) -> None:
    now = datetime.now(UTC)
    found = expiry(load_settings(suppression_days=days), reason, now)
    assert found == (None if expected is None else now + timedelta(days=expected))


def test_expired_bounces_are_forgotten_and_the_rest_stays(runtime: Runtime) -> None:
    now = datetime.now(UTC)
    recipients = {}
    for reason, age in (("hard-bounce", 181), ("hard-bounce", 179), ("complaint", 400)):
        recipients[reason, age] = new_recipient(Channel.EMAIL)
        identifier = uuid.UUID(int=first_uuid7_of(now - timedelta(days=age)).int + uuid.uuid4().int % 2**60)
        make_suppression(runtime, recipients[reason, age], reason, id=identifier)
    assert delete_expired_suppressions(runtime, now) == 1
    with runtime.database.session() as session:
        query = select(Suppression.recipient).where(Suppression.recipient.in_(recipients.values()))
        assert set(session.scalars(query)) == set(recipients.values()) - {recipients["hard-bounce", 181]}
