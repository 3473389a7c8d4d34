"""What went wrong, in a sentence that says what, where and how to mend it. Never a traceback."""

from typing import Any, TextIO

import click

from api.cli.output import print_json


class Problem(click.ClickException):
    """Ends a command with status 1."""

    exit_code = 1

    def __init__(self, message: str, *, kind: str, field: str | None = None, as_json: bool = False) -> None:
        super().__init__(message)
        self.kind, self.field, self.as_json = kind, field, as_json

    def show(self, file: TextIO | Any | None = None) -> None:
        """On standard error, with `--json` as `{"error": {"type", "field", "message"}}`."""
        if self.as_json:
            print_json({"error": {"type": self.kind, "field": self.field, "message": self.message}}, err=True)
            return
        click.echo(f"{click.style('Error:', fg='red', bold=True)} {self.message}", err=True, file=file)


def problem_of(error: Exception, *, as_json: bool) -> Problem:
    """Imports what it needs only now: the classes of an error that was raised are loaded already."""
    field = getattr(error, "field", None)
    try:
        sentence = _sentence(error)
    except ImportError:
        sentence = _unexpected(error)
    return Problem(sentence, kind=type(error).__name__, field=field, as_json=as_json)


def _sentence(error: Exception) -> str:
    from redis.exceptions import RedisError
    from sqlalchemy.exc import IntegrityError, SQLAlchemyError

    from api.config import InvalidConfigurationError
    from api.core.billing.commands import RateInPastError
    from api.core.command_errors import CommandError
    from api.core.errors import BusinessRuleError, NotFoundError
    from api.keyring import UnreadableSecretError
    from api.queue import QueueUnavailableError

    sentences = (CommandError, BusinessRuleError, NotFoundError, InvalidConfigurationError, RateInPastError)
    if isinstance(error, sentences):
        return str(error)
    if isinstance(error, UnreadableSecretError):
        return f"{error}: put the key that sealed it back into SECRET_KEYS, after the newer ones"
    if isinstance(error, QueueUnavailableError):
        return f"The broker does not take messages (queue {error}): check BROKER_URL or REDIS_URL, and that it runs"
    if isinstance(error, RedisError):
        return "Redis does not answer: check REDIS_URL, and that it runs"
    if isinstance(error, IntegrityError):
        return "Somebody made the same change at the same moment: look at what is there, then try again"
    if isinstance(error, SQLAlchemyError):
        return _database_sentence(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return _unexpected(error)


def _unexpected(error: Exception) -> str:
    return (
        f"Unexpected {type(error).__name__}: run the same command with `--debug` in front of it to see where"
    )


def _database_sentence(error: Exception) -> str:
    cause = type(getattr(error, "orig", None)).__name__
    if cause in ("UndefinedTable", "UndefinedColumn"):
        return "The database has not the tables of this version: run `notifications db upgrade`"
    if cause == "OperationalError":
        return "The database does not answer: check DATABASE_URL, and that PostgreSQL runs there"
    return f"The database refused the change ({cause}): run the same command with `--debug` in front of it"
