"""`notifications recipients …`"""

from dataclasses import asdict

import click

from api.cli.groups import Area
from api.cli.operator import Operator, confirm, confirm_option, json_option


@click.group(cls=Area)
def recipients() -> None:
    """Erasing a person everywhere."""


@recipients.command("purge", example="recipients purge lea@exemple.fr --dry-run")
@click.argument("recipient", metavar="ADDRESS")
@click.option("--dry-run", is_flag=True, help="Only say what there is.")
@confirm_option
@json_option
@click.pass_obj
def purge(operator: Operator, recipient: str, *, dry_run: bool, yes: bool) -> None:
    """Erase the person with this e-mail ADDRESS or phone number across all services, for good.

    Numbers for billing and statistics stay. Accounts of people who sign in are erased by `users archive`.
    """
    from api.core.notifications.purge import find_recipient, normalise_recipient, purge_recipient

    normalised = normalise_recipient(operator.runtime.slots.phone_rules, recipient)
    if dry_run:
        operator.show(asdict(find_recipient(operator.runtime, normalised)))
        return
    confirm("Erase this person from all services for good?", yes=yes)
    with operator.session() as session:
        actor = operator.actor(session)
    report = purge_recipient(operator.runtime, normalised, actor)
    operator.show(asdict(report))
    if report.jobs_being_sent:
        operator.say(
            f"{report.jobs_being_sent} jobs that name the person are being sent: run this again when they are finished."
        )
    if report.accounts:
        operator.say("The person also has an account: `users archive` erases it.")
