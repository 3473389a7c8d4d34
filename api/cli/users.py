"""`notifications users …`"""

import sys
from typing import TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, confirm, confirm_option, json_option

if TYPE_CHECKING:
    from api.core.users.models import User

_COLUMNS = ("id", "email_address", "name", "state", "platform_admin")
_AUTH_TYPES = ("email_auth", "sms_auth", "webauthn_auth")


@click.group(cls=Area)
def users() -> None:
    """People who sign in."""


@users.command("create", example="users create lea@exemple.fr --name 'Léa Martin' --generate-password")
@click.argument("email")
@click.option("--name", required=True, help="As colleagues know the person.")
@click.option("--mobile", metavar="NUMBER", help="With its country, as +33….")
@click.option("--auth-type", type=click.Choice(_AUTH_TYPES), default="email_auth", show_default=True)
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--platform-admin", is_flag=True, help="May see and change everything.")
@click.option("--pending", is_flag=True, help="The person still has to confirm the address.")
@click.option("--generate-password", is_flag=True, help="Print a new password, once.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
@click.pass_obj
def create(
    operator: Operator, /, email: str, *, generate_password: bool, password_stdin: bool, **options: Any
) -> None:
    """Create an account for EMAIL. Without a password its owner has to set one."""
    from api.core.users.commands import NewUser, create_user
    from api.core.users.rules import AuthType, UserState

    password = _choose_password(generate=generate_password, stdin=password_stdin)
    new = NewUser(
        name=options["name"],
        email_address=email,
        mobile_number=options["mobile"],
        password=password,
        auth_type=AuthType(options["auth_type"]),
        platform_admin=options["platform_admin"],
        language=options["language"],
        state=UserState.PENDING if options["pending"] else UserState.ACTIVE,
    )
    with operator.session() as session:
        user = create_user(session, operator.runtime.slots.phone_rules, new, operator.actor(session))
    operator.show(_record(user) | ({"password": password} if generate_password else {}))


@users.command("list", example="users list --json")
@click.option("--all", "with_archived", is_flag=True, help="Archived accounts too.")
@json_option
@click.pass_obj
def list_(operator: Operator, *, with_archived: bool) -> None:
    """List accounts, oldest first."""
    from api.core.users.queries import list_users

    with operator.session() as session:
        records = [_record(user) for user in list_users(session, with_archived=with_archived)]
    operator.show_all(records, _COLUMNS)


@users.command("show", example="users show lea@exemple.fr")
@click.argument("user")
@json_option
@click.pass_obj
def show(operator: Operator, user: str) -> None:
    """Show the account of USER (id or e-mail address)."""
    from api.core.users.queries import get_user

    with operator.session() as session:
        record = _record(get_user(session, user))
    operator.show(record)


@users.command("change", example="users change lea@exemple.fr --name 'Léa Martin-Roux'")
@click.argument("user")
@click.option("--name")
@click.option("--email", "email_address")
@click.option("--mobile", "mobile_number", metavar="NUMBER", help="With its country, as +33….")
@click.option("--auth-type", type=click.Choice(_AUTH_TYPES))
@click.option("--platform-admin/--no-platform-admin", default=None)
@json_option
@click.pass_obj
def change(operator: Operator, /, user: str, **changes: Any) -> None:
    """Change what is given of the account of USER (id or e-mail address)."""
    from api.core.users.commands import change_user
    from api.core.users.queries import get_user
    from api.core.users.rules import AuthType

    if changes["auth_type"] is not None:
        changes["auth_type"] = AuthType(changes["auth_type"])
    with operator.session() as session:
        found = get_user(session, user)
        change_user(session, operator.runtime.slots.phone_rules, found, operator.actor(session), **changes)
    operator.show(_record(found))


@users.command("activate", example="users activate lea@exemple.fr")
@click.argument("user")
@json_option
@click.pass_obj
def activate(operator: Operator, user: str) -> None:
    """Let USER (id or e-mail address) sign in."""
    from api.core.users.commands import activate_user
    from api.core.users.queries import get_user

    with operator.session() as session:
        found = get_user(session, user)
        activate_user(session, found, operator.actor(session))
    operator.show(_record(found))


@users.command("set-password", example="users set-password lea@exemple.fr --generate-password")
@click.argument("user")
@click.option("--generate-password", is_flag=True, help="Print a new password, once.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
@click.pass_obj
def set_password_(operator: Operator, user: str, *, generate_password: bool, password_stdin: bool) -> None:
    """Give USER (id or e-mail address) another password; asks for it unless told otherwise."""
    from api.core.users.commands import set_password
    from api.core.users.queries import get_user

    password = _choose_password(generate=generate_password, stdin=password_stdin)
    if password is None:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    with operator.session() as session:
        found = get_user(session, user)
        set_password(session, found, password, operator.actor(session))
    operator.show(_record(found) | ({"password": password} if generate_password else {}))


@users.command("archive", example="users archive lea@exemple.fr --yes")
@click.argument("user")
@confirm_option
@json_option
@click.pass_obj
def archive(operator: Operator, user: str, *, yes: bool) -> None:
    """Erase the account of USER (id or e-mail address) and take it out of all services, for good."""
    from api.core.users.commands import archive_user
    from api.core.users.queries import get_user

    confirm(f"Erase the account {user} for good?", yes=yes)
    with operator.session() as session:
        found = get_user(session, user)
        archive_user(session, found, operator.actor(session))
    operator.show(_record(found))


def _choose_password(*, generate: bool, stdin: bool) -> str | None:
    """Never from the command line: other users of the machine would see it."""
    from api.core.users.passwords import generate_password

    if generate and stdin:
        raise click.UsageError("Give only one of --generate-password and --password-stdin.")
    if generate:
        return generate_password()
    return sys.stdin.readline().rstrip("\r\n") if stdin else None


def _record(user: "User") -> dict[str, Any]:
    return {
        "id": user.id,
        "email_address": user.email_address,
        "name": user.name,
        "mobile_number": user.mobile_number,
        "state": user.state,
        "auth_type": user.auth_type,
        "platform_admin": user.platform_admin,
        "language": user.language,
        "has_password": user.password_hash is not None,
        "created_at": user.created_at,
        "logged_in_at": user.logged_in_at,
    }
