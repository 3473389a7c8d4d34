"""Changes to people's accounts. All run inside the caller's transaction."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.core.command_errors import ConflictError
from api.core.events.commands import Actor, record_event
from api.core.recipient_rules import clean_email_address, clean_phone_number
from api.core.services.models import Member
from api.core.services.queries import services_managed_only_by
from api.core.text_rules import clean_line
from api.core.users.errors import EmailAddressTakenError, LastManagerError
from api.core.users.models import User
from api.core.users.passwords import hash_password
from api.core.users.queries import find_user_by_email
from api.core.users.rules import (
    AuthType,
    UserState,
    check_password,
    check_second_factor,
)
from notifications_utils.recipients.phone_rules import PhoneRules


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account to make; without a password its owner sets one later."""

    name: str
    email_address: str
    mobile_number: str | None = None
    password: str | None = field(default=None, repr=False)
    auth_type: AuthType = AuthType.EMAIL
    platform_admin: bool = False
    language: str = "fr"
    state: UserState = UserState.ACTIVE


def create_user(session: Session, phone_rules: PhoneRules, new: NewUser, actor: Actor) -> User:
    """Raises `InvalidValueError` and its kin, `EmailAddressTakenError`."""
    email_address = clean_email_address(new.email_address)
    if find_user_by_email(session, email_address):
        raise EmailAddressTakenError
    mobile_number = _clean_mobile(phone_rules, new.mobile_number)
    check_second_factor(new.auth_type, mobile_number)
    user = User(
        name=clean_line(new.name, field="name"),
        email_address=email_address,
        mobile_number=mobile_number,
        auth_type=new.auth_type,
        platform_admin=new.platform_admin,
        language=new.language,
        state=new.state,
    )
    if new.password is not None:
        _store_password(user, new.password)
    session.add(user)
    session.flush()
    record_event(session, actor, "user.created", subject_id=user.id, platform_admin=user.platform_admin)
    return user


def change_user(  # noqa: PLR0913 - one argument a field
    session: Session,
    phone_rules: PhoneRules,
    user: User,
    actor: Actor,
    *,
    name: str | None = None,
    email_address: str | None = None,
    mobile_number: str | None = None,
    auth_type: AuthType | None = None,
    platform_admin: bool | None = None,
) -> list[str]:
    """Change what is given; returns the names of what differs now. The trail names fields, not their values."""
    values: dict[str, object] = {}
    if name is not None:
        values["name"] = clean_line(name, field="name")
    if email_address is not None:
        values["email_address"] = _free_email_address(session, user, email_address)
    if mobile_number is not None:
        values["mobile_number"] = _clean_mobile(phone_rules, mobile_number)
    if auth_type is not None:
        values["auth_type"] = auth_type
    if platform_admin is not None:
        values["platform_admin"] = platform_admin
    changed = [key for key, value in values.items() if getattr(user, key) != value]
    for key in changed:
        setattr(user, key, values[key])
    check_second_factor(AuthType(user.auth_type), user.mobile_number)
    if changed:
        record_event(session, actor, "user.changed", subject_id=user.id, fields=changed)
    return changed


def activate_user(session: Session, user: User, actor: Actor) -> None:
    """Raises `ConflictError` for an archived account: nothing of it is left."""
    if user.state == UserState.INACTIVE:
        raise ConflictError("This account is archived for good: create another one", field="user")
    if user.state == UserState.ACTIVE:
        return
    user.state = UserState.ACTIVE
    record_event(session, actor, "user.activated", subject_id=user.id)


def set_password(session: Session, user: User, password: str, actor: Actor) -> None:
    """Also signs the person out everywhere and unlocks the account. Raises `WeakPasswordError`."""
    _store_password(user, password)
    user.failed_login_count = 0
    user.current_session_id = None
    record_event(session, actor, "user.password_set", subject_id=user.id)


def archive_user(session: Session, user: User, actor: Actor) -> None:
    """Wipe what is personal and take the account out of all services, for good. Raises `LastManagerError`."""
    if user.state == UserState.INACTIVE:
        return
    if orphans := services_managed_only_by(session, user.id):
        raise LastManagerError([service.name for service in orphans])
    left = list(session.scalars(select(Member.service_id).where(Member.user_id == user.id)))
    session.execute(delete(Member).where(Member.user_id == user.id))
    user.name = ""
    user.email_address = f"archived-{user.id}@users.invalid"
    user.mobile_number = None
    user.password_hash = None
    user.auth_type = AuthType.EMAIL
    user.platform_admin = False
    user.current_session_id = None
    user.state = UserState.INACTIVE
    record_event(
        session, actor, "user.archived", subject_id=user.id, services=[str(service) for service in left]
    )


def _store_password(user: User, password: str) -> None:
    check_password(password, user.email_address)
    user.password_hash = hash_password(password)
    user.password_changed_at = datetime.now(UTC)


def _clean_mobile(phone_rules: PhoneRules, text: str | None) -> str | None:
    return f"+{clean_phone_number(phone_rules, text)}" if text else None


def _free_email_address(session: Session, user: User, text: str) -> str:
    email_address = clean_email_address(text)
    other = find_user_by_email(session, email_address)
    if other is not None and other.id != user.id:
        raise EmailAddressTakenError
    return email_address
