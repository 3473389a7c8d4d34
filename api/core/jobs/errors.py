"""Why a list of recipients is refused, in the sentences of the contract (contract: Canada, bulk)."""

from collections.abc import Iterator
from typing import Any

from api.core.errors import BusinessRuleError
from api.core.jobs.orders import MAX_ROWS
from notifications_utils.recipients.list_errors import ListError, ListProblem, RowError, RowProblem
from notifications_utils.recipients.list_summary import ListSummary
from notifications_utils.recipients.recipient_row import RecipientRow

_IN_ROWS = {RowProblem.BAD_RECIPIENT: "invalid recipient", RowProblem.MISSING: "Missing"}
_WHOLE_ROW = {
    RowProblem.MESSAGE_EMPTY: "the message is empty",
    RowProblem.MESSAGE_TOO_LONG: "the message is too long",
}


def check_list(summary: ListSummary[Any], why_not_allowed: str) -> None:
    """Raises `BusinessRuleError` with what is most important. `why_not_allowed` ends the sentence about the team."""
    for error in summary.errors:
        raise BusinessRuleError(_describe_list_error(error, why_not_allowed))
    if summary.rows_with_errors:
        details = " ".join(_describe_rows(summary))
        raise BusinessRuleError(f"Some rows have errors. {details}")


def _describe_list_error(error: ListError, why_not_allowed: str) -> str:
    match error.problem:
        case ListProblem.MISSING_COLUMNS:
            return f"Missing column headers: {', '.join(error.columns)}"
        case ListProblem.DUPLICATE_RECIPIENT_COLUMNS:
            return f"Duplicate column headers: {', '.join(error.columns)}"
        case ListProblem.NO_ROWS:
            return "There are no rows below the column headers"
        case ListProblem.TOO_MANY_ROWS:
            return f"Too many rows. Maximum number of rows allowed is {MAX_ROWS}"
        case ListProblem.RECIPIENTS_NOT_ALLOWED:
            return f"You cannot send to these recipients {why_not_allowed}"
        case _:
            return f"Error converting to CSV: {error.cause or error.problem}"


def _describe_rows(summary: ListSummary[Any]) -> Iterator[str]:
    """The first faulty ones, numbered from 1 below the headings."""
    for row in summary.first_rows_with_errors:
        yield _describe_row(row)
    hidden = summary.rows_with_errors - len(summary.first_rows_with_errors)
    if hidden:
        yield f"{hidden} other rows have errors."


def _describe_row(row: RecipientRow[Any]) -> str:
    return " ".join(f"Row {row.index + 1} - {_describe_row_error(error)}." for error in row.errors)


def _describe_row_error(error: RowError) -> str:
    if error.column is None:
        return _WHOLE_ROW.get(error.problem, error.message)
    return f"`{error.column}`: {_IN_ROWS.get(error.problem, error.message)}"
