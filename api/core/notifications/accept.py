"""Accepting a message: the checks in the contract's order, one row, one task (design: the life of one SMS)."""

import logging
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from api.contract import (
    MAX_EMAIL_BYTES,
    MAX_SMS_CHARACTERS,
    SIMULATED_EMAIL_ADDRESSES,
    SIMULATED_PHONE_NUMBERS,
    Channel,
    KeyType,
    ServicePermission,
)
from api.core.delivery.rules import delivery_route
from api.core.errors import BusinessRuleError, RecipientError
from api.core.notifications.holding import find_hold, record_hold
from api.core.notifications.insert import NewNotification, insert_notification
from api.core.notifications.limits import DailyCount
from api.core.notifications.orders import EmailOrder, SmsOrder
from api.core.notifications.sanitise import sanitise_personalisation
from api.core.services.allowed_recipients import is_team_or_guest
from api.core.services.directory import KnownKey, KnownSender, KnownService
from api.core.templates.directory import KnownTemplate
from api.db.ids import uuid7
from api.metrics import ACCEPTED, PUBLISH_POSTPONED
from api.queue import QueueUnavailableError
from api.runtime import Runtime
from notifications_utils.recipients.email_address import format_email_address
from notifications_utils.recipients.phone_number import InvalidPhoneNumberError, PhoneNumber
from notifications_utils.sending_hours import Hold
from notifications_utils.templating.email import EmailMessage
from notifications_utils.templating.sms import SmsMessage

log = logging.getLogger(__name__)

PERSONALISATION = "notification.personalisation"
_CHANNEL_NAMES = {Channel.SMS: "text messages", Channel.EMAIL: "emails", Channel.LETTER: "letters"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the service and the key that signed the request."""

    service: KnownService
    key: KnownKey

    @property
    def key_type(self) -> KeyType:
        return self.key.key_type


@dataclass(frozen=True, slots=True)
class AcceptedSms:
    id: uuid.UUID
    order: SmsOrder
    template: KnownTemplate
    body: str
    from_number: str
    sanitised_content: Mapping[str, Mapping[str, str]]
    """Ours: empty unless the deployment tells what alphabets change, and this one changed something."""
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class AcceptedEmail:
    id: uuid.UUID
    order: EmailOrder
    template: KnownTemplate
    subject: str
    body: str
    from_address: str
    sanitised_content: Mapping[str, Mapping[str, str]]
    is_simulated: bool


def accept_sms(
    runtime: Runtime, caller: Caller, order: SmsOrder, *, request_id: str | None = None
) -> AcceptedSms:
    """Raises `BusinessRuleError` and its kin, `DailyLimitExceededError`."""
    service = caller.service
    check_channel_allowed(service, Channel.SMS)
    template = get_template(runtime, service, order.template_id, Channel.SMS)
    message = template.sms(service.sms_prefix, service.sms_alphabet).render(order.personalisation)
    check_content(message)
    if files_of(order.personalisation):
        raise BusinessRuleError("Can only send a file by email")
    sender = choose_sender(
        service.sms_senders, order.sms_sender_id, "sms_sender_id", service.id, service.sms_sender
    )
    number = _check_phone_number(runtime, caller, order.phone_number)

    notification_id = uuid7()
    is_simulated = number.e164_digits in SIMULATED_PHONE_NUMBERS
    hold = None if is_simulated or template.is_urgent else _find_hold(runtime, caller, number, order)
    if hold is not None:
        order = replace(order, scheduled_for=hold.until)
    accepted = AcceptedSms(
        notification_id, order, template, message.body, sender, _tell_changes(runtime, message), is_simulated
    )
    with _counting_international(runtime, caller, number):
        _check_sms_length(message)
        if is_simulated:
            return accepted
        if hold is not None:
            record_hold(runtime.database, notification_id, hold)
        row = _new_row(
            runtime,
            caller,
            order,
            template,
            id=notification_id,
            to=order.phone_number.strip(),
            normalised_to=number.e164_digits,
            personalisation=seal_personalisation(runtime, order.personalisation),
            reply_to_text=sender,
            international=number.is_international,
            phone_prefix=number.country_code,
            destination=runtime.slots.rates.destination_of(number),
            rate_multiplier=runtime.slots.rates.multiplier_of(number.country_code),
            billable_units=message.fragments,
        )
        _store_and_publish(runtime, row, request_id)
    return accepted


def accept_email(
    runtime: Runtime,
    caller: Caller,
    order: EmailOrder,
    *,
    check_file: Callable[[object], None],
    request_id: str | None = None,
) -> AcceptedEmail:
    """Raises `BusinessRuleError` and its kin, and what `check_file` raises for a malformed file."""
    service = caller.service
    check_channel_allowed(service, Channel.EMAIL)
    personalisation, sanitised = sanitise_personalisation(order.personalisation, order.sanitise_content_for)
    template = get_template(runtime, service, order.template_id, Channel.EMAIL)
    message = template.email.render(personalisation)
    check_content(message)
    reply_to = choose_sender(
        service.reply_to_addresses,
        order.email_reply_to_id,
        "email_reply_to_id",
        service.id,
        service.default_reply_to,
    )
    recipient = format_email_address(order.email_address)
    is_simulated = recipient in SIMULATED_EMAIL_ADDRESSES
    if not is_simulated:
        check_recipient_allowed(runtime, caller, Channel.EMAIL, recipient)
    for file in files_of(personalisation):
        check_file(file)
        raise BusinessRuleError(
            "Send files by email has not been set up - add contact details for your service at "
            f"{runtime.settings.admin_base_url}/services/{service.id}/service-settings/send-files-by-email"
        )
    _check_email_size(message)

    notification_id = uuid7()
    if not is_simulated:
        row = _new_row(
            runtime,
            caller,
            order,
            template,
            id=notification_id,
            to=order.email_address.strip(),
            normalised_to=recipient,
            personalisation=seal_personalisation(runtime, personalisation),
            reply_to_text=reply_to,
            unsubscribe_link=order.one_click_unsubscribe_url,
        )
        _store_and_publish(runtime, row, request_id)
    return AcceptedEmail(
        notification_id,
        order,
        template,
        message.subject,
        message.body,
        service.from_address,
        sanitised,
        is_simulated,
    )


def _new_row(
    runtime: Runtime, caller: Caller, order: SmsOrder | EmailOrder, template: KnownTemplate, **details: Any
) -> NewNotification:
    now = datetime.now(UTC)
    return NewNotification(
        service_id=caller.service.id,
        template_id=template.id,
        template_version=template.version,
        notification_type=template.type,
        key_type=caller.key_type,
        api_key_id=caller.key.id,
        client_reference=order.reference,
        created_at=now,
        scheduled_for=order.scheduled_for,
        due_at=due_at(runtime, now, order.scheduled_for),
        **details,
    )


def check_channel_allowed(service: KnownService, channel: Channel) -> None:
    if channel not in service.permissions:
        raise BusinessRuleError(f"Service is not allowed to send {_CHANNEL_NAMES[channel]}")


def get_template(
    runtime: Runtime, service: KnownService, template_id: uuid.UUID, channel: Channel
) -> KnownTemplate:
    template = runtime.templates.find_latest(service.id, template_id)
    if template is None:
        raise BusinessRuleError("Template not found")
    if template.type != channel:
        raise BusinessRuleError(f"{template.type} template is not suitable for {channel} notification")
    if template.archived:
        raise BusinessRuleError("Template has been deleted")
    return template


def check_content(message: SmsMessage | EmailMessage) -> None:
    if missing := message.missing:
        raise BusinessRuleError(f"Missing personalisation: {', '.join(missing)}")
    if message.is_empty:
        raise BusinessRuleError("Your message is empty.")


def files_of(values: Mapping[str, object]) -> list[object]:
    return [value for value in values.values() if isinstance(value, Mapping) and "file" in value]


def choose_sender(
    senders: tuple[KnownSender, ...],
    chosen: uuid.UUID | None,
    field: str,
    service_id: uuid.UUID,
    default: Any,
) -> Any:
    """The text of the chosen sender, or the default one."""
    if chosen is None:
        return default
    found = next((sender.value for sender in senders if sender.id == chosen), None)
    if found is None:
        raise BusinessRuleError(f"{field} {chosen} does not exist in database for service id {service_id}")
    return found


def check_recipient_allowed(runtime: Runtime, caller: Caller, channel: Channel, recipient: str) -> None:
    """Live services with a live key reach anybody, test keys nobody; others only the team and its guests."""
    service, key_type = caller.service, caller.key_type
    if key_type == KeyType.TEST or (key_type == KeyType.NORMAL and not service.restricted):
        return
    if is_team_or_guest(runtime.database, service.id, channel, recipient):
        return
    if key_type == KeyType.TEAM:
        raise BusinessRuleError("Can’t send to this recipient using a team-only API key")
    raise BusinessRuleError(
        "Can’t send to this recipient when service is in trial mode – see "
        f"{runtime.settings.documentation_url}#trial-mode"
    )


def seal_personalisation(runtime: Runtime, values: Mapping[str, object]) -> bytes | None:
    return runtime.keyring.seal(PERSONALISATION, orjson.dumps(values)) if values else None


def _check_phone_number(runtime: Runtime, caller: Caller, text: str) -> PhoneNumber:
    service = caller.service
    try:
        number = runtime.slots.phone_rules.parse(text)
    except InvalidPhoneNumberError as error:
        raise RecipientError(error.short_message) from None
    if number.e164_digits not in SIMULATED_PHONE_NUMBERS:
        check_recipient_allowed(runtime, caller, Channel.SMS, number.e164_digits)
    if number.is_international and ServicePermission.INTERNATIONAL_SMS not in service.permissions:
        raise BusinessRuleError("Cannot send to international mobile numbers")
    if number.is_landline and ServicePermission.SMS_TO_LANDLINES not in service.permissions:
        raise RecipientError(runtime.slots.phone_rules.not_a_mobile_message)
    if runtime.slots.rates.multiplier_of(number.country_code) is None:
        raise RecipientError("Not a valid country prefix")
    return number


def _counting_international(
    runtime: Runtime, caller: Caller, number: PhoneNumber
) -> AbstractContextManager[object]:
    """Texts abroad have a daily limit of their own, besides the channel's."""
    if number.is_international and number.e164_digits not in SIMULATED_PHONE_NUMBERS:
        return runtime.limits.counting(daily_count(caller, "international_sms"))
    return nullcontext()


def _find_hold(runtime: Runtime, caller: Caller, number: PhoneNumber, order: SmsOrder) -> Hold | None:
    """Of a text that would go out in quiet hours: now, or when its caller wants it."""
    ready_at = order.scheduled_for or datetime.now(UTC)
    return find_hold(runtime, caller.service, caller.key_type, number.e164_digits, ready_at)


def daily_count(caller: Caller, channel: str) -> DailyCount:
    """The day's counter of a channel. A test key has at least a live service's allowance."""
    is_test = caller.key_type == KeyType.TEST
    limit = caller.service.daily_limits[channel]
    if is_test and caller.service.restricted:
        limit = max(limit, _TEST_LIMITS[channel])
    return DailyCount(caller.service.id, channel, limit, is_test)


_TEST_LIMITS = {"email": 250_000, "sms": 250_000, "letter": 20_000, "international_sms": 100}


def _tell_changes(runtime: Runtime, message: SmsMessage) -> dict[str, dict[str, str]]:
    if not runtime.slots.sms_alphabets.tells_changes or message.written == message.body:
        return {}
    return {"body": {"unsanitised": message.written, "sanitised": message.body}}


def _check_sms_length(message: SmsMessage) -> None:
    if message.is_too_long:
        raise BusinessRuleError(
            f"Your message is too long. Text messages cannot be longer than {MAX_SMS_CHARACTERS} characters. "
            f"Your message is {message.body_character_count} characters long."
        )


def _check_email_size(message: EmailMessage) -> None:
    if message.is_too_long:
        raise BusinessRuleError(
            f"Your message is too long. Emails cannot be longer than {MAX_EMAIL_BYTES} bytes. "
            f"Your message is {message.size} bytes."
        )


def due_at(runtime: Runtime, now: datetime, scheduled_for: datetime | None) -> datetime:
    """When the sweep looks after a row that is made now (ADR 0004)."""
    return scheduled_for or now + timedelta(seconds=runtime.settings.republish_after_seconds)


def _store_and_publish(runtime: Runtime, notification: NewNotification, request_id: str | None) -> None:
    insert_notification(runtime.database, notification)
    ACCEPTED.labels(notification.notification_type, notification.key_type).inc()
    if notification.scheduled_for is None:
        publish_delivery(runtime, notification, request_id)


def publish_delivery(runtime: Runtime, notification: NewNotification, request_id: str | None = None) -> None:
    """The row is committed: when the broker is away, the sweep publishes it later (ADR 0004)."""
    task, queue = delivery_route(notification.notification_type, notification.key_type)
    try:
        runtime.queue.publish(task, queue, str(notification.id), request_id=request_id)
    except QueueUnavailableError:
        PUBLISH_POSTPONED.labels(notification.notification_type).inc()
        log.warning("publish_postponed", extra={"notification_id": str(notification.id)})
