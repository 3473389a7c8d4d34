"""Changes to services. All run inside the caller's transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api.contract import Channel
from api.core.events.commands import Actor, changes_of, record_event
from api.core.organisations.models import Organisation
from api.core.organisations.queries import find_organisation_of
from api.core.services.directory import quiet_hours_of
from api.core.services.errors import QuietHoursUnavailableError, ServiceNameTakenError
from api.core.services.members import NewMember, add_member
from api.core.services.models import (
    DEFAULT_INTERNATIONAL_DAILY_LIMIT,
    LIVE_DAILY_LIMIT,
    TRIAL_DAILY_LIMIT,
    ApiKey,
    DataRetention,
    Service,
    SmsSender,
)
from api.core.services.rules import (
    ALL_MEMBER_PERMISSIONS,
    DEFAULT_PERMISSIONS,
    LIVE_LETTER_LIMIT,
    DailyLimit,
    check_daily_limit,
    check_rate_limit,
    check_retention,
    clean_service_permissions,
    clean_sms_sender,
    sender_local_part,
)
from api.core.templates.models import Template
from api.core.templates.rules import check_alphabet
from api.core.text_rules import clean_line
from api.core.users.models import User
from notifications_utils.sending_hours import AlwaysOpen, QuietHours, SendingHours
from notifications_utils.sms.alphabets import SmsAlphabets
from notifications_utils.sms.sender import ContractSenderRules, SenderRules

# Any number: what all changes of names take, so that two never choose the same.
_NAMES_LOCK = 7_110_674
_TRIAL_LIMITS = {
    DailyLimit.EMAIL: TRIAL_DAILY_LIMIT,
    DailyLimit.SMS: TRIAL_DAILY_LIMIT,
    DailyLimit.LETTER: TRIAL_DAILY_LIMIT,
    DailyLimit.INTERNATIONAL_SMS: DEFAULT_INTERNATIONAL_DAILY_LIMIT,
}
LIVE_LIMITS = {
    DailyLimit.EMAIL: LIVE_DAILY_LIMIT,
    DailyLimit.SMS: LIVE_DAILY_LIMIT,
    DailyLimit.LETTER: LIVE_LETTER_LIMIT,
    DailyLimit.INTERNATIONAL_SMS: DEFAULT_INTERNATIONAL_DAILY_LIMIT,
}


@dataclass(frozen=True, slots=True)
class NewService:
    """A service to make, in trial mode. Its creator becomes a member who may do everything."""

    name: str
    default_sms_sender: str
    sender_rules: SenderRules = field(default_factory=ContractSenderRules)
    creator: User | None = None
    organisation: Organisation | None = None
    permissions: Collection[str] = DEFAULT_PERMISSIONS


def create_service(session: Session, new: NewService, actor: Actor) -> Service:
    """Raises `InvalidValueError`, `ServiceNameTakenError`."""
    name = clean_line(new.name, field="name")
    _check_name_is_free(session, name, None)
    organisation = new.organisation
    if organisation is None and new.creator is not None:
        organisation = find_organisation_of(session, new.creator.email_address)
    service = Service(
        name=name,
        email_sender_local_part=sender_local_part(name),
        permissions=clean_service_permissions(new.permissions),
        organisation_id=organisation.id if organisation else None,
        created_by_id=new.creator.id if new.creator else None,
        count_as_live=not (new.creator and new.creator.platform_admin),
    )
    session.add(service)
    session.flush()
    sender = clean_sms_sender(new.sender_rules, new.default_sms_sender)
    session.add(SmsSender(service_id=service.id, sms_sender=sender, is_default=True))
    record_event(session, actor, "service.created", service_id=service.id, subject_id=service.id, name=name)
    if new.creator is not None:
        add_member(session, service, NewMember(new.creator, ALL_MEMBER_PERMISSIONS), actor)
    return service


def rename_service(session: Session, service: Service, name: str, actor: Actor) -> None:
    """Changes the address that its e-mails come from too. Raises `InvalidValueError`, `ServiceNameTakenError`."""
    cleaned = clean_line(name, field="name")
    if cleaned == service.name:
        return
    _check_name_is_free(session, cleaned, service)
    before = service.name
    service.name = cleaned
    service.email_sender_local_part = sender_local_part(cleaned)
    _record(session, service, actor, "service.renamed", name=[before, cleaned])


def go_live(session: Session, service: Service, actor: Actor) -> None:
    """Messages to anybody, with the limits of a live service (contract: limits)."""
    if not service.restricted:
        return
    service.restricted = False
    service.go_live_at = datetime.now(UTC)
    service.go_live_user_id = actor.user_id
    _set_limits(service, LIVE_LIMITS)
    _record(session, service, actor, "service.went_live")


def return_to_trial(session: Session, service: Service, actor: Actor) -> None:
    """Messages to the team and its guests only. Live keys stay, and reach no one else."""
    if service.restricted:
        return
    service.restricted = True
    service.go_live_at = None
    service.go_live_user_id = None
    _set_limits(service, _TRIAL_LIMITS)
    _record(session, service, actor, "service.returned_to_trial")


def set_limits(
    session: Session,
    service: Service,
    actor: Actor,
    *,
    daily: Mapping[DailyLimit, int],
    rate_limit: int | None = None,
) -> None:
    """Raises `InvalidValueError`."""
    before = limits_of(service)
    for limit, value in daily.items():
        check_daily_limit(limit, value)
    if rate_limit is not None:
        check_rate_limit(rate_limit)
        service.rate_limit = rate_limit
    _set_limits(service, daily)
    changed = changes_of(before, limits_of(service))
    if changed:
        _record(session, service, actor, "service.limits_changed", **changed)


def limits_of(service: Service) -> dict[str, int]:
    """Daily limits by channel, and `rate_limit` in requests a minute."""
    return {
        **{limit.value: getattr(service, limit.column) for limit in DailyLimit},
        "rate_limit": service.rate_limit,
    }


def add_permissions(session: Session, service: Service, permissions: Collection[str], actor: Actor) -> None:
    """Raises `InvalidValueError`."""
    _set_permissions(session, service, {*service.permissions, *permissions}, actor)


def remove_permissions(
    session: Session, service: Service, permissions: Collection[str], actor: Actor
) -> None:
    """Raises `InvalidValueError`."""
    clean_service_permissions(permissions)
    _set_permissions(session, service, set(service.permissions) - set(permissions), actor)


def set_sms_prefix(session: Session, service: Service, actor: Actor, *, enabled: bool) -> None:
    """Whether text messages begin with the service's name."""
    if service.prefix_sms == enabled:
        return
    service.prefix_sms = enabled
    _record(session, service, actor, "service.sms_prefix_changed", prefix_sms=[not enabled, enabled])


def set_sms_alphabet(
    session: Session, service: Service, alphabets: SmsAlphabets, name: str | None, actor: Actor
) -> None:
    """The alphabet of its text messages where their templates choose none; None: the deployment's.

    Raises `InvalidValueError`.
    """
    before = service.sms_alphabet
    if check_alphabet(alphabets, name) == before:
        return
    service.sms_alphabet = name
    _record(session, service, actor, "service.sms_alphabet_changed", sms_alphabet=[before, name])


def set_quiet_hours(
    session: Session, service: Service, sending_hours: SendingHours, quiet: QuietHours | None, actor: Actor
) -> None:
    """When its text messages wait; None: never. Raises `QuietHoursUnavailableError`.

    Those that wait already keep their time.
    """
    if quiet is not None and isinstance(sending_hours, AlwaysOpen):
        raise QuietHoursUnavailableError
    before = quiet_hours_of(service)
    if before == quiet:
        return
    service.quiet_from, service.quiet_until = (quiet.start, quiet.end) if quiet else (None, None)
    service.quiet_sundays = quiet is not None and quiet.sundays
    service.quiet_holidays = quiet is not None and quiet.holidays
    told = [None if choice is None else str(choice) for choice in (before, quiet)]
    _record(session, service, actor, "service.quiet_hours_changed", quiet_hours=told)


def set_contact_link(session: Session, service: Service, contact_link: str | None, actor: Actor) -> None:
    """Where recipients find the team: a page, an address or a number."""
    cleaned = clean_line(contact_link, field="contact_link") if contact_link else None
    if service.contact_link == cleaned:
        return
    service.contact_link = cleaned
    _record(session, service, actor, "service.contact_link_changed")


def set_email_sender_name(session: Session, service: Service, name: str | None, actor: Actor) -> None:
    """The name that e-mails come from, when it is not the service's own."""
    cleaned = clean_line(name, field="email_sender_name") if name else None
    if service.custom_email_sender_name == cleaned:
        return
    service.custom_email_sender_name = cleaned
    _record(session, service, actor, "service.email_sender_name_changed")


def set_retention(session: Session, service: Service, channel: Channel, days: int, actor: Actor) -> None:
    """How long messages of a channel are kept. Raises `InvalidValueError`."""
    check_retention(days)
    chosen = session.get(DataRetention, (service.id, channel.value))
    before = chosen.days if chosen else None
    if before == days:
        return
    if chosen is None:
        session.add(DataRetention(service_id=service.id, notification_type=channel.value, days=days))
    else:
        chosen.days = days
    _record(session, service, actor, "service.retention_changed", **{channel.value: [before, days]})


def archive_service(session: Session, service: Service, actor: Actor) -> None:
    """Stop a service for good: keys revoked, templates archived, its name free for another (contract: archive)."""
    now = datetime.now(UTC)
    before = service.name
    service.active = False
    service.name = f"_archived_{now:%Y-%m-%dT%H:%M:%S}_{before}"
    service.email_sender_local_part = f"archived.{service.id}"
    session.execute(
        update(ApiKey)
        .where(ApiKey.service_id == service.id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session="fetch")
    )
    session.execute(
        update(Template)
        .where(Template.service_id == service.id)
        .values(archived=True, updated_at=now)
        .execution_options(synchronize_session="fetch")
    )
    _record(session, service, actor, "service.archived", name=before)


def _check_name_is_free(session: Session, name: str, service: Service | None) -> None:
    """Neither the name nor the sender address that it makes may be another service's, now or in a moment."""
    session.execute(select(func.pg_advisory_xact_lock(_NAMES_LOCK)))
    same = (func.lower(Service.name) == name.lower()) | (
        Service.email_sender_local_part == sender_local_part(name)
    )
    query = select(Service.id).where(same)
    if service is not None:
        query = query.where(Service.id != service.id)
    if session.scalar(query.limit(1)):
        raise ServiceNameTakenError(name)


def _set_limits(service: Service, limits: Mapping[DailyLimit, int]) -> None:
    for limit, value in limits.items():
        setattr(service, limit.column, value)


def _set_permissions(session: Session, service: Service, permissions: Collection[str], actor: Actor) -> None:
    before, after = list(service.permissions), clean_service_permissions(permissions)
    if before == after:
        return
    service.permissions = after
    _record(session, service, actor, "service.permissions_changed", permissions=[before, after])


def _record(session: Session, service: Service, actor: Actor, event_type: str, **data: object) -> None:
    record_event(session, actor, event_type, service_id=service.id, subject_id=service.id, **data)
