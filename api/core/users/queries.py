"""Finding accounts."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.core.users.errors import UserNotFoundError
from api.core.users.models import User
from api.core.users.rules import UserState


def find_user_by_email(session: Session, email_address: str) -> User | None:
    return session.scalar(select(User).where(func.lower(User.email_address) == email_address.strip().lower()))


def get_user(session: Session, reference: str) -> User:
    """By id or e-mail address. Raises `UserNotFoundError`."""
    try:
        user = session.get(User, uuid.UUID(reference))
    except ValueError:
        user = find_user_by_email(session, reference)
    if user is None:
        raise UserNotFoundError(reference)
    return user


def list_users(session: Session, *, with_archived: bool = False) -> Sequence[User]:
    """Oldest first."""
    query = select(User).order_by(User.id)
    if not with_archived:
        query = query.where(User.state != UserState.INACTIVE)
    return session.scalars(query).all()
