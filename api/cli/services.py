"""`notifications services …`"""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, confirm, confirm_option, json_option
from api.contract import Channel, ServicePermission

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from api.core.events.commands import Actor
    from api.core.services.models import Service

_COLUMNS = ("id", "name", "mode", "permissions")
_PERMISSIONS = click.Choice([permission.value for permission in ServicePermission])


@click.group(cls=Area)
def services() -> None:
    """Services: trial and live, permissions, limits, retention."""


@services.command("create", example="services create 'Mairie de Belrive' --creator lea@exemple.fr")
@click.argument("name")
@click.option("--creator", metavar="USER", help="Becomes a member who may do everything.")
@click.option("--organisation", metavar="NAME", help="By default that of the creator's e-mail domain.")
@click.option("--live", is_flag=True, help="Live at once, rather than in trial mode.")
@json_option
@click.pass_obj
def create(
    operator: Operator, name: str, creator: str | None, organisation: str | None, *, live: bool
) -> None:
    """Create the service NAME, with the permissions and limits of the contract."""
    from api.core.organisations.queries import get_organisation
    from api.core.services.commands import NewService, create_service, go_live
    from api.core.users.queries import get_user

    with operator.session() as session:
        actor = operator.actor(session)
        new = NewService(
            name=name,
            default_sms_sender=operator.runtime.settings.default_sms_sender,
            sender_rules=operator.runtime.slots.sender_rules,
            creator=get_user(session, creator) if creator else None,
            organisation=get_organisation(session, organisation) if organisation else None,
        )
        service = create_service(session, new, actor)
        if live:
            go_live(session, service, actor)
        record = _record(session, service)
    operator.show(record)


@services.command("list", example="services list --all")
@click.option("--all", "with_archived", is_flag=True, help="Archived services too.")
@json_option
@click.pass_obj
def list_(operator: Operator, *, with_archived: bool) -> None:
    """List services by name."""
    from api.core.services.queries import list_services

    with operator.session() as session:
        records = [
            _record(session, service) for service in list_services(session, with_archived=with_archived)
        ]
    operator.show_all(records, _COLUMNS)


@services.command("show", example="services show 'Mairie de Belrive'")
@click.argument("service")
@json_option
@click.pass_obj
def show(operator: Operator, service: str) -> None:
    """Show SERVICE (id or name)."""
    from api.core.services.queries import get_service

    with operator.session() as session:
        record = _record(session, get_service(session, service))
    operator.show(record)


@services.command("rename", example="services rename 'Mairie de Belrive' 'Ville de Belrive'")
@click.argument("service")
@click.argument("name")
@json_option
@click.pass_obj
def rename(operator: Operator, service: str, name: str) -> None:
    """Give SERVICE another NAME; its e-mails come from another address too."""
    from api.core.services.commands import rename_service

    _change(operator, service, lambda session, found, actor: rename_service(session, found, name, actor))


@services.command("go-live", example="services go-live 'Mairie de Belrive'")
@click.argument("service")
@json_option
@click.pass_obj
def go_live_(operator: Operator, service: str) -> None:
    """Let SERVICE write to anybody, with the limits of a live service."""
    from api.core.services.commands import go_live

    _change(operator, service, go_live)


@services.command("trial", example="services trial 'Mairie de Belrive'")
@click.argument("service")
@json_option
@click.pass_obj
def trial(operator: Operator, service: str) -> None:
    """Take SERVICE back to trial mode: its team and guests only, with the limits of a trial."""
    from api.core.services.commands import return_to_trial

    _change(operator, service, return_to_trial)


@services.command("permissions", example="services permissions 'Mairie de Belrive' --add inbound_sms")
@click.argument("service")
@click.option("--add", multiple=True, type=_PERMISSIONS)
@click.option("--remove", multiple=True, type=_PERMISSIONS)
@json_option
@click.pass_obj
def permissions(operator: Operator, service: str, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
    """Add permissions to SERVICE, or remove some."""
    from api.core.services.commands import add_permissions, remove_permissions

    def change(session: "Session", found: "Service", actor: "Actor") -> None:
        add_permissions(session, found, add, actor)
        remove_permissions(session, found, remove, actor)

    _change(operator, service, change)


@services.command("limits", example="services limits 'Mairie de Belrive' --sms 1000 --rate 600")
@click.argument("service")
@click.option("--email", type=int, metavar="N", help="E-mails a day.")
@click.option("--sms", type=int, metavar="N", help="Text messages a day.")
@click.option("--letter", type=int, metavar="N", help="Letters a day.")
@click.option(
    "--international-sms", type=int, metavar="N", help="Of the text messages, those to other countries."
)
@click.option("--rate", type=int, metavar="N", help="Requests a minute for each type of key.")
@json_option
@click.pass_obj
def limits(operator: Operator, /, service: str, rate: int | None, **daily: int | None) -> None:
    """Change the limits of SERVICE that are given."""
    from api.core.services.commands import set_limits
    from api.core.services.rules import DailyLimit

    chosen = {DailyLimit(name): value for name, value in daily.items() if value is not None}
    _change(operator, service, partial(set_limits, daily=chosen, rate_limit=rate))


@services.command("sms-prefix", example="services sms-prefix 'Mairie de Belrive' off")
@click.argument("service")
@click.argument("state", type=click.Choice(["on", "off"]))
@json_option
@click.pass_obj
def sms_prefix(operator: Operator, service: str, state: str) -> None:
    """Begin the text messages of SERVICE with its name, or not."""
    from api.core.services.commands import set_sms_prefix

    _change(operator, service, partial(set_sms_prefix, enabled=state == "on"))


@services.command("sms-alphabet", example="services sms-alphabet 'Mairie de Belrive' default")
@click.argument("service")
@click.argument("name")
@json_option
@click.pass_obj
def sms_alphabet(operator: Operator, service: str, name: str) -> None:
    """Write the text messages of SERVICE in the alphabet NAME, or `default`; their templates may choose another."""
    from api.core.services.commands import set_sms_alphabet

    alphabets = operator.runtime.slots.sms_alphabets
    chosen = None if name == "default" else name
    _change(
        operator,
        service,
        lambda session, found, actor: set_sms_alphabet(session, found, alphabets, chosen, actor),
    )


@services.command(
    "quiet-hours", example="services quiet-hours 'Mairie de Belrive' 21:30-08:00 --sundays --holidays"
)
@click.argument("service")
@click.argument("hours", metavar="HOURS")
@click.option("--sundays", is_flag=True, help="Sundays are quiet as a whole.")
@click.option("--holidays", is_flag=True, help="Public holidays are quiet as a whole.")
@json_option
@click.pass_obj
def quiet_hours(operator: Operator, service: str, hours: str, *, sundays: bool, holidays: bool) -> None:
    """Let the text messages of SERVICE wait during HOURS of the recipient's day, as 21:30-08:00, or never: `off`.

    Messages of urgent templates and of test keys do not wait.
    """
    from api.core.services.commands import set_quiet_hours
    from api.core.services.rules import read_quiet_hours

    if hours == "off" and (sundays or holidays):
        raise click.UsageError("`off` goes with neither --sundays nor --holidays.")
    chosen = None if hours == "off" else read_quiet_hours(hours, sundays=sundays, holidays=holidays)
    sending_hours = operator.runtime.slots.sending_hours
    _change(
        operator,
        service,
        lambda session, found, actor: set_quiet_hours(session, found, sending_hours, chosen, actor),
    )
    operator.say("Messages that wait already keep their time; `notifications release` sends them.")


@services.command("retention", example="services retention 'Mairie de Belrive' sms 30")
@click.argument("service")
@click.argument("channel", type=click.Choice([channel.value for channel in Channel]))
@click.argument("days", type=int)
@json_option
@click.pass_obj
def retention(operator: Operator, service: str, channel: str, days: int) -> None:
    """Keep the messages of a CHANNEL of SERVICE for so many DAYS (3 to 90)."""
    from api.core.services.commands import set_retention

    _change(
        operator,
        service,
        lambda session, found, actor: set_retention(session, found, Channel(channel), days, actor),
    )


@services.command("details", example="services details 'Mairie de Belrive' --email-sender-name 'Mairie'")
@click.argument("service")
@click.option("--email-sender-name", metavar="TEXT", help="Whom its e-mails come from; empty: its own name.")
@click.option("--contact-link", metavar="TEXT", help="Page, address or number of the team; empty: none.")
@json_option
@click.pass_obj
def details(
    operator: Operator, service: str, email_sender_name: str | None, contact_link: str | None
) -> None:
    """Change what recipients see of SERVICE."""
    from api.core.services.commands import set_contact_link, set_email_sender_name

    def change(session: "Session", found: "Service", actor: "Actor") -> None:
        if email_sender_name is not None:
            set_email_sender_name(session, found, email_sender_name, actor)
        if contact_link is not None:
            set_contact_link(session, found, contact_link, actor)

    _change(operator, service, change)


@services.command("archive", example="services archive 'Mairie de Belrive' --yes")
@click.argument("service")
@confirm_option
@json_option
@click.pass_obj
def archive(operator: Operator, service: str, *, yes: bool) -> None:
    """Stop SERVICE for good: its keys are revoked, its templates archived."""
    from api.core.services.commands import archive_service

    confirm(f"Stop the service {service} for good?", yes=yes)
    _change(operator, service, archive_service)


def _change(operator: Operator, service: str, change: "Callable[[Session, Service, Actor], None]") -> None:
    from api.core.services.queries import get_service_to_change

    with operator.session() as session:
        found = get_service_to_change(session, service)
        change(session, found, operator.actor(session))
        session.flush()
        record = _record(session, found)
    operator.show(record)


def _record(session: "Session", service: "Service") -> dict[str, Any]:
    from api.core.services.commands import limits_of
    from api.core.services.directory import quiet_hours_of
    from api.core.services.queries import retention_of

    return {
        "id": service.id,
        "name": service.name,
        "mode": _mode(service),
        "permissions": service.permissions,
        "limits": limits_of(service),
        "sms_prefix": service.prefix_sms,
        "sms_alphabet": service.sms_alphabet,
        "email_sender": service.email_sender_local_part,
        "email_sender_name": service.custom_email_sender_name,
        "contact_link": service.contact_link,
        "quiet_hours": str(quiet) if (quiet := quiet_hours_of(service)) else None,
        "retention_days": retention_of(session, service.id),
        "organisation_id": service.organisation_id,
        "created_at": service.created_at,
        "go_live_at": service.go_live_at,
    }


def _mode(service: "Service") -> str:
    if not service.active:
        return "archived"
    return "trial" if service.restricted else "live"
