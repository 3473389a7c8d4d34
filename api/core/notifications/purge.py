"""Erasing a person everywhere, across services (GDPR, article 17).

What is counted stays, without the person: messages move to the anonymous history as they do after their retention.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, insert, literal, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.contract import KeyType, Status
from api.core.callbacks.models import CallbackDelivery
from api.core.complaints.models import Complaint
from api.core.events.commands import Actor, record_event
from api.core.inbound.models import InboundSms
from api.core.jobs.erase import FileState, erase_from_job, find_job_files
from api.core.notifications.models import (
    Notification,
    NotificationEvent,
    NotificationHistory,
    UnsubscribeRequest,
)
from api.core.recipient_rules import clean_email_address, clean_phone_number
from api.core.services.models import Guest
from api.core.suppressions.models import Suppression
from api.core.users.models import User
from api.runtime import Runtime
from notifications_utils.recipients.email_address import format_email_address
from notifications_utils.recipients.phone_rules import PhoneRules

_KEPT: Final = [
    column.name
    for column in NotificationHistory.__table__.columns
    if column.name not in ("client_reference", "status")
]


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What was found and, unless it was only looked for, erased.

    `jobs_being_sent` have files that name the person and are in a worker's hands: to be purged when they are finished.
    `accounts` are people who sign in with that address or number: they are archived apart.
    """

    notifications: int
    received_texts: int
    callback_deliveries: int
    unsubscribe_requests: int
    complaints: int
    suppressions: int
    guest_lists: int
    job_files: int
    jobs_being_sent: int
    accounts: int


def normalise_recipient(phone_rules: PhoneRules, text: str) -> str:
    """As recipients are stored. Raises `InvalidValueError`."""
    if "@" in text:
        return format_email_address(clean_email_address(text, field="recipient"))
    return clean_phone_number(phone_rules, text, field="recipient")


def find_recipient(runtime: Runtime, recipient: str) -> PurgeReport:
    """What `purge_recipient` would erase of a normalised recipient."""
    states = [state for _, state in find_job_files(runtime, recipient)]
    with runtime.unit_of_work() as work:
        traces = _Traces.find(work.session, recipient)
    being_sent = states.count(FileState.SENDING)
    return traces.report(len(states) - being_sent, being_sent)


def purge_recipient(runtime: Runtime, recipient: str, actor: Actor) -> PurgeReport:
    """Erase a normalised recipient: from the files of jobs first, so that none of them makes another message of it,
    then from the database in one transaction. The trail keeps numbers only.
    """
    erased = [erase_from_job(runtime, job_id, recipient) for job_id, _ in find_job_files(runtime, recipient)]
    with runtime.unit_of_work() as work:
        session = work.session
        traces = _Traces.find(session, recipient)
        _cancel_and_move(session, traces.notification_ids)
        session.execute(_delete(InboundSms.id, traces.inbound_ids))
        session.execute(_delete(CallbackDelivery.id, traces.callback_ids))
        session.execute(_delete(Complaint.id, traces.complaint_ids))
        session.execute(delete(Suppression).where(Suppression.recipient == recipient))
        session.execute(delete(Guest).where(Guest.recipient == recipient))
        session.execute(
            update(UnsubscribeRequest)
            .where(UnsubscribeRequest.id.in_(traces.unsubscribe_ids))
            .values(email_address="")
        )
        report = traces.report(erased.count(True), erased.count(False))
        record_event(session, actor, "recipient.purged", notifications=report.notifications)
    return report


@dataclass(frozen=True, slots=True)
class _Traces:
    notification_ids: Sequence[uuid.UUID]
    inbound_ids: Sequence[uuid.UUID]
    callback_ids: Sequence[uuid.UUID]
    unsubscribe_ids: Sequence[uuid.UUID]
    complaint_ids: Sequence[uuid.UUID]
    suppressions: int
    guest_lists: int
    accounts: int

    @classmethod
    def find(cls, session: Session, recipient: str) -> "_Traces":
        """Messages are locked: none of them can be claimed before it is erased."""
        notification_ids = session.scalars(
            select(Notification.id)
            .where(Notification.normalised_to == recipient)
            .order_by(Notification.id)
            .with_for_update()
        ).all()
        inbound_ids = session.scalars(
            select(InboundSms.id).where(InboundSms.user_number.in_([recipient, f"+{recipient}"]))
        ).all()
        subjects = [*notification_ids, *inbound_ids]
        return cls(
            notification_ids=notification_ids,
            inbound_ids=inbound_ids,
            callback_ids=_ids(session, CallbackDelivery.id, CallbackDelivery.subject_id.in_(subjects)),
            unsubscribe_ids=_ids(
                session,
                UnsubscribeRequest.id,
                or_(
                    func.lower(UnsubscribeRequest.email_address) == recipient,
                    UnsubscribeRequest.notification_id.in_(notification_ids),
                ),
            ),
            complaint_ids=_ids(session, Complaint.id, Complaint.notification_id.in_(notification_ids)),
            suppressions=_count(session, Suppression.recipient == recipient),
            guest_lists=_count(session, Guest.recipient == recipient),
            accounts=_count(
                session,
                (func.lower(User.email_address) == recipient)
                | User.mobile_number.in_([recipient, f"+{recipient}"]),
            ),
        )

    def report(self, job_files: int, jobs_being_sent: int) -> PurgeReport:
        return PurgeReport(
            notifications=len(self.notification_ids),
            received_texts=len(self.inbound_ids),
            callback_deliveries=len(self.callback_ids),
            unsubscribe_requests=len(self.unsubscribe_ids),
            complaints=len(self.complaint_ids),
            suppressions=self.suppressions,
            guest_lists=self.guest_lists,
            job_files=job_files,
            jobs_being_sent=jobs_being_sent,
            accounts=self.accounts,
        )


def _cancel_and_move(session: Session, identifiers: Sequence[uuid.UUID]) -> None:
    """Messages that nobody has sent yet are cancelled. Those of test keys leave no trace, as after their retention."""
    if not identifiers:
        return
    gone = (
        delete(Notification)
        .where(Notification.id.in_(identifiers))
        .returning(Notification.__table__)
        .cte("gone")
    )
    status = func.coalesce(func.nullif(gone.c.status, literal(Status.CREATED.value)), Status.CANCELLED.value)
    kept = select(*(gone.c[name] for name in _KEPT), status).where(gone.c.key_type != KeyType.TEST)
    session.execute(insert(NotificationHistory).from_select([*_KEPT, "status"], kept))
    # Providers quote addresses in their refusals; what is written here should not, but nobody will read it again.
    session.execute(
        update(NotificationEvent)
        .where(NotificationEvent.notification_id.in_(identifiers), NotificationEvent.detail.is_not(None))
        .values(detail=None)
    )


def _ids(session: Session, column: InstrumentedAttribute[uuid.UUID], condition: Any) -> Sequence[uuid.UUID]:
    return session.scalars(select(column).where(condition)).all()


def _count(session: Session, condition: Any) -> int:
    return session.scalar(select(func.count()).where(condition)) or 0


def _delete(column: InstrumentedAttribute[uuid.UUID], identifiers: Sequence[uuid.UUID]) -> Any:
    return delete(column.class_).where(column.in_(identifiers))
