"""Who belongs to a service. All run inside the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.contract import UserPermission
from api.core.command_errors import ConflictError
from api.core.events.commands import Actor, record_event
from api.core.services.errors import AlreadyAMemberError
from api.core.services.models import Member, Service
from api.core.services.queries import get_member, services_managed_only_by
from api.core.services.rules import clean_member_permissions
from api.core.users.errors import LastManagerError
from api.core.users.models import User
from api.core.users.rules import UserState


@dataclass(frozen=True, slots=True)
class NewMember:
    user: User
    permissions: Collection[str]


def add_member(session: Session, service: Service, new: NewMember, actor: Actor) -> Member:
    """Raises `AlreadyAMemberError`, `InvalidValueError`."""
    if new.user.state == UserState.INACTIVE:
        raise ConflictError("This account is archived: create another one", field="user")
    if session.get(Member, (service.id, new.user.id)):
        raise AlreadyAMemberError(new.user.name, service.name)
    permissions = clean_member_permissions(new.permissions)
    member = Member(service_id=service.id, user_id=new.user.id, permissions=permissions)
    session.add(member)
    session.flush()
    record_event(
        session, actor, "member.added", service_id=service.id, subject_id=new.user.id, permissions=permissions
    )
    return member


def change_member(
    session: Session, service: Service, user: User, permissions: Collection[str], actor: Actor
) -> Member:
    """Raises `NotAMemberError`, `InvalidValueError`, `LastManagerError`."""
    member = get_member(session, service, user)
    before, after = list(member.permissions), clean_member_permissions(permissions)
    if before == after:
        return member
    if UserPermission.MANAGE_SETTINGS not in after:
        _check_another_manages(session, service, user)
    member.permissions = after
    record_event(
        session,
        actor,
        "member.changed",
        service_id=service.id,
        subject_id=user.id,
        permissions=[before, after],
    )
    return member


def remove_member(session: Session, service: Service, user: User, actor: Actor) -> None:
    """Raises `NotAMemberError`, `LastManagerError`."""
    member = get_member(session, service, user)
    _check_another_manages(session, service, user)
    session.delete(member)
    record_event(session, actor, "member.removed", service_id=service.id, subject_id=user.id)


def _check_another_manages(session: Session, service: Service, user: User) -> None:
    if services_managed_only_by(session, user.id, service.id):
        raise LastManagerError([service.name])
