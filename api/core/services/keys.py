"""API keys. All run inside the caller's transaction."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from api.contract import KeyType
from api.core.events.commands import Actor, record_event
from api.core.services.directory import API_KEY_SECRET
from api.core.services.errors import KeyNameTakenError, LiveKeyInTrialError
from api.core.services.models import ApiKey, Service
from api.core.services.queries import find_key
from api.core.services.rules import MAX_KEY_NAME_LENGTH, key_name_for_clients
from api.core.text_rules import clean_line
from api.keyring import KeyRing


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """`value` is what clients are given; it is shown once, and only its secret is kept, sealed."""

    id: uuid.UUID
    name: str
    key_type: KeyType
    value: str = field(repr=False)


def create_key(
    session: Session, keyring: KeyRing, service: Service, name: str, key_type: KeyType, actor: Actor
) -> CreatedKey:
    """Raises `InvalidValueError`, `KeyNameTakenError`, `LiveKeyInTrialError` (contract: who may create)."""
    cleaned = clean_line(name, field="name", limit=MAX_KEY_NAME_LENGTH)
    if key_type == KeyType.NORMAL and service.restricted:
        raise LiveKeyInTrialError(service.name)
    if find_key(session, service.id, cleaned):
        raise KeyNameTakenError(cleaned)
    secret = str(uuid.uuid4())
    key = ApiKey(
        service_id=service.id,
        name=cleaned,
        key_type=key_type,
        secret=keyring.seal_text(API_KEY_SECRET, secret),
        created_by_id=actor.user_id,
    )
    session.add(key)
    session.flush()
    record_event(
        session,
        actor,
        "key.created",
        service_id=service.id,
        subject_id=key.id,
        name=cleaned,
        key_type=key_type,
    )
    return CreatedKey(key.id, cleaned, key_type, _key_for_clients(key, secret))


def open_key(keyring: KeyRing, key: ApiKey) -> str:
    """What its owner was given: for the demo only, nobody else is shown a key twice. Raises `UnreadableSecretError`."""
    return _key_for_clients(key, keyring.open_text(API_KEY_SECRET, key.secret))


def revoke_key(session: Session, key: ApiKey, actor: Actor) -> None:
    """Refused everywhere within the time that processes keep a service (`CACHE_SECONDS`)."""
    key.revoked_at = datetime.now(UTC)
    record_event(session, actor, "key.revoked", service_id=key.service_id, subject_id=key.id, name=key.name)


def _key_for_clients(key: ApiKey, secret: str) -> str:
    return f"{key_name_for_clients(key.name)}-{key.service_id}-{secret}"
