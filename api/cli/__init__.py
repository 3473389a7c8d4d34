"""The operators' command line: `notifications`, or `python -m api.cli`."""

import click

from api.cli.groups import PROGRAM, Root
from api.cli.operator import Operator

# Name → module of this package, and what it is about. The function has the command's name.
AREAS = {
    "users": ("users", "People who sign in."),
    "organisations": ("organisations", "Public bodies that services belong to."),
    "services": ("services", "Services: trial and live, permissions, limits, retention."),
    "members": ("members", "Who belongs to a service, and what they may do there."),
    "templates": ("templates", "Texts that services send; each change is a version."),
    "keys": ("keys", "API keys of a service."),
    "senders": ("senders", "Reply-to addresses and SMS senders of a service."),
    "guest-list": ("guest_list", "Recipients outside the team, for trial mode and team keys."),
    "inbound-numbers": ("inbound_numbers", "Numbers that receive text messages."),
    "callbacks": ("callbacks", "Where services want to be told."),
    "providers": ("providers", "Who carries the messages, and how much of them."),
    "rates": ("rates", "What a text message costs."),
    "usage": ("usage", "What a service sent, and what it cost."),
    "notifications": ("notifications", "Single messages: history, publishing again."),
    "jobs": ("jobs", "Messages sent in bulk."),
    "recipients": ("recipients", "Erasing a person everywhere."),
    "suppressions": ("suppressions", "Recipients that get nothing more."),
    "events": ("events", "The audit trail."),
    "keys-ring": ("keys_ring", "Keys that seal data at rest."),
    "db": ("db", "The database's tables and partitions."),
    "patches": ("patches", "How this distribution differs from the neutral core."),
    "config": ("config", "The configuration of this deployment."),
    "demo": ("demo", "A service to try things with."),
    "doctor": ("doctor", "Check everything, and say what to mend."),
    "docs": ("docs", "Write the reference page of these commands."),
}


@click.group(
    PROGRAM,
    cls=Root,
    areas=AREAS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 a problem, 2 wrong usage. Settings come from the environment: `config show`.",
)
@click.option("--debug", is_flag=True, help="Show where an error comes from.")
@click.option(
    "--acting-for",
    metavar="EMAIL",
    envvar="NOTIFICATIONS_ACTING_FOR",
    help="The user whom the audit trail shall name for the changes.",
)
@click.pass_context
def cli(context: click.Context, *, debug: bool, acting_for: str | None) -> None:
    """Run Notifications: people, services, messages, and the health of the whole."""
    operator = Operator(debug=debug, acting_for=acting_for)
    context.obj = operator
    context.call_on_close(operator.close)
