"""Rows for tests: each function writes one thing with sensible values, and takes any column as a keyword."""

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import orjson
from sqlalchemy import delete

from api.contract import Channel, KeyType, ServicePermission, Status
from api.core.billing.models import Rate
from api.core.inbound.models import InboundSms
from api.core.notifications.models import Notification, NotificationHistory
from api.core.services.directory import API_KEY_SECRET
from api.core.services.models import ApiKey, DataRetention, Guest, Member, ReplyToAddress, Service, SmsSender
from api.core.templates.models import Template, TemplateVersion
from api.core.users.models import User
from api.db.base import Base
from api.db.ids import first_uuid7_of, uuid7
from api.runtime import Runtime

EVERY_PERMISSION = [str(permission) for permission in ServicePermission]


@dataclass(frozen=True, slots=True)
class TestKey:
    """An API key with its secret in clear."""

    __test__ = False

    id: uuid.UUID
    service_id: uuid.UUID
    secret: str
    key_type: KeyType

    @property
    def headers(self) -> dict[str, str]:
        """Of a request signed now."""
        return {"Authorization": f"Bearer {self.token()}"}

    def token(self, **claims: Any) -> str:
        payload = {"iss": str(self.service_id), "iat": int(time.time())} | claims
        return jwt.encode(payload, self.secret, algorithm="HS256")

    @property
    def text(self) -> str:
        """As its owner pastes it into a client library."""
        return f"key-{self.service_id}-{self.secret}"


def _save(runtime: Runtime, *rows: Base) -> None:
    with runtime.unit_of_work() as work:
        for row in rows:
            work.session.add(row)
            work.session.flush()


def make_user(runtime: Runtime, **values: Any) -> User:
    user = User(
        **{
            "name": "Camille Martin",
            "email_address": f"camille.martin-{uuid.uuid4().hex[:8]}@exemple.fr",
            "mobile_number": "+33639980099",
            "state": "active",
        }
        | values
    )
    _save(runtime, user)
    return user


def make_service(runtime: Runtime, *, trial: bool = False, **values: Any) -> Service:
    """A live service that may do everything, unless told otherwise."""
    limit = 50 if trial else 250_000
    service = Service(
        **{
            "name": f"Mairie {uuid.uuid4().hex[:8]}",
            "restricted": trial,
            "email_sender_local_part": "mairie",
            "permissions": list(EVERY_PERMISSION),
            "email_message_limit": limit,
            "sms_message_limit": limit,
        }
        | values
    )
    _save(runtime, service)
    runtime.services.forget(service.id)
    return service


def make_key(
    runtime: Runtime, service: Service, key_type: KeyType = KeyType.NORMAL, **values: Any
) -> TestKey:
    secret = str(uuid.uuid4())
    row = ApiKey(
        **{
            "service_id": service.id,
            "name": f"key {uuid.uuid4().hex[:8]}",
            "key_type": key_type,
            "secret": runtime.keyring.seal_text(API_KEY_SECRET, secret),
        }
        | values
    )
    _save(runtime, row)
    runtime.services.forget(service.id)
    return TestKey(row.id, service.id, secret, key_type)


def make_member(runtime: Runtime, service: Service, user: User | None = None, **values: Any) -> User:
    user = user or make_user(runtime)
    _save(runtime, Member(service_id=service.id, user_id=user.id, **values))
    return user


def make_guest(runtime: Runtime, service: Service, recipient: str) -> None:
    """`recipient` in normalised form."""
    kind = "email" if "@" in recipient else "mobile"
    _save(runtime, Guest(service_id=service.id, recipient=recipient, recipient_type=kind))


def make_sms_sender(
    runtime: Runtime, service: Service, sms_sender: str = "MAIRIE", **values: Any
) -> SmsSender:
    sender = SmsSender(service_id=service.id, sms_sender=sms_sender, **values)
    _save(runtime, sender)
    runtime.services.forget(service.id)
    return sender


def make_reply_to(
    runtime: Runtime, service: Service, email_address: str = "contact@exemple.fr", **values: Any
) -> ReplyToAddress:
    address = ReplyToAddress(service_id=service.id, email_address=email_address, **values)
    _save(runtime, address)
    runtime.services.forget(service.id)
    return address


def set_retention(runtime: Runtime, service: Service, channel: Channel, days: int) -> None:
    _save(runtime, DataRetention(service_id=service.id, notification_type=channel, days=days))


def make_template(
    runtime: Runtime,
    service: Service,
    channel: Channel = Channel.SMS,
    content: str = "Bonjour ((nom))",
    **values: Any,
) -> Template:
    """A template in its first version, which takes the keywords that are its columns."""
    version = {
        "name": "Rendez-vous",
        "subject": "Votre dossier" if channel != Channel.SMS else None,
        "has_unsubscribe_link": False,
        "sms_alphabet": None,
        "created_by_id": None,
    }
    version |= {name: values.pop(name) for name in tuple(version) if name in values}
    template = Template(id=uuid7(), service_id=service.id, template_type=channel, **values)
    _save(runtime, template, TemplateVersion(template_id=template.id, version=1, content=content, **version))
    return template


def change_template(runtime: Runtime, template: Template, content: str, **values: Any) -> int:
    """A new version; returns its number."""
    with runtime.unit_of_work() as work:
        row = work.session.get_one(Template, template.id)
        old = work.session.get_one(TemplateVersion, (row.id, row.version))
        row.version += 1
        row.updated_at = datetime.now(UTC)
        kept = {"name": old.name, "subject": old.subject, "created_by_id": old.created_by_id}
        work.session.add(
            TemplateVersion(template_id=row.id, version=row.version, content=content, **kept | values)
        )
        version = row.version
    template.version = version
    runtime.templates.forget(template.service_id, template.id)
    return version


def make_notification(runtime: Runtime, template: Template, **values: Any) -> Notification:
    """A message of a live key. `personalisation` may be a dict; `created_at` decides the identifier too."""
    row = _message(runtime, template, values)
    notification = Notification(**row)
    _save(runtime, notification)
    return notification


def make_notifications(runtime: Runtime, template: Template, count: int, **values: Any) -> list[uuid.UUID]:
    """Many at once; their identifiers, oldest first."""
    rows = [_message(runtime, template, values) for _ in range(count)]
    rows.sort(key=lambda row: row["id"])
    with runtime.unit_of_work() as work:
        work.session.execute(Notification.__table__.insert(), rows)
    return [row["id"] for row in rows]


def _message(runtime: Runtime, template: Template, values: dict[str, Any]) -> dict[str, Any]:
    is_sms = template.template_type == Channel.SMS
    moment = values.get("created_at", datetime.now(UTC))
    row = {
        "id": uuid7() if "created_at" not in values else _id_of(moment),
        "service_id": template.service_id,
        "template_id": template.id,
        "template_version": template.version,
        "notification_type": template.template_type,
        "key_type": KeyType.NORMAL,
        "to": "+33639980001" if is_sms else "lea@exemple.fr",
        "normalised_to": "33639980001" if is_sms else "lea@exemple.fr",
        "personalisation": {"nom": "Léa"},
        "phone_prefix": "33" if is_sms else None,
        "rate_multiplier": 1 if is_sms else None,
        "billable_units": 1 if is_sms else 0,
        "status": Status.CREATED,
        "created_at": moment,
    } | values
    if isinstance(row["personalisation"], dict):
        sealed = runtime.keyring.seal("notification.personalisation", orjson.dumps(row["personalisation"]))
        row["personalisation"] = sealed
    return row


def make_history(runtime: Runtime, template: Template, **values: Any) -> NotificationHistory:
    """What is left of a message after its retention."""
    row = NotificationHistory(
        **{
            "id": uuid7(),
            "service_id": template.service_id,
            "template_id": template.id,
            "template_version": template.version,
            "notification_type": template.template_type,
            "key_type": KeyType.NORMAL,
            "international": False,
            "billable_units": 1,
            "status": Status.DELIVERED,
            "created_at": datetime.now(UTC),
        }
        | values
    )
    _save(runtime, row)
    return row


def make_inbound_sms(runtime: Runtime, service: Service, content: str = "STOP", **values: Any) -> InboundSms:
    moment = values.get("created_at", datetime.now(UTC))
    row = InboundSms(
        **{
            "id": uuid7() if "created_at" not in values else _id_of(moment),
            "service_id": service.id,
            "notify_number": "36180",
            "user_number": "33639980002",
            "provider": "sandbox",
            "provider_reference": uuid.uuid4().hex,
            "content": runtime.keyring.seal_text("inbound_sms.content", content),
        }
        | values
    )
    _save(runtime, row)
    return row


def make_rate(
    runtime: Runtime,
    rate: int = 227,
    *,
    days_ago: int = 365,
    channel: Channel = Channel.SMS,
    destination: str = "",
) -> Rate:
    """`rate` in ten-thousandths."""
    valid_from = datetime.now(UTC) - timedelta(days=days_ago)
    row = Rate(notification_type=channel, rate=rate, valid_from=valid_from, destination=destination)
    _save(runtime, row)
    return row


def forget_rates(runtime: Runtime) -> None:
    """Prices belong to no service: tests that set some begin and end without any."""
    with runtime.unit_of_work() as work:
        work.session.execute(delete(Rate))


def _id_of(moment: datetime) -> uuid.UUID:
    return uuid.UUID(int=first_uuid7_of(moment).int | (uuid.uuid4().int & ((1 << 62) - 1)))
