"""`notifications callbacks …`"""

import secrets
import sys
from dataclasses import asdict

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option
from api.contract import CallbackType

_TYPE = click.Choice([callback_type.value for callback_type in CallbackType])
_TOKEN_BYTES = 32


@click.group(cls=Area)
def callbacks() -> None:
    """Where services want to be told."""


@callbacks.command(
    "set",
    example="callbacks set 'Mairie de Belrive' delivery_status https://exemple.fr/suivi --generate-token",
)
@click.argument("service")
@click.argument("callback_type", metavar="TYPE", type=_TYPE)
@click.argument("url")
@click.option("--generate-token", is_flag=True, help="Print a new bearer token, once.")
@click.option("--token-stdin", is_flag=True, help="Read the bearer token from standard input.")
@json_option
@click.pass_obj
def set_(
    operator: Operator, service: str, callback_type: str, url: str, *, generate_token: bool, token_stdin: bool
) -> None:
    """Tell SERVICE (id or name) at URL what becomes of its messages (TYPE delivery_status), or what it receives.

    Asks for the bearer token with which it shall be told, unless told otherwise.
    """
    from api.core.callbacks.commands import set_callback
    from api.core.events.commands import record_event
    from api.core.services.queries import get_service_to_change

    token = _choose_token(generate=generate_token, stdin=token_stdin)
    with operator.session() as session:
        owner = get_service_to_change(session, service)
        actor = operator.actor(session)
        record_event(session, actor, "callback.set", service_id=owner.id, type=callback_type)
        # In a transaction of its own; the trail is written only if it does not refuse.
        set_callback(operator.runtime, owner.id, CallbackType(callback_type), url, token, actor.user_id)
    record = {"service_id": owner.id, "type": callback_type, "url": url}
    operator.show(record | ({"bearer_token": token} if generate_token else {}))


@callbacks.command("remove", example="callbacks remove 'Mairie de Belrive' delivery_status")
@click.argument("service")
@click.argument("callback_type", metavar="TYPE", type=_TYPE)
@json_option
@click.pass_obj
def remove(operator: Operator, service: str, callback_type: str) -> None:
    """Tell SERVICE (id or name) nothing more of TYPE."""
    from api.core.callbacks.commands import remove_callback
    from api.core.command_errors import UnknownSubjectError
    from api.core.events.commands import record_event
    from api.core.services.queries import get_service

    with operator.session() as session:
        owner = get_service(session, service)
        if not remove_callback(operator.runtime, owner.id, CallbackType(callback_type)):
            raise UnknownSubjectError(f"{owner.name!r} has no callback of type {callback_type}", field="type")
        record_event(
            session, operator.actor(session), "callback.removed", service_id=owner.id, type=callback_type
        )
    operator.show({"service_id": owner.id, "type": callback_type, "url": None})


@callbacks.command("list", example="callbacks list 'Mairie de Belrive'")
@click.argument("service")
@json_option
@click.pass_obj
def list_(operator: Operator, service: str) -> None:
    """List the callbacks of SERVICE (id or name); their tokens are never shown."""
    from api.core.callbacks.queries import list_callbacks
    from api.core.services.queries import get_service

    with operator.session() as session:
        found = list_callbacks(session.connection(), get_service(session, service).id)
    records = [asdict(callback) for callback in found]
    operator.show_all(records, ("callback_type", "url", "created_at", "updated_at"))


@callbacks.command("log", example="callbacks log 'Mairie de Belrive' --status failed")
@click.argument("service")
@click.option("--status", type=click.Choice(["pending", "delivered", "failed"]))
@json_option
@click.pass_obj
def log(operator: Operator, service: str, status: str | None) -> None:
    """List what SERVICE (id or name) was told lately, and how it answered."""
    from api.core.callbacks.queries import list_deliveries
    from api.core.services.queries import get_service

    with operator.session() as session:
        service_id = get_service(session, service).id
        found = list_deliveries(session.connection(), service_id, status=status)
    records = [asdict(delivery) for delivery in found]
    operator.show_all(
        records,
        ("created_at", "callback_type", "subject_id", "status", "attempts", "last_http_status", "last_error"),
    )


def _choose_token(*, generate: bool, stdin: bool) -> str:
    """Never from the command line: other users of the machine would see it."""
    if generate and stdin:
        raise click.UsageError("Give only one of --generate-token and --token-stdin.")
    if generate:
        return secrets.token_urlsafe(_TOKEN_BYTES)
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    token: str = click.prompt("Bearer token", hide_input=True, err=True)
    return token
