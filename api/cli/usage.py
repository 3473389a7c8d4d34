"""`notifications usage`"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from api.cli.groups import ExampleCommand
from api.cli.operator import Operator, json_option

if TYPE_CHECKING:
    from api.core.billing.queries import MonthlyUsage

_TEN_THOUSANDTHS = 10_000
_COLUMNS = ("month", "channel", "destination", "messages", "fragments", "cost", "currency")


@click.command("usage", cls=ExampleCommand, example="usage 'Mairie de Belrive' --year 2026")
@click.argument("service")
@click.option("--year", type=click.IntRange(2000, 9998), help="Year of the bill; by default the present one.")
@json_option
@click.pass_obj
def usage(operator: Operator, service: str, year: int | None) -> None:
    """Show by month what SERVICE sent and what it cost; the counts are a few minutes old."""
    from api.core.billing.queries import monthly_usage
    from api.core.billing.rates import billing_year_of
    from api.core.days import local_day
    from api.core.services.queries import get_service

    rates = operator.runtime.slots.rates
    if year is None:
        year = billing_year_of(rates, local_day(datetime.now(UTC), operator.runtime.timezone))
    first, end = rates.start_of_billing_year(year), rates.start_of_billing_year(year + 1)
    with operator.session() as session:
        found = get_service(session, service)
        lines = monthly_usage(session.connection(), found.id, first, end)
    operator.show_all([_record(operator, line) for line in lines], _COLUMNS)
    operator.say(
        f"Total from {first} on: {_amount(sum(line.cost for line in lines))} {operator.runtime.settings.currency}"
    )


def _record(operator: Operator, line: "MonthlyUsage") -> dict[str, object]:
    return {
        "month": f"{line.year:04d}-{line.month:02d}",
        "channel": line.channel,
        "destination": line.destination or None,
        "messages": line.messages,
        "fragments": line.fragments,
        "cost": _amount(line.cost),
        "currency": operator.runtime.settings.currency,
    }


def _amount(ten_thousandths: int) -> str:
    return f"{Decimal(ten_thousandths) / _TEN_THOUSANDTHS:.4f}"
