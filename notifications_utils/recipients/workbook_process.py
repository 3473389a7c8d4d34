"""The program that opens a workbook for `workbook.py`: bytes on standard input, a JSON value a line on output.

It runs alone because the reader is native code: a file of five kilobytes whose last cell stands at XFD1048576
makes it ask for 500 GB and abort, which must not take a server with it. It imports nothing of ours, so that
it starts in a few hundredths of a second.
"""

import io
import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import python_calamine as calamine

MAX_MEMORY = 1 << 30  # bytes

Range: TypeAlias = tuple[tuple[int, int], tuple[int, int]]


def main() -> None:
    """The argument is the processor time allowed, in seconds."""
    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    for value in answer(sys.stdin.buffer.read()):
        sys.stdout.write(json.dumps(value) + "\n")


def answer(content: bytes) -> Iterator[tuple[int, list[str]] | str]:
    """Rows, or at last the name of the problem that ended them."""
    try:
        yield from read_rows(content)
    except calamine.PasswordError:
        yield "password_protected"
    except calamine.CalamineError as error:
        # Its text is the only thing that tells this one from the others.
        yield "not_a_spreadsheet" if "detect file format" in str(error) else "damaged"
    except NoVisibleSheetError:
        yield "no_visible_sheet"
    except MemoryError:
        yield "too_complex"


class NoVisibleSheetError(Exception):
    pass


def read_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first visible sheet that hold something, with their numbers from 1."""
    workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    sheet = workbook.get_sheet_by_name(find_sheet(workbook))
    if sheet.start is None:
        return
    first_column = sheet.start[1]
    merged = find_merged_rows(sheet.merged_cell_ranges or [])
    values: dict[Range, Any] = {}
    for index, row in enumerate(sheet.iter_rows()):
        for area in merged.get(index, ()):
            (top, left), (_, right) = area
            left, right = max(left - first_column, 0), min(right - first_column, len(row) - 1)
            if left <= right:
                value = values.setdefault(area, row[left]) if top == index else values.get(area, "")
                row[left : right + 1] = [value] * (right + 1 - left)
        cells = [value if type(value) is str else to_text(value) for value in row]
        if any(cells):
            yield index + 1, cells


def find_sheet(workbook: calamine.CalamineWorkbook) -> str:
    for sheet in workbook.sheets_metadata:
        is_grid = sheet.typ == calamine.SheetTypeEnum.WorkSheet
        if is_grid and sheet.visible == calamine.SheetVisibleEnum.Visible:
            return sheet.name
    raise NoVisibleSheetError


def find_merged_rows(areas: list[Range]) -> dict[int, list[Range]]:
    """The merged areas that each row crosses: all their cells get the value of the first (contract)."""
    rows: dict[int, list[Range]] = {}
    for area in areas:
        (top, _), (bottom, _) = area
        for row in range(top, bottom + 1):
            rows.setdefault(row, []).append(area)
    return rows


def to_text(value: Any) -> str:
    """What a person would type for the value: whole numbers without point, dates in ISO 8601."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | str():
            return str(value)
        case float():
            return number_to_text(value)
        case date() | time() | timedelta():
            return moment_to_text(value)
        case _:
            return ""


def moment_to_text(value: date | time | timedelta) -> str:
    match value:
        case datetime():
            clock = value.time()
            return f"{value:%Y-%m-%d} {moment_to_text(clock)}" if clock != time() else f"{value:%Y-%m-%d}"
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
        case _:
            minutes, seconds = divmod(int(value.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def number_to_text(value: float) -> str:
    """Excel keeps 15 digits: more would be invented. A phone number typed as a number comes back whole."""
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - how NaN shows itself
        return ""
    if value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004
        return str(int(value))
    return format(Decimal(repr(value)), "f").removesuffix(".0")


if __name__ == "__main__":
    main()
