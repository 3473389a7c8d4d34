"""The message as its provider gets it: rendered from the template, with the service's sender."""

from dataclasses import dataclass
from typing import Any

import orjson

from api.contract import Channel
from api.core.delivery.claims import Claimed
from api.core.notifications.accept import PERSONALISATION
from api.core.notifications.unsubscribe import make_token
from api.core.services.directory import KnownService
from api.core.templates.directory import KnownTemplate
from api.providers.protocol import EmailMessage, SmsMessage
from api.runtime import Runtime


class UndeliverableError(Exception):
    """The message can never be sent; the text says why and holds nothing personal."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """`billable_units` are fragments of an SMS; an e-mail has none."""

    message: SmsMessage | EmailMessage
    billable_units: int


def prepare(runtime: Runtime, claimed: Claimed) -> Prepared:
    """Raises `UndeliverableError`."""
    service = runtime.services.find(claimed.service_id)
    template = runtime.templates.find_version(claimed.template_id, claimed.template_version)
    if service is None or not service.active:
        raise UndeliverableError("the service is not active")
    if template is None:
        raise UndeliverableError("the template is gone")
    if claimed.notification_type == Channel.SMS:
        return _prepare_sms(runtime, claimed, service, template)
    return _prepare_email(runtime, claimed, service, template)


def _prepare_sms(
    runtime: Runtime, claimed: Claimed, service: KnownService, template: KnownTemplate
) -> Prepared:
    compiled = template.sms(service.sms_prefix, service.sms_alphabet)
    rendered = compiled.render(_open_personalisation(runtime, claimed))
    message = SmsMessage(
        id=claimed.id,
        to=claimed.normalised_to,
        content=rendered.text,
        sender=claimed.reply_to_text or service.sms_sender,
        international=claimed.international,
    )
    return Prepared(message, rendered.fragments)


def _prepare_email(
    runtime: Runtime, claimed: Claimed, service: KnownService, template: KnownTemplate
) -> Prepared:
    header_link, body_link = _unsubscribe_links(runtime, claimed, template)
    rendered = template.email.render(_open_personalisation(runtime, claimed), unsubscribe_link=body_link)
    message = EmailMessage(
        id=claimed.id,
        to=_ascii_address(claimed.normalised_to),
        from_name=service.from_name,
        from_address=service.from_address,
        reply_to=claimed.reply_to_text,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.plain_text,
        unsubscribe_url=header_link,
    )
    return Prepared(message, 0)


def _unsubscribe_links(
    runtime: Runtime, claimed: Claimed, template: KnownTemplate
) -> tuple[str | None, str | None]:
    """For the headers and for the body (contract: one-click unsubscribe).

    The caller's own address wins. Ours leads mail clients to the API, and people to a page that asks.
    """
    own = claimed.unsubscribe_link
    if not template.has_unsubscribe_link:
        return own, None
    if own is not None:
        return own, own
    path = f"/unsubscribe/{claimed.id}/{make_token(runtime.keyring, claimed.id, claimed.normalised_to)}"
    settings = runtime.settings
    return settings.api_base_url.rstrip("/") + path, settings.admin_base_url.rstrip("/") + path


def _ascii_address(address: str) -> str:
    """Accents are allowed in domains only, where IDNA writes them."""
    local_part, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local_part}@{domain.encode('idna').decode()}"


def _open_personalisation(runtime: Runtime, claimed: Claimed) -> dict[str, Any]:
    if claimed.personalisation is None:
        return {}
    values: dict[str, Any] = orjson.loads(runtime.keyring.open(PERSONALISATION, claimed.personalisation))
    return values
