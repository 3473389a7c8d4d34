"""`notifications rates …`"""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import click

from api.cli.groups import Area
from api.cli.operator import Operator, json_option
from api.contract import Channel

_TEN_THOUSANDTHS = 10_000


@click.group(cls=Area)
def rates() -> None:
    """What a text message costs."""


@rates.command("set", example="rates set 0.0421 --from 2027-01-01")
@click.argument("amount")
@click.option("--from", "valid_from", type=click.DateTime(["%Y-%m-%d"]), help="By default today.")
@click.option("--destination", metavar="PLACE", help="By default all that have no price of their own.")
@json_option
@click.pass_obj
def set_(operator: Operator, amount: str, valid_from: datetime | None, destination: str | None) -> None:
    """Bill AMOUNT for each part of a text message, in the deployment's currency with up to four decimals."""
    from api.core.billing.commands import set_rate
    from api.core.days import local_day, start_of_day
    from api.core.events.commands import record_event

    timezone = operator.runtime.timezone
    day = valid_from.date() if valid_from else local_day(datetime.now(UTC), timezone)
    rate = set_rate(
        operator.runtime,
        Channel.SMS,
        start_of_day(day, timezone),
        _ten_thousandths(amount),
        destination or "",
    )
    with operator.session() as session:
        record_event(
            session,
            operator.actor(session),
            "rate.set",
            subject_id=rate.id,
            rate=rate.rate,
            destination=rate.destination,
        )
    operator.show(_record(operator, rate.valid_from, rate.rate, rate.destination))


@rates.command("list", example="rates list")
@click.option("--destination", metavar="PLACE", help="Only the prices set for this place.")
@json_option
@click.pass_obj
def list_(operator: Operator, destination: str | None) -> None:
    """List the prices of one part of a text message, newest first."""
    from api.core.billing.queries import all_rates

    with operator.session() as session:
        rows = all_rates(session.connection(), Channel.SMS)
    records = [
        _record(operator, row.valid_from, row.rate, row.destination)
        for row in rows
        if destination in (None, row.destination)
    ]
    operator.show_all(records, ("valid_from", "destination", "amount", "currency"))


def _ten_thousandths(text: str) -> int:
    try:
        value = Decimal(text.replace(",", ".")) * _TEN_THOUSANDTHS
    except InvalidOperation:
        raise click.BadParameter(f"{text!r} is not an amount: it looks like 0.0421") from None
    if not value.is_finite() or value < 0 or value != value.to_integral_value():
        raise click.BadParameter(f"{text!r} is not an amount of at most four decimals")
    return int(value)


def _record(operator: Operator, valid_from: datetime, rate: int, destination: str) -> dict[str, object]:
    return {
        "valid_from": valid_from,
        "destination": destination or None,
        "amount": f"{Decimal(rate) / _TEN_THOUSANDTHS:.4f}",
        "currency": operator.runtime.settings.currency,
    }
