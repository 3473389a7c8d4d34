import contextlib
import datetime as dt
import io

import openpyxl
import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from notifications_utils.recipients.spreadsheet import read_spreadsheet
from notifications_utils.recipients.spreadsheet_errors import (
    SpreadsheetError,
    SpreadsheetLimits,
    SpreadsheetProblem,
)
from notifications_utils.recipients.workbook_process import number_to_text, to_text

ROWS = [
    ["phone number", "prénom", "date"],
    ["0612345678", "Zoé", "2026-03-01"],
    ["33612345679", "M. Dupont", "2026-03-01 14:30"],
]


def xlsx(fill):
    workbook = openpyxl.Workbook()
    fill(workbook)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def fill_xlsx(workbook):
    sheet = workbook.active
    sheet.append(ROWS[0])
    sheet.append(["0612345678", " Zoé\u200b ", dt.date(2026, 3, 1)])
    sheet.append([33612345679, "M.\u00a0Dupont", dt.datetime(2026, 3, 1, 14, 30)])


def make_xls():
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("liste")
    day, moment = (xlwt.easyxf(num_format_str=form) for form in ("DD/MM/YYYY", "DD/MM/YYYY HH:MM"))
    for column, heading in enumerate(ROWS[0]):
        sheet.write(0, column, heading)
    sheet.write(1, 0, "0612345678")
    sheet.write(1, 1, "Zoé")
    sheet.write(1, 2, dt.date(2026, 3, 1), day)
    sheet.write(2, 0, 33612345679)
    sheet.write(2, 1, "M.\u00a0Dupont")
    sheet.write(2, 2, dt.datetime(2026, 3, 1, 14, 30), moment)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def text_cell(text):
    cell = TableCell(valuetype="string")
    cell.addElement(P(text=text))
    return cell


def make_ods():
    table = Table(name="liste")
    contents = [
        [text_cell(heading) for heading in ROWS[0]],
        [text_cell("0612345678"), text_cell("Zoé"), TableCell(valuetype="date", datevalue="2026-03-01")],
        [
            TableCell(valuetype="float", value=33612345679),
            text_cell("M.\u00a0Dupont"),
            TableCell(valuetype="date", datevalue="2026-03-01T14:30:00"),
        ],
    ]
    for content in contents:
        row = TableRow()
        for cell in content:
            row.addElement(cell)
        table.addElement(row)
    # Spreadsheet programs fill their sheets with blank rows to the end.
    blank = TableRow(numberrowsrepeated=1000)
    blank.addElement(TableCell())
    table.addElement(blank)
    document = OpenDocumentSpreadsheet()
    document.spreadsheet.addElement(table)
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


def read(content, **limits):
    return list(read_spreadsheet(content, SpreadsheetLimits(**limits)))


def problem(content, **limits):
    with pytest.raises(SpreadsheetError) as caught:
        read(content, **limits)
    return caught.value.code


@pytest.mark.parametrize("make", [lambda: xlsx(fill_xlsx), make_xls, make_ods], ids=["xlsx", "xls", "ods"])
def test_workbooks_hold_the_same_rows(make):
    rows = read(make())
    assert [row.cells for row in rows] == ROWS
    assert [row.number for row in rows] == [1, 2, 3]


def test_the_first_visible_sheet_is_read():
    def fill(workbook):
        workbook.active.append(["visible"])
        hidden = workbook.create_sheet("notes", 0)
        hidden.append(["hidden"])
        hidden.sheet_state = "hidden"

    assert [row.cells for row in read(xlsx(fill))] == [["visible"]]


def test_blank_rows_and_columns_before_the_list():
    def fill(workbook):
        workbook.active["C4"] = "phone number"
        workbook.active["C6"] = "0612345678"

    assert [tuple(row) for row in read(xlsx(fill))] == [
        (4, ["phone number"]),
        (5, []),
        (6, ["0612345678"]),
    ]


def test_merged_cells_share_their_value():
    def fill(workbook):
        sheet = workbook.active
        for row in (["", "nom", "ville"], ["", "a", "Paris"], ["", "b", ""]):
            sheet.append(row)
        sheet.merge_cells("C2:C3")
        sheet.merge_cells("B4:C4")
        sheet["B4"] = "c"

    assert [row.cells[-2:] for row in read(xlsx(fill))] == [
        ["nom", "ville"],
        ["a", "Paris"],
        ["b", "Paris"],
        ["c", "c"],
    ]


def test_an_empty_workbook_has_no_rows():
    assert read(xlsx(lambda _workbook: None)) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (612345678.0, "612345678"),
        (33612345678.0, "33612345678"),
        (1.5, "1.5"),
        (0.3, "0.3"),
        (1e16, "10000000000000000"),
        (1.234567890123457e18, "1234567890123457000"),
        (1e-7, "0.0000001"),
        (-0.0, "0"),
        (-12.0, "-12"),
        (float("nan"), ""),
        (float("inf"), ""),
    ],
)
def test_numbers_are_written_as_people_type_them(value, text):
    assert number_to_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("é", "é"),
        (7, "7"),
        (True, "true"),
        (False, "false"),
        (dt.datetime(2026, 3, 1), "2026-03-01"),
        (dt.datetime(2026, 3, 1, 9, 5, 7), "2026-03-01 09:05:07"),
        (dt.time(9, 5), "09:05"),
        (dt.timedelta(hours=30, seconds=5), "30:00:05"),
        (None, ""),
    ],
)
def test_other_values_as_text(value, text):
    assert to_text(value) == text


def test_limits_of_rows_and_columns():
    content = xlsx(fill_xlsx)
    assert problem(content, rows=1) is SpreadsheetProblem.TOO_MANY_ROWS
    assert problem(content, columns=2) is SpreadsheetProblem.TOO_MANY_COLUMNS
    assert problem(content, size=100) is SpreadsheetProblem.FILE_TOO_BIG


def test_a_forgotten_cell_at_the_far_end_does_not_take_the_server_with_it():
    def fill(workbook):
        workbook.active["A1"] = "phone number"
        workbook.active["XFD1048576"] = "x"

    assert problem(xlsx(fill)) is SpreadsheetProblem.TOO_COMPLEX


def test_a_cell_far_below_the_list_is_too_many_rows():
    def fill(workbook):
        workbook.active["A1"] = "phone number"
        workbook.active["A200000"] = "x"

    assert problem(xlsx(fill), rows=1000) is SpreadsheetProblem.TOO_MANY_ROWS


@pytest.mark.parametrize("make", [lambda: xlsx(fill_xlsx), make_xls, make_ods], ids=["xlsx", "xls", "ods"])
def test_damaged_workbooks_give_rows_or_the_typed_error(make):
    content = make()
    for part in range(1, 6):
        middle = len(content) * part // 6
        damaged = bytearray(content)
        damaged[middle : middle + 40] = b"\xff" * 40
        for broken in (content[:middle], bytes(damaged)):
            with contextlib.suppress(SpreadsheetError):
                assert all(isinstance(cell, str) for row in read(broken) for cell in row.cells)


def test_leaving_early_ends_the_process():
    rows = read_spreadsheet(xlsx(fill_xlsx))
    assert next(rows).cells == ROWS[0]
    rows.close()
    assert next(rows, None) is None
