"""CSV as programs really write it: encoding and delimiter are found out."""

import codecs
import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from notifications_utils.recipients.cleaning import clean_text
from notifications_utils.recipients.spreadsheet_errors import SheetRow, SpreadsheetError, SpreadsheetProblem

_BYTE_ORDER_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What French Excel writes unless told otherwise.
_LEGACY_ENCODING: Final = "cp1252"
_BLOCK: Final = 1 << 16
# Never in text, but in the first bytes of nearly all other files.
_BINARY: Final = frozenset(range(0x20)) - frozenset(b"\t\n\v\f\r\x1a\x1c\x1d\x1e\x1f")
_BINARY_SAMPLE: Final = 4096
# Best first: the contract's wins when nothing else decides.
_DELIMITERS: Final = ",;\t"
_SAMPLE_LINES: Final = 40


def read_csv(stream: BinaryIO) -> Iterator[SheetRow]:
    """The rows of a seekable stream that hold something, decoded while it is read; raises SpreadsheetError."""
    start = stream.tell()
    encoding = _find_encoding(stream)
    stream.seek(start)
    # Line ends inside quotes are part of the cell: the csv module must see them as they are.
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        yield from _parse(map(clean_text, text))
    except UnicodeError:
        raise SpreadsheetError(SpreadsheetProblem.UNREADABLE_TEXT) from None
    finally:
        text.detach()  # the stream is the caller's: it stays open


def find_delimiter(lines: list[str]) -> str:
    """The delimiter under which the first rows have the most columns that agree with the headings."""
    return max(_DELIMITERS, key=lambda delimiter: _agreement(lines, delimiter))


def _find_encoding(stream: BinaryIO) -> str:
    """Reads on to the first bytes that UTF-8 does not know, without keeping anything."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    block = stream.read(_BLOCK)
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if block.startswith(mark):
            return encoding
    if not _BINARY.isdisjoint(block[:_BINARY_SAMPLE]):
        raise SpreadsheetError(SpreadsheetProblem.NOT_A_SPREADSHEET)
    try:
        while block:
            decoder.decode(block)
            block = stream.read(_BLOCK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _LEGACY_ENCODING
    return "utf-8"


def _parse(lines: Iterator[str]) -> Iterator[SheetRow]:
    sample = list(itertools.islice(lines, _SAMPLE_LINES))
    delimiter = find_delimiter(sample)
    consumed: list[str] = []
    last_record: list[str] = []

    def remember(line: str) -> str:
        consumed.append(line)
        return line

    number = 0
    records = _split(map(remember, itertools.chain(sample, lines)), delimiter)
    try:
        for number, cells in enumerate(records, start=1):
            if any(cells):
                yield SheetRow(number, [cell.strip() for cell in cells])
            last_record = consumed.copy()
            consumed.clear()
    except csv.Error:
        raise SpreadsheetError(SpreadsheetProblem.CELL_TOO_LONG, row=number + 1) from None
    if last_record and _ends_in_quotes(last_record, delimiter):
        raise SpreadsheetError(SpreadsheetProblem.UNCLOSED_QUOTE, row=number)


def _split(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _ends_in_quotes(record: list[str], delimiter: str) -> bool:
    """Whether the record would have gone on if there were another line."""
    return len(list(_split([*record, "next"], delimiter))) == 1


def _agreement(lines: list[str], delimiter: str) -> tuple[int, int]:
    try:
        records = [record for record in _split(lines, delimiter) if any(record)]
    except csv.Error:
        return (0, 0)
    columns = len(records[0]) if records else 0
    if columns < 2:  # noqa: PLR2004 - it divides nothing
        return (0, 0)
    return (sum(len(record) == columns for record in records), columns)
