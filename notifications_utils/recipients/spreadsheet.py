"""Reading a list of recipients, whatever program wrote it, as a stream of rows of text."""

import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from notifications_utils.recipients.csv_text import read_csv
from notifications_utils.recipients.spreadsheet_errors import (
    DEFAULT_LIMITS,
    SheetRow,
    SpreadsheetError,
    SpreadsheetLimits,
    SpreadsheetProblem,
)
from notifications_utils.recipients.workbook import read_workbook

_ZIP: Final = b"PK\x03\x04"
_COMPOUND_FILE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Other kinds of documents that would pass for text; the rest is betrayed by its control characters.
_NOT_A_TABLE: Final = (b"%pdf-", b"{\\rtf", b"<!doctype", b"<html", b"<?xml")


def read_spreadsheet(
    source: bytes | BinaryIO, limits: SpreadsheetLimits = DEFAULT_LIMITS
) -> Iterator[SheetRow]:
    """The rows of a CSV, TSV, XLSX, XLSM, XLS or ODS file, headings first.

    The content decides what it is, its name does not count. Cells are trimmed text without invisible
    characters; blank rows at both ends are left out, those in between are not. Row numbers are those that the
    spreadsheet shows. Raises SpreadsheetError, from the first row on.
    """
    return _limit_rows(_restore_blank_rows(_read_rows(source, limits)), limits)


def _read_rows(source: bytes | BinaryIO, limits: SpreadsheetLimits) -> Iterator[SheetRow]:
    stream = _open(source, limits.size)
    start = stream.read(512)
    stream.seek(0)
    if start.startswith((_ZIP, _COMPOUND_FILE)):
        yield from read_workbook(stream.read(), limits)
        return
    if start.lstrip().lower().startswith(_NOT_A_TABLE):
        raise SpreadsheetError(SpreadsheetProblem.NOT_A_SPREADSHEET)
    yield from read_csv(stream)


def _open(source: bytes | BinaryIO, max_size: int) -> BinaryIO:
    """A stream from which one can read twice, and whose size is known to be right."""
    if not isinstance(source, bytes) and source.seekable():
        start = source.tell()
        size = source.seek(0, io.SEEK_END) - start
        stream: BinaryIO = source
        stream.seek(start)
        if start:
            stream = io.BytesIO(source.read(max_size + 1))
    else:
        content = source if isinstance(source, bytes) else source.read(max_size + 1)
        size = len(content)
        stream = io.BytesIO(content)
    if size > max_size:
        raise SpreadsheetError(SpreadsheetProblem.FILE_TOO_BIG, limit=max_size)
    return stream


def _restore_blank_rows(rows: Iterable[SheetRow]) -> Iterator[SheetRow]:
    """Readers leave blank rows out, which drops those at both ends; those in between show as gaps."""
    expected: int | None = None
    for row in rows:
        if not any(row.cells):
            continue
        if expected is not None:
            yield from (SheetRow(number, []) for number in range(expected, row.number))
        yield row
        expected = row.number + 1


def _limit_rows(rows: Iterator[SheetRow], limits: SpreadsheetLimits) -> Iterator[SheetRow]:
    headings = next(rows, None)
    if headings is None:
        return
    while headings.cells and not headings.cells[-1]:
        headings.cells.pop()
    if len(headings.cells) > limits.columns:
        raise SpreadsheetError(SpreadsheetProblem.TOO_MANY_COLUMNS, limit=limits.columns)
    yield headings
    for count, row in enumerate(rows, start=1):
        if count > limits.rows:
            raise SpreadsheetError(SpreadsheetProblem.TOO_MANY_ROWS, limit=limits.rows)
        if len(row.cells) > limits.columns:
            del row.cells[limits.columns :]
        yield row
