"""What a file of recipients may be, and why it cannot be read."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


class SheetRow(NamedTuple):
    """One row of a sheet: its number as the spreadsheet shows it, from 1, and its cells as text."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class SpreadsheetLimits:
    """`rows` without the headings; `size` in bytes; a workbook may take `seconds` of computing to open."""

    rows: int = 100_000
    columns: int = 1_000
    size: int = 10 * 1024 * 1024
    seconds: int = 30


DEFAULT_LIMITS: Final = SpreadsheetLimits()


class SpreadsheetProblem(StrEnum):
    NOT_A_SPREADSHEET = "not_a_spreadsheet"
    UNREADABLE_TEXT = "unreadable_text"
    UNCLOSED_QUOTE = "unclosed_quote"
    CELL_TOO_LONG = "cell_too_long"
    DAMAGED = "damaged"
    PASSWORD_PROTECTED = "password_protected"  # noqa: S105 - not a password
    NO_VISIBLE_SHEET = "no_visible_sheet"
    TOO_COMPLEX = "too_complex"
    FILE_TOO_BIG = "file_too_big"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"


_MESSAGES: Final = {
    SpreadsheetProblem.NOT_A_SPREADSHEET: (
        "This file is not a spreadsheet. Save your list as CSV, XLSX or ODS and try again."
    ),
    SpreadsheetProblem.UNREADABLE_TEXT: (
        "The letters of this file cannot be read. Save it as “CSV UTF-8” or as XLSX and try again."
    ),
    SpreadsheetProblem.UNCLOSED_QUOTE: (
        "A quotation mark that opens in row {row} is never closed. Remove it, or save your list as XLSX."
    ),
    SpreadsheetProblem.CELL_TOO_LONG: (
        "A cell in row {row} is too long, perhaps because a quotation mark is not closed. Shorten it and try again."
    ),
    SpreadsheetProblem.DAMAGED: "This file is damaged. Open it in your spreadsheet program, save it and try again.",
    SpreadsheetProblem.PASSWORD_PROTECTED: "This file is protected by a password. Remove it and try again.",
    SpreadsheetProblem.NO_VISIBLE_SHEET: "All sheets of this file are hidden. Show the one with your list.",
    SpreadsheetProblem.TOO_COMPLEX: (
        "This file takes too much work to read: cells far from your list may hold something, even if they look "
        "empty. Copy the list to a new file, or save it as CSV."
    ),
    SpreadsheetProblem.FILE_TOO_BIG: "This file is larger than {limit} bytes. Split it into smaller files.",
    SpreadsheetProblem.TOO_MANY_ROWS: "This file has more than {limit} rows. Split it into smaller files.",
    SpreadsheetProblem.TOO_MANY_COLUMNS: (
        "This file has more than {limit} columns. Remove those that the message does not need."
    ),
}


class SpreadsheetError(ValueError):
    """A file that cannot be read, or not further; the message says how to mend it.

    `limit` is what the file exceeds, `row` where the problem lies, as the spreadsheet numbers rows.
    """

    def __init__(self, code: SpreadsheetProblem, *, limit: int | None = None, row: int | None = None) -> None:
        self.code = code
        self.limit = limit
        self.row = row
        super().__init__(_MESSAGES[code].format(limit=limit, row=row))
