"""Who may be on the list of a job, and how its rows are read."""

import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, union_all

from api.contract import (
    SIMULATED_EMAIL_ADDRESSES,
    SIMULATED_PHONE_NUMBERS,
    Channel,
    KeyType,
    ServicePermission,
)
from api.core.jobs.orders import MAX_ROWS, BulkOrder
from api.core.notifications.accept import Caller
from api.core.services.directory import KnownService
from api.core.services.models import Guest, Member
from api.core.templates.directory import KnownTemplate
from api.core.users.models import User
from api.db.engine import Database
from api.runtime import Runtime
from notifications_utils.recipients.cleaning import clean_text
from notifications_utils.recipients.recipient_checks import EmailRecipients, RecipientChecks, SmsRecipients
from notifications_utils.recipients.recipient_list import ListLimits, RecipientList
from notifications_utils.recipients.spreadsheet import read_spreadsheet
from notifications_utils.recipients.spreadsheet_errors import SheetRow, SpreadsheetLimits

_MAX_CSV_BYTES = 16 * 1024 * 1024
SIMULATED = {Channel.EMAIL: SIMULATED_EMAIL_ADDRESSES, Channel.SMS: SIMULATED_PHONE_NUMBERS}


def read_order_rows(order: BulkOrder) -> Iterator[SheetRow]:
    """Headings first. Raises `SpreadsheetError` on the way."""
    if order.csv is not None:
        limits = SpreadsheetLimits(rows=MAX_ROWS, size=_MAX_CSV_BYTES)
        yield from read_spreadsheet(order.csv.encode(), limits)
    for number, cells in enumerate(order.rows or (), start=1):
        yield SheetRow(number, [_as_text(cell) for cell in cells])


def open_list(
    runtime: Runtime, caller: Caller, template: KnownTemplate, rows: Iterator[SheetRow]
) -> RecipientList[Any]:
    service, limits = caller.service, ListLimits(rows=MAX_ROWS, allowed_recipients=None)
    if is_limited_to_team(caller):
        allowed = load_team_and_guests(runtime.database, service.id, template.type)
        # Simulated recipients reach nobody, so anybody may use them.
        limits = ListLimits(rows=MAX_ROWS, allowed_recipients=allowed | SIMULATED[template.type])
    compiled = (
        template.sms(service.sms_prefix, service.sms_alphabet)
        if template.type == Channel.SMS
        else template.email
    )
    return RecipientList(rows, compiled, _checks(runtime, service, template.type), limits)


def is_limited_to_team(caller: Caller) -> bool:
    """Contract: team keys always, live keys in trial mode; test keys reach nobody."""
    return caller.key_type == KeyType.TEAM or (
        caller.key_type == KeyType.NORMAL and caller.service.restricted
    )


def load_team_and_guests(database: Database, service_id: uuid.UUID, channel: Channel) -> frozenset[str]:
    """As people wrote them."""
    is_email = channel == Channel.EMAIL
    address = User.email_address if is_email else User.mobile_number
    kind = "email" if is_email else "mobile"
    members = (
        select(address)
        .join(Member, Member.user_id == User.id)
        .where(Member.service_id == service_id, User.state == "active", address.is_not(None))
    )
    guests = select(Guest.recipient).where(Guest.service_id == service_id, Guest.recipient_type == kind)
    with database.autocommit() as connection:
        return frozenset(connection.scalars(union_all(members, guests)))


def _checks(runtime: Runtime, service: KnownService, channel: Channel) -> RecipientChecks:
    if channel == Channel.EMAIL:
        return EmailRecipients()
    return SmsRecipients(
        runtime.slots.phone_rules,
        allow_international=ServicePermission.INTERNATIONAL_SMS in service.permissions,
        allow_landlines=ServicePermission.SMS_TO_LANDLINES in service.permissions,
        can_send_to=lambda code: runtime.slots.rates.multiplier_of(code) is not None,
    )


def _as_text(cell: object) -> str:
    return "" if cell is None else clean_text(str(cell)).strip()
