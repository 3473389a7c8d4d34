"""`notifications members …`"""

from typing import TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, confirm, confirm_option, json_option
from api.contract import UserPermission

if TYPE_CHECKING:
    from api.core.services.models import Member
    from api.core.users.models import User

_PERMISSIONS = click.Choice([*(permission.value for permission in UserPermission), "all"])


@click.group(cls=Area)
def members() -> None:
    """Who belongs to a service, and what they may do there."""


@members.command("add", example="members add 'Mairie de Belrive' lea@exemple.fr --permission all")
@click.argument("service")
@click.argument("user")
@click.option("--permission", "permissions", multiple=True, type=_PERMISSIONS, help="May be repeated.")
@json_option
@click.pass_obj
def add(operator: Operator, service: str, user: str, permissions: tuple[str, ...]) -> None:
    """Make USER (id or e-mail address) a member of SERVICE (id or name)."""
    from api.core.services.members import NewMember, add_member
    from api.core.services.queries import get_service_to_change
    from api.core.users.queries import get_user

    with operator.session() as session:
        person = get_user(session, user)
        member = add_member(
            session,
            get_service_to_change(session, service),
            NewMember(person, _expand(permissions)),
            operator.actor(session),
        )
    operator.show(_record(member, person))


@members.command(
    "change", example="members change 'Mairie de Belrive' lea@exemple.fr --permission send_texts"
)
@click.argument("service")
@click.argument("user")
@click.option("--permission", "permissions", multiple=True, type=_PERMISSIONS, help="May be repeated.")
@json_option
@click.pass_obj
def change(operator: Operator, service: str, user: str, permissions: tuple[str, ...]) -> None:
    """Replace what USER may do in SERVICE; without any permission the person can still look at it."""
    from api.core.services.members import change_member
    from api.core.services.queries import get_service_to_change
    from api.core.users.queries import get_user

    with operator.session() as session:
        person = get_user(session, user)
        found = get_service_to_change(session, service)
        member = change_member(session, found, person, _expand(permissions), operator.actor(session))
    operator.show(_record(member, person))


@members.command("remove", example="members remove 'Mairie de Belrive' lea@exemple.fr --yes")
@click.argument("service")
@click.argument("user")
@confirm_option
@json_option
@click.pass_obj
def remove(operator: Operator, service: str, user: str, *, yes: bool) -> None:
    """Take USER out of SERVICE."""
    from api.core.services.members import remove_member
    from api.core.services.queries import get_member, get_service_to_change
    from api.core.users.queries import get_user

    confirm(f"Take {user} out of {service}?", yes=yes)
    with operator.session() as session:
        person, found = get_user(session, user), get_service_to_change(session, service)
        record = _record(get_member(session, found, person), person)
        remove_member(session, found, person, operator.actor(session))
    operator.show(record)


@members.command("list", example="members list 'Mairie de Belrive'")
@click.argument("service")
@json_option
@click.pass_obj
def list_(operator: Operator, service: str) -> None:
    """List the members of SERVICE (id or name)."""
    from api.core.services.queries import get_service, list_members

    with operator.session() as session:
        rows = list_members(session, get_service(session, service).id)
        records = [_record(member, user) for member, user in rows]
    operator.show_all(records, ("email_address", "name", "state", "permissions"))


def _expand(permissions: tuple[str, ...]) -> list[str]:
    return [permission.value for permission in UserPermission] if "all" in permissions else list(permissions)


def _record(member: "Member", user: "User") -> dict[str, Any]:
    return {
        "user_id": user.id,
        "email_address": user.email_address,
        "name": user.name,
        "state": user.state,
        "permissions": member.permissions,
        "created_at": member.created_at,
    }
