"""`notifications keys …`"""

from typing import TYPE_CHECKING, Any

import click

from api.cli.groups import Area
from api.cli.operator import Operator, confirm, confirm_option, json_option
from api.contract import KeyType

if TYPE_CHECKING:
    from api.core.services.models import ApiKey

_TYPES = {"live": KeyType.NORMAL, "team": KeyType.TEAM, "test": KeyType.TEST}


@click.group(cls=Area)
def keys() -> None:
    """API keys of a service."""


@keys.command("create", example="keys create 'Mairie de Belrive' 'Site web' --type test")
@click.argument("service")
@click.argument("name")
@click.option("--type", "key_type", required=True, type=click.Choice(list(_TYPES)))
@json_option
@click.pass_obj
def create(operator: Operator, service: str, name: str, key_type: str) -> None:
    """Create a key called NAME in SERVICE (id or name), and print it: it is shown only once."""
    from api.core.services.keys import create_key
    from api.core.services.queries import get_service_to_change

    with operator.session() as session:
        owner = get_service_to_change(session, service)
        actor = operator.actor(session)
        key = create_key(session, operator.runtime.keyring, owner, name, _TYPES[key_type], actor)
    operator.show({"id": key.id, "name": key.name, "type": key_type, "key": key.value})


@keys.command("revoke", example="keys revoke 'Mairie de Belrive' 'Site web' --yes")
@click.argument("service")
@click.argument("key")
@confirm_option
@json_option
@click.pass_obj
def revoke(operator: Operator, service: str, key: str, *, yes: bool) -> None:
    """Let nothing more be done with KEY (id or name) of SERVICE."""
    from api.core.services.keys import revoke_key
    from api.core.services.queries import get_key, get_service

    confirm(f"Revoke the key {key} for good?", yes=yes)
    with operator.session() as session:
        found = get_key(session, get_service(session, service).id, key)
        revoke_key(session, found, operator.actor(session))
    operator.show(_record(found))


@keys.command("list", example="keys list 'Mairie de Belrive' --all")
@click.argument("service")
@click.option("--all", "with_revoked", is_flag=True, help="Revoked keys too.")
@json_option
@click.pass_obj
def list_(operator: Operator, service: str, *, with_revoked: bool) -> None:
    """List the keys of SERVICE (id or name), newest first."""
    from api.core.services.queries import get_service, list_keys

    with operator.session() as session:
        found = list_keys(session, get_service(session, service).id, with_revoked=with_revoked)
        records = [_record(key) for key in found]
    operator.show_all(records, ("id", "name", "type", "created_at", "revoked_at"))


def _record(key: "ApiKey") -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "type": next(name for name, key_type in _TYPES.items() if key_type == key.key_type),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
