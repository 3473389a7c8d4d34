"""`notifications doctor`"""

from dataclasses import asdict

import click

from api.cli.groups import ExampleCommand
from api.cli.operator import Operator, json_option

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command("doctor", cls=ExampleCommand, example="doctor --json")
@json_option
@click.pass_obj
def doctor(operator: Operator) -> None:
    """Check configuration, database, queues, providers and messages, and say what to mend.

    Status 1 when there is a problem; warnings alone do not count.
    """
    from api.config import InvalidConfigurationError
    from api.doctor import Level, examine, unusable_configuration

    try:
        examination = examine(operator.runtime)
    except InvalidConfigurationError as error:
        examination = unusable_configuration(error)
    findings = []
    for finding in examination:
        findings.append(finding)
        if operator.as_json:
            continue
        level = click.style(finding.level.ljust(7), fg=_COLOURS[finding.level], bold=True)
        click.echo(f"{level}  {finding.subject.ljust(13)}  {finding.message}")
        if finding.remedy:
            click.echo(f"{' ' * 24}→ {finding.remedy}")
    if operator.as_json:
        operator.show_all([asdict(finding) for finding in findings], ())
    if any(finding.level == Level.PROBLEM for finding in findings):
        raise click.exceptions.Exit(1)
