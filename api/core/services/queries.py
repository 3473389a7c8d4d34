"""Finding services and what belongs to them."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Row, any_, exists, func, literal, select
from sqlalchemy.orm import Session, aliased

from api.contract import UserPermission
from api.core.services.errors import (
    KeyNotFoundError,
    NotAMemberError,
    ServiceArchivedError,
    ServiceNotFoundError,
)
from api.core.services.models import ApiKey, DataRetention, Guest, Member, Service
from api.core.users.models import User
from api.core.users.rules import UserState


def get_service(session: Session, reference: str) -> Service:
    """By id or name, archived ones included. Raises `ServiceNotFoundError`."""
    return _get(session, reference, lock=False)


def get_service_to_change(session: Session, reference: str) -> Service:
    """As `get_service`, locked until the transaction ends. Raises `ServiceArchivedError` too."""
    service = _get(session, reference, lock=True)
    if not service.active:
        raise ServiceArchivedError(service.name)
    return service


def find_service_by_name(session: Session, name: str) -> Service | None:
    return session.scalar(select(Service).where(func.lower(Service.name) == name.strip().lower()))


def list_services(session: Session, *, with_archived: bool = False) -> Sequence[Service]:
    query = select(Service).order_by(func.lower(Service.name))
    if not with_archived:
        query = query.where(Service.active)
    return session.scalars(query).all()


def get_member(session: Session, service: Service, user: User) -> Member:
    """Raises `NotAMemberError`."""
    member = session.get(Member, (service.id, user.id))
    if member is None:
        raise NotAMemberError(user.name, service.name)
    return member


def list_members(session: Session, service_id: uuid.UUID) -> Sequence[Row[Member, User]]:
    """With their accounts, by name."""
    return session.execute(
        select(Member, User)
        .join(User, User.id == Member.user_id)
        .where(Member.service_id == service_id)
        .order_by(func.lower(User.name), User.id)
    ).all()


def services_managed_only_by(
    session: Session, user_id: uuid.UUID, service_id: uuid.UUID | None = None
) -> Sequence[Service]:
    """Services in use where no other active member may manage settings; only that service when it is given."""
    manage_settings = literal(UserPermission.MANAGE_SETTINGS.value)
    other = aliased(Member)
    another_manager = exists().where(
        other.service_id == Service.id,
        other.user_id != user_id,
        manage_settings == any_(other.permissions),
        User.id == other.user_id,
        User.state == UserState.ACTIVE,
    )
    query = (
        select(Service)
        .join(Member, Member.service_id == Service.id)
        .where(
            Member.user_id == user_id,
            manage_settings == any_(Member.permissions),
            Service.active,
            ~another_manager,
        )
        .order_by(Service.name)
    )
    return session.scalars(query if service_id is None else query.where(Service.id == service_id)).all()


def list_keys(session: Session, service_id: uuid.UUID, *, with_revoked: bool = False) -> Sequence[ApiKey]:
    """Newest first."""
    query = select(ApiKey).where(ApiKey.service_id == service_id).order_by(ApiKey.id.desc())
    return session.scalars(query if with_revoked else query.where(ApiKey.revoked_at.is_(None))).all()


def find_key(session: Session, service_id: uuid.UUID, name: str) -> ApiKey | None:
    """A key in use, by name without regard to case."""
    return session.scalar(
        select(ApiKey).where(
            ApiKey.service_id == service_id,
            ApiKey.revoked_at.is_(None),
            func.lower(ApiKey.name) == name.strip().lower(),
        )
    )


def get_key(session: Session, service_id: uuid.UUID, reference: str) -> ApiKey:
    """A key in use, by id or name. Raises `KeyNotFoundError`."""
    try:
        key = session.get(ApiKey, uuid.UUID(reference))
    except ValueError:
        key = find_key(session, service_id, reference)
    if key is None or key.service_id != service_id or key.revoked_at is not None:
        raise KeyNotFoundError(reference)
    return key


def list_guests(session: Session, service_id: uuid.UUID) -> Sequence[Guest]:
    return session.scalars(
        select(Guest).where(Guest.service_id == service_id).order_by(Guest.recipient_type, Guest.recipient)
    ).all()


def retention_of(session: Session, service_id: uuid.UUID) -> dict[str, int]:
    """Days by channel, where the service has chosen them."""
    rows = session.scalars(select(DataRetention).where(DataRetention.service_id == service_id))
    return {row.notification_type: row.days for row in rows}


def _get(session: Session, reference: str, *, lock: bool) -> Service:
    try:
        condition = Service.id == uuid.UUID(reference)
    except ValueError:
        condition = func.lower(Service.name) == reference.strip().lower()
    query = select(Service).where(condition)
    # Not FOR UPDATE: that would also hold up inserts of rows that refer to the service.
    service = session.scalar(query.with_for_update(key_share=True) if lock else query)
    if service is None:
        raise ServiceNotFoundError(reference)
    return service
