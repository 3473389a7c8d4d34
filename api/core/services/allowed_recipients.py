"""Who may receive from a service in trial mode, or from a team key (contract: key types)."""

import uuid

from sqlalchemy import ColumnElement, exists, func, select

from api.contract import Channel
from api.core.services.models import Guest, Member
from api.core.users.models import User
from api.db.engine import Database


def is_team_or_guest(database: Database, service_id: uuid.UUID, channel: Channel, recipient: str) -> bool:
    """`recipient` is normalised: E.164 digits, or a lower-case e-mail address."""
    guest = exists().where(Guest.service_id == service_id, Guest.recipient == recipient)
    member = exists().where(
        Member.service_id == service_id,
        Member.user_id == User.id,
        User.state == "active",
        _is_address_of_user(channel, recipient),
    )
    with database.autocommit() as connection:
        return bool(connection.scalar(select(guest | member)))


def _is_address_of_user(channel: Channel, recipient: str) -> ColumnElement[bool]:
    """Members' numbers are stored in E.164, with or without the sign."""
    if channel == Channel.SMS:
        return User.mobile_number.in_([recipient, f"+{recipient}"])
    return func.lower(User.email_address) == recipient
