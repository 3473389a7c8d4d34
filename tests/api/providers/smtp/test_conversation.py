"""E-mails through the emulated relay, whose bounces come back over LMTP and end in the database."""

import smtplib
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Any

import orjson
import pytest
from sqlalchemy import select, text

from api.config import load_settings
from api.contract import CallbackType, Channel, Status
from api.core.callbacks.commands import CALLBACK_PAYLOAD, set_callback
from api.core.callbacks.models import CallbackDelivery
from api.core.complaints.models import Complaint
from api.core.delivery.bounces import presume_delivered, read_bounce_mailbox, take_bounce
from api.core.delivery.deliver import Dispatcher, deliver
from api.core.notifications.models import Notification
from api.core.suppressions.models import Suppression
from api.core.templates.models import Template
from api.metrics import BOUNCES
from api.providers.smtp.client import SmtpEmail
from api.providers.smtp.emulator import SmtpEmulator, running
from api.providers.smtp.lmtp import serve
from api.providers.smtp.return_path import ReturnPath
from api.runtime import Runtime, make_runtime
from tests.api.core.delivery.scripted import events_of, make_dispatcher, reload
from tests.api.providers.smtp.imap_server import FOLDER, Mailbox, serving
from tests.api.providers.smtp.reports import postfix, recipient
from tests.api.providers.smtp.test_mailbox import url
from tests.factories import make_notification, make_service, make_template

DOMAIN = "retours.exemple.fr"


@pytest.fixture
def reading(runtime: Runtime) -> Iterator[Runtime]:
    """A runtime that reads bounces."""
    settings = load_settings(**runtime.settings.model_dump() | {"smtp_bounce_domain": DOMAIN})
    made = make_runtime(settings)
    yield made
    made.close()


@pytest.fixture
def return_path(reading: Runtime) -> ReturnPath:
    made = ReturnPath.from_settings(reading.settings)
    assert made is not None
    return made


@pytest.fixture
def template(reading: Runtime) -> Template:
    service = make_service(reading)
    for kind in (CallbackType.DELIVERY_STATUS, CallbackType.COMPLAINT):
        set_callback(reading, service.id, kind, "https://exemple.fr/suivi", "jeton-secret")
    return make_template(reading, service, Channel.EMAIL)


def listening(take: Callable[..., Any]) -> AbstractContextManager[tuple[str, int]]:
    return running(partial(serve, take))


@pytest.fixture
def relay(reading: Runtime, return_path: ReturnPath) -> Iterator[tuple[SmtpEmulator, int]]:
    with ExitStack() as stack:
        address = stack.enter_context(listening(partial(take_bounce, reading, return_path)))
        emulator = SmtpEmulator(address)
        yield emulator, stack.enter_context(running(emulator.start))[1]


def send(reading: Runtime, template: Template, port: int, local_part: str) -> Notification:
    """One e-mail, handed to the relay like all of them."""
    settings = load_settings(
        **reading.settings.model_dump()
        | {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    )
    address = f"{local_part}+{uuid.uuid4().hex[:8]}@exemple.fr"
    message = make_notification(
        reading, template, to=address, normalised_to=address, client_reference="dossier-7"
    )
    client = SmtpEmail.from_settings(settings)
    made = make_dispatcher(reading, Channel.EMAIL, smtp=client)  # type: ignore[arg-type]
    deliver(Dispatcher(reading, made.choice), Channel.EMAIL, message.id)
    client._drop()
    return message


def wait_for(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def suppression_of(runtime: Runtime, message: Notification) -> Suppression | None:
    with runtime.database.session() as session:
        return session.scalar(select(Suppression).where(Suppression.recipient == message.normalised_to))


def told(runtime: Runtime, message: Notification, kind: CallbackType) -> list[dict[str, Any]]:
    query = select(CallbackDelivery.payload).where(
        CallbackDelivery.subject_id == message.id, CallbackDelivery.callback_type == kind
    )
    with runtime.database.session() as session:
        return [
            orjson.loads(runtime.keyring.open(CALLBACK_PAYLOAD, sealed)) for sealed in session.scalars(query)
        ]


def read_count(kind: str) -> float:
    return BOUNCES.labels(kind)._value.get()


def test_address_that_bounces_ends_the_message_and_gets_nothing_more(reading, template, relay):
    emulator, port = relay
    message = send(reading, template, port, "bounce-5.1.1")
    wait_for(lambda: reload(reading, message.id).status == Status.PERMANENT_FAILURE)
    suppression = suppression_of(reading, message)
    assert (suppression.channel, suppression.reason) == ("email", "hard-bounce")
    assert (suppression.provider, suppression.notification_id, suppression.detail) == (
        "smtp",
        message.id,
        "5.1.1",
    )
    [callback] = told(reading, message, CallbackType.DELIVERY_STATUS)
    assert (callback["id"], callback["status"]) == (str(message.id), "permanent-failure")

    again = make_notification(
        reading, template, to=message.to, normalised_to=message.normalised_to, billable_units=0
    )
    made = make_dispatcher(
        reading,
        Channel.EMAIL,
        smtp=SmtpEmail("127.0.0.1", port, security="none", own_name="x", timeout_seconds=5),
    )
    deliver(Dispatcher(reading, made.choice), Channel.EMAIL, again.id)
    assert len(emulator.taken) == 1
    assert reload(reading, again.id).status == Status.PERMANENT_FAILURE


@pytest.mark.parametrize(
    ("local_part", "status"),
    [
        ("bounce-4.4.7", Status.TEMPORARY_FAILURE),
        ("bounce-5.7.1", Status.TECHNICAL_FAILURE),
        ("lea", Status.DELIVERED),
    ],
)
def test_what_the_relay_reports_is_the_message_s_status(reading, template, relay, local_part, status):
    message = send(reading, template, relay[1], local_part)
    wait_for(lambda: reload(reading, message.id).status == status)
    assert suppression_of(reading, message) is None


@pytest.mark.parametrize(
    ("local_part", "status"),
    [("busy", Status.CREATED), ("unknown", Status.PERMANENT_FAILURE), ("silent", Status.SENDING)],
)
def test_what_the_relay_answers_at_once(reading, template, relay, local_part, status):
    message = send(reading, template, relay[1], local_part)
    assert reload(reading, message.id).status == status


def test_relay_is_asked_for_reports_under_the_message_s_own_return_path(
    reading, template, relay, return_path
):
    emulator, port = relay
    message = send(reading, template, port, "silent")
    [envelope] = emulator.taken
    assert envelope.mail_from == return_path.address(message.id)
    token = return_path.token(message.id)
    assert f"Message-ID: <{token}@" in envelope.content.decode()
    assert set(envelope.mail_options) >= {"RET=HDRS", f"ENVID={token}".upper()}
    assert reload(reading, message.id).reference.startswith(token)


def test_report_that_something_is_late_changes_nothing(reading, template, relay):
    before = read_count("report")
    message = send(reading, template, relay[1], "delayed")
    wait_for(lambda: read_count("report") > before)
    assert reload(reading, message.id).status == Status.SENDING


def test_complaint_leaves_the_status_and_reaches_the_service(reading, template, relay):
    message = send(reading, template, relay[1], "complaint")
    [payload] = wait_for(lambda: told(reading, message, CallbackType.COMPLAINT))
    assert (payload["notification_id"], payload["reference"], payload["to"]) == (
        str(message.id),
        "dossier-7",
        message.to,
    )
    assert reload(reading, message.id).status == Status.SENDING
    assert suppression_of(reading, message).reason == "complaint"
    with reading.database.session() as session:
        stored = session.scalars(select(Complaint).where(Complaint.notification_id == message.id)).one()
    assert (stored.provider, stored.complaint_type, str(stored.id)) == (
        "smtp",
        "abuse",
        payload["complaint_id"],
    )


def test_mail_server_keeps_a_bounce_while_the_database_is_away(reading, template, return_path):
    failures = [RuntimeError("away"), RuntimeError("still away")]

    def take(content: bytes, recipients: Any) -> None:
        if failures:
            raise failures.pop()
        take_bounce(reading, return_path, content, recipients)

    with listening(take) as address:
        emulator = SmtpEmulator(address)
        with running(emulator.start) as (_, port):
            message = send(reading, template, port, "bounce-5.1.1")
            wait_for(lambda: reload(reading, message.id).status == Status.PERMANENT_FAILURE)
            wait_for(lambda: len(emulator.replies) == 3)
    assert emulator.replies == ["451", "451", "250"]


def test_each_recipient_of_one_transaction_gets_a_reply(reading, return_path):
    content = postfix(recipient("failed", "5.1.1"))
    with (
        listening(partial(take_bounce, reading, return_path)) as (host, port),
        smtplib.LMTP(host, port) as client,
    ):
        client.ehlo()
        client.docmd("MAIL", "FROM:<>")
        for name in ("a", "b"):
            client.docmd("RCPT", f"TO:<{name}@{DOMAIN}>")
        client.docmd("DATA")
        client.send(content + b"\r\n.\r\n")
        assert [client.getreply()[0] for _ in range(2)] == [250, 250]
        assert client.noop()[0] == 250


def test_nothing_personal_reaches_the_log(reading, template, relay, caplog):
    caplog.set_level("DEBUG")
    message = send(reading, template, relay[1], "bounce-5.1.1")
    wait_for(lambda: reload(reading, message.id).status == Status.PERMANENT_FAILURE)
    assert message.to not in "\n".join(record.getMessage() for record in caplog.records)


def test_mailbox_is_read_into_the_database_and_emptied(reading, template, return_path):
    message = make_notification(
        reading,
        template,
        status=Status.SENDING,
        sent_by="smtp",
        to="x@y.fr",
        normalised_to=f"{uuid.uuid4()}@y.fr",
    )
    mailbox = Mailbox()
    theirs = postfix(recipient("failed", "5.1.1")).replace(
        b"To: bounce+", f"To: {return_path.address(message.id)}, bounce+".encode(), 1
    )
    mailbox.add(theirs)
    mailbox.add(theirs)
    with serving(mailbox) as port:
        settings = reading.settings.model_copy(
            update={
                "smtp_bounce_imap_url": load_settings(
                    smtp_bounce_domain=DOMAIN, smtp_bounce_imap_url=url(port, folder=FOLDER)
                ).smtp_bounce_imap_url
            }
        )
        own = make_runtime(settings)
        assert read_bounce_mailbox(own) == 2
        own.close()
    assert mailbox.mails == {}
    assert reload(reading, message.id).status == Status.PERMANENT_FAILURE
    assert [kind for kind, _, _ in events_of(reading, message.id)] == ["receipt"]


def test_without_a_mailbox_nothing_is_read(reading):
    assert read_bounce_mailbox(reading) == 0


def test_e_mail_that_has_not_come_back_for_a_day_counts_as_delivered(runtime, template):
    """Also where bounces are read no more: `runtime` does not."""
    old = make_notification(runtime, template, status=Status.SENDING, sent_by="smtp")
    young = make_notification(runtime, template, status=Status.SENDING, sent_by="smtp")
    other = make_notification(runtime, template, status=Status.SENDING, sent_by="sandbox")
    with runtime.database.autocommit() as connection:
        age = text("UPDATE notifications SET sent_at = now() - make_interval(hours => :hours) WHERE id = :id")
        for message, hours in ((old, 25), (young, 23), (other, 25)):
            connection.execute(age, {"id": message.id, "hours": hours})
    assert presume_delivered(runtime) >= 1
    assert [reload(runtime, message.id).status for message in (old, young, other)] == [
        "delivered",
        "sending",
        "sending",
    ]
    assert events_of(runtime, old.id) == [("presumed-delivered", "smtp", None)]
    assert [callback["status"] for callback in told(runtime, old, CallbackType.DELIVERY_STATUS)] == [
        "delivered"
    ]
    assert told(runtime, young, CallbackType.DELIVERY_STATUS) == []


def test_bounce_after_that_suppresses_the_address_and_leaves_the_status(reading, template, return_path):
    message = make_notification(
        reading, template, status=Status.DELIVERED, sent_by="smtp", normalised_to=f"{uuid.uuid4()}@exemple.fr"
    )
    take_bounce(
        reading, return_path, postfix(recipient("failed", "5.1.1")), [return_path.address(message.id)]
    )
    assert reload(reading, message.id).status == Status.DELIVERED
    assert suppression_of(reading, message).reason == "hard-bounce"
