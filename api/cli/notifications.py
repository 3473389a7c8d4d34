"""`notifications notifications …`"""

import re
import uuid
from datetime import timedelta

import click

from api.cli.groups import Area
from api.cli.operator import Operator, confirm, confirm_option, json_option
from api.cli.output import print_record, print_table

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Duration(click.ParamType[timedelta]):
    """`90s`, `5m`, `2h`, `1d`."""

    name = "duration"

    def convert(
        self, value: object, parameter: click.Parameter | None, context: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"(\d{1,6})([smhd])", str(value))
        if match is None:
            self.fail(f"{value!r} is not a duration: it looks like 90s, 5m, 2h or 1d", parameter, context)
        return timedelta(**{_UNITS[match[2]]: int(match[1])})


@click.group(cls=Area)
def notifications() -> None:
    """Single messages: history, publishing again."""


@notifications.command("show", example="notifications show 019a54c2-7c1e-7b4f-9d2e-0c5a1b2d3e4f")
@click.argument("identifier", metavar="ID", type=click.UUID)
@click.option("--recipient", "with_recipient", is_flag=True, help="Show the whole address or number.")
@json_option
@click.pass_obj
def show(operator: Operator, identifier: uuid.UUID, *, with_recipient: bool) -> None:
    """Show the state of message ID, and what happened to it."""
    from api.core.notifications.history import get_history

    with operator.session() as session:
        history = get_history(session, identifier, with_recipient=with_recipient)
    record = {
        **history.state,
        "service": history.service_name,
        "template": history.template_name,
        "anonymous": history.is_anonymous,
    }
    steps = [
        {"at": step.at, "what": step.what, "who": step.who, "detail": step.detail} for step in history.steps
    ]
    if operator.as_json:
        operator.show({**record, "steps": steps})
        return
    print_record(record)
    click.echo()
    print_table(steps, ("at", "what", "who", "detail"))


@notifications.command("release", example="notifications release 'Mairie de Belrive' --yes")
@click.argument("service")
@confirm_option
@json_option
@click.pass_obj
def release(operator: Operator, service: str, *, yes: bool) -> None:
    """Send the text messages of SERVICE now that wait for the end of its quiet hours."""
    from api.core.notifications.holding import count_held, release_held
    from api.core.services.queries import get_service

    with operator.session() as session:
        found = get_service(session, service)
        actor = operator.actor(session)
        waiting = count_held(session, found)
    confirm(f"Send {waiting} text messages now, whatever the hour where people live?", yes=yes)
    operator.show({"released": release_held(operator.runtime, found.id, actor)})


@notifications.command("republish", example="notifications republish --older-than 10m")
@click.option("--older-than", type=Duration(), default="5m", show_default=True, metavar="DURATION")
@json_option
@click.pass_obj
def republish(operator: Operator, older_than: timedelta) -> None:
    """Put messages on the queue again that no worker has taken. A message sent twice to workers is sent once."""
    from api.core.delivery.operators import republish_stuck

    operator.show({"published": republish_stuck(operator.runtime, older_than)})
