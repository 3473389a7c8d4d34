"""What may be wrong with a row, and with a list as a whole."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notifications_utils.recipients.recipient_checks import InvalidRecipientError
from notifications_utils.recipients.spreadsheet_errors import SpreadsheetError
from notifications_utils.templating.template_errors import TemplateError

MISSING_MESSAGE: Final = "Missing"
"""Contract: what an empty cell that must be filled is answered."""


class RowProblem(StrEnum):
    MISSING = "missing"
    BAD_RECIPIENT = "bad_recipient"
    NOT_ALLOWED = "not_allowed"
    """Not a member of the team or a guest of the service, which may write to nobody else."""
    MESSAGE_EMPTY = "message_empty"
    MESSAGE_TOO_LONG = "message_too_long"


@dataclass(frozen=True, slots=True)
class RowError:
    """`column` is the heading of the cell, None for the row as a whole; `cause` holds the figures."""

    problem: RowProblem
    message: str
    column: str | None = None
    cause: InvalidRecipientError | TemplateError | None = None


class ListProblem(StrEnum):
    """In the order in which people should hear of them."""

    UNREADABLE_FILE = "unreadable_file"
    MISSING_COLUMNS = "missing_columns"
    DUPLICATE_RECIPIENT_COLUMNS = "duplicate_recipient_columns"
    NO_ROWS = "no_rows"
    TOO_MANY_ROWS = "too_many_rows"
    MORE_ROWS_THAN_REMAINING_MESSAGES = "more_rows_than_remaining_messages"
    RECIPIENTS_NOT_ALLOWED = "recipients_not_allowed"
    MORE_THAN_REMAINING_INTERNATIONAL_MESSAGES = "more_than_remaining_international_messages"


@dataclass(frozen=True, slots=True)
class ListError:
    """`columns` are headings, `count` what the list holds of something, `limit` how much it may hold."""

    problem: ListProblem
    columns: tuple[str, ...] = ()
    count: int | None = None
    limit: int | None = None
    cause: SpreadsheetError | None = None
