"""A service to try things with: one town hall, two people, three keys, two templates. Loading twice changes nothing."""

import json
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from api.contract import Channel, KeyType, UserPermission
from api.core.billing.commands import set_rate
from api.core.billing.queries import find_rate
from api.core.events.commands import Actor
from api.core.inbound.numbers import add_inbound_number, assign_inbound_number, find_inbound_number
from api.core.services.commands import NewService, create_service, go_live
from api.core.services.guest_list import replace_guest_list
from api.core.services.keys import create_key, open_key
from api.core.services.members import NewMember, add_member
from api.core.services.models import Service
from api.core.services.queries import find_key, find_service_by_name
from api.core.services.senders import SenderKind, add_sender
from api.core.templates.catalogue import find_template_by_name
from api.core.templates.commands import create_template
from api.core.templates.models import Template
from api.core.templates.rules import TemplateText
from api.core.users.commands import NewUser, create_user, set_password
from api.core.users.models import User
from api.core.users.passwords import generate_password, is_right_password
from api.core.users.queries import find_user_by_email
from api.runtime import Runtime
from notifications_utils.recipients.phone_number import InvalidPhoneNumberError
from notifications_utils.recipients.phone_rules import PhoneRules

SERVICE_NAME: Final = "Mairie de Belrive"
REPLY_TO: Final = "demarches@belrive.example"
SMS_SENDER: Final = "Belrive"
GUEST_ADDRESS: Final = "voisine@belrive.example"
INBOUND_PROVIDER: Final = "sandbox"
PRICE_OF_A_FRAGMENT: Final = 450  # ten-thousandths: 0.045
KEY_NAMES: Final = {"live": KeyType.NORMAL, "team": KeyType.TEAM, "test": KeyType.TEST}

_ACTOR = Actor(via="demo")
# Numbers of nobody, kept for fiction: ARCEP's where the deployment's rules know them, else the contract's.
_FICTION: Final = ("+336399800{:02}", "+4477009000{:02}")
_OPERATOR_NUMBER, _MEMBER_NUMBER, _GUEST_NUMBER, _INBOUND_NUMBER = 11, 12, 31, 36
_PEOPLE: Final = {
    "operator": (NewUser("Amina Roche", "amina@belrive.example", platform_admin=True), _OPERATOR_NUMBER),
    "member": (NewUser("Bruno Vidal", "bruno@belrive.example"), _MEMBER_NUMBER),
}
_MEMBER_PERMISSIONS: Final = [
    UserPermission.MANAGE_TEMPLATES,
    UserPermission.SEND_TEXTS,
    UserPermission.SEND_EMAILS,
    UserPermission.MANAGE_API_KEYS,
    UserPermission.VIEW_ACTIVITY,
]
_TEXTS: Final = {
    Channel.EMAIL: TemplateText(
        name="Dossier bien reçu",
        subject="Votre dossier est bien arrivé, ((nom))",
        content="""\
# Bonjour ((nom)),

Votre dossier est bien arrivé à la mairie de Belrive. Vous aurez notre réponse sous dix jours.

## Et maintenant ?

* un agent vérifie les pièces du dossier ;
* s’il en manque une, nous vous écrivons ;
* sinon, la décision vous parvient par e-mail.

Une question ? Répondez simplement à ce message.

Le service des démarches""",
    ),
    Channel.SMS: TemplateText(
        name="Rappel de rendez-vous",
        content=(
            "Bonjour ((nom)), votre rendez-vous en mairie est confirmé demain à 10 h. "
            "Pour l'annuler, répondez NON."
        ),
    ),
}


def load_demo_file(runtime: Runtime, path: Path) -> dict[str, Any]:
    """Load the demo and write what scripts need of it to `path`, which is also where its passwords are remembered."""
    facts = load_demo(runtime, _read(path))
    _ensure_price(runtime)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    with os.fdopen(
        os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(facts, file, ensure_ascii=False, indent=2)
        file.write("\n")
    unfinished.replace(path)
    return facts


def load_demo(runtime: Runtime, remembered: Mapping[str, Any]) -> dict[str, Any]:
    """Make what is missing; returns addresses, identifiers, keys and passwords. `remembered` is what it returned."""
    settings = runtime.settings
    passwords = {user["email_address"]: user["password"] for user in remembered.get("users", [])}
    with runtime.unit_of_work() as work:
        session = work.session
        users = {role: _ensure_user(runtime, session, *person) for role, person in _PEOPLE.items()}
        secrets = {role: _ensure_password(session, user, passwords) for role, user in users.items()}
        service = _find_service(session, remembered) or _make_service(runtime, session, users)
        templates = {
            channel: _ensure_template(runtime, session, service, channel, remembered) for channel in _TEXTS
        }
        keys = {
            name: _ensure_key(runtime, session, service, f"Démo {name}", key_type)
            for name, key_type in KEY_NAMES.items()
        }
        return {
            "api_url": settings.api_base_url,
            "admin_url": settings.admin_base_url,
            "sandbox_url": settings.sandbox_url,
            "service_id": str(service.id),
            "service_name": service.name,
            "keys": keys,
            "templates": {channel.value: str(template.id) for channel, template in templates.items()},
            "users": [
                {
                    "role": role,
                    "id": str(user.id),
                    "name": user.name,
                    "email_address": user.email_address,
                    "password": secrets[role],
                }
                for role, user in users.items()
            ],
        }


def _ensure_price(runtime: Runtime) -> None:
    """Messages show what they cost only where a price is set."""
    with runtime.database.autocommit() as connection:
        if find_rate(connection, Channel.SMS, datetime.now(UTC)) is not None:
            return
    set_rate(runtime, Channel.SMS, datetime(2026, 1, 1, tzinfo=UTC), PRICE_OF_A_FRAGMENT)


def _read(path: Path) -> dict[str, Any]:
    """An unreadable file is as good as none: everything in it can be made again."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _fictional_number(phone_rules: PhoneRules, tail: int) -> str:
    for pattern in _FICTION:
        with suppress(InvalidPhoneNumberError):
            return f"+{phone_rules.parse(pattern.format(tail)).e164_digits}"
    raise LookupError("the phone rules know no number of fiction")


def _ensure_user(runtime: Runtime, session: Session, new: NewUser, tail: int) -> User:
    phone_rules = runtime.slots.phone_rules
    return find_user_by_email(session, new.email_address) or create_user(
        session, phone_rules, replace(new, mobile_number=_fictional_number(phone_rules, tail)), _ACTOR
    )


def _ensure_password(session: Session, user: User, remembered: Mapping[str, str]) -> str:
    """Only its hash is in the database: when nobody remembers it, there has to be another."""
    password = remembered.get(user.email_address)
    if password and is_right_password(user.password_hash, password):
        return password
    password = generate_password()
    set_password(session, user, password, _ACTOR)
    return password


def _find_service(session: Session, remembered: Mapping[str, Any]) -> Service | None:
    service = (
        session.get(Service, uuid.UUID(remembered["service_id"])) if "service_id" in remembered else None
    )
    service = service or find_service_by_name(session, SERVICE_NAME)
    return service if service is not None and service.active else None


def _make_service(runtime: Runtime, session: Session, users: Mapping[str, User]) -> Service:
    phone_rules = runtime.slots.phone_rules
    sender_rules = runtime.slots.sender_rules
    new = NewService(SERVICE_NAME, SMS_SENDER, sender_rules, creator=users["operator"])
    service = create_service(session, new, _ACTOR)
    go_live(session, service, _ACTOR)
    add_member(session, service, NewMember(users["member"], _MEMBER_PERMISSIONS), _ACTOR)
    add_sender(session, sender_rules, service, SenderKind.REPLY_TO, REPLY_TO, _ACTOR)
    guests = [GUEST_ADDRESS, _fictional_number(phone_rules, _GUEST_NUMBER)]
    replace_guest_list(session, phone_rules, service, guests, _ACTOR)
    receiving = _fictional_number(phone_rules, _INBOUND_NUMBER)
    number = find_inbound_number(session, phone_rules, receiving) or add_inbound_number(
        session, phone_rules, receiving, INBOUND_PROVIDER, _ACTOR
    )
    if number.service_id is None:
        assign_inbound_number(session, number, service, _ACTOR)
    return service


def _ensure_template(
    runtime: Runtime, session: Session, service: Service, channel: Channel, remembered: Mapping[str, Any]
) -> Template:
    """People may have rewritten it: it is known by its identifier first, then by its name."""
    identifier = remembered.get("templates", {}).get(channel.value)
    known = session.get(Template, uuid.UUID(identifier)) if identifier else None
    if known is not None and known.service_id == service.id and not known.archived:
        return known
    text = _TEXTS[channel]
    return find_template_by_name(session, service.id, channel, text.name) or create_template(
        session, runtime.slots.sms_alphabets, service.id, channel, text, _ACTOR
    )


def _ensure_key(runtime: Runtime, session: Session, service: Service, name: str, key_type: KeyType) -> str:
    existing = find_key(session, service.id, name)
    if existing is not None:
        return open_key(runtime.keyring, existing)
    return create_key(session, runtime.keyring, service, name, key_type, _ACTOR).value
