"""What a command works with: the runtime, made when first needed, and where its results are printed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.cli.output import Record, print_json, print_record, print_table

if TYPE_CHECKING:  # half a second of imports that `--help` does not need
    from sqlalchemy.orm import Session

    from api.core.events.commands import Actor
    from api.runtime import Runtime

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass
class Operator:
    """`acting_for` is the e-mail address of the person whom the audit trail shall name."""

    debug: bool = False
    acting_for: str | None = None
    as_json: bool = False
    _closers: list[Callable[[], None]] = field(default_factory=list)

    @cached_property
    def runtime(self) -> "Runtime":
        from api.config import load_settings
        from api.runtime import make_runtime

        runtime = make_runtime(load_settings(), pool_size=2)
        self._closers.append(runtime.close)
        return runtime

    @contextmanager
    def session(self) -> "Iterator[Session]":
        """One transaction: all of a command, or nothing of it."""
        with self.runtime.unit_of_work() as work:
            yield work.session

    def actor(self, session: "Session") -> "Actor":
        """Raises `UserNotFoundError`."""
        from api.core.events.commands import Actor
        from api.core.users.queries import get_user

        user = get_user(session, self.acting_for) if self.acting_for else None
        return Actor(via="cli", user_id=user.id if user else None)

    def show(self, record: Record) -> None:
        print_json(record) if self.as_json else print_record(record)

    def show_all(self, records: Sequence[Record], columns: Sequence[str]) -> None:
        """JSON holds all fields, the table those of `columns`."""
        print_json(records) if self.as_json else print_table(records, columns)

    def show_each(self, records: Sequence[Record]) -> None:
        """One under the other, for those whose values are long; JSON holds a list."""
        if self.as_json:
            print_json(records)
            return
        for place, record in enumerate(records):
            click.echo("\n" * bool(place), nl=False)
            print_record(record)

    def say(self, sentence: str) -> None:
        """For people only, and never in the way of what is piped on."""
        if not self.as_json:
            click.echo(sentence, err=True)

    def close(self) -> None:
        for close in self._closers:
            close()


def json_option(command: Decorated) -> Decorated:
    """`--json`, for every command that prints data."""

    def remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it so
        operator = context.find_object(Operator)
        if operator is not None:
            operator.as_json = value

    return click.option(
        "--json", is_flag=True, expose_value=False, callback=remember, help="Print JSON, for scripts."
    )(command)


def confirm_option(command: Decorated) -> Decorated:
    """`--yes`, for what cannot be undone."""
    return click.option("--yes", is_flag=True, help="Do not ask for confirmation.")(command)


def confirm(question: str, *, yes: bool) -> None:
    """Ends the command with status 1 unless a person agrees."""
    if not yes:
        click.confirm(question, abort=True, err=True)
