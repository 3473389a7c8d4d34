import codecs
import csv
import io
import tempfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifications_utils.recipients.csv_text import find_delimiter
from notifications_utils.recipients.spreadsheet import read_spreadsheet
from notifications_utils.recipients.spreadsheet_errors import (
    SpreadsheetError,
    SpreadsheetLimits,
    SpreadsheetProblem,
)


def read(content, **limits):
    if isinstance(content, str):
        content = content.encode()
    return list(read_spreadsheet(content, SpreadsheetLimits(**limits)))


def cells(content, **limits):
    return [row.cells for row in read(content, **limits)]


def problem(content, **limits):
    with pytest.raises(SpreadsheetError) as caught:
        read(content, **limits)
    assert str(caught.value)
    return caught.value


FRENCH_ROWS = [["téléphone", "prénom"], ["0612345678", "Zoé Œillet €"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends_are_found_out(delimiter, encoding, line_end):
    text = line_end.join(delimiter.join(row) for row in FRENCH_ROWS)
    assert cells(text.encode(encoding)) == FRENCH_ROWS


def test_utf_16_of_either_byte_order():
    text = "a;b\n1;é"
    for mark, encoding in [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")]:
        assert cells(mark + text.encode(encoding)) == [["a", "b"], ["1", "é"]]


def test_a_late_byte_decides_the_encoding_of_the_whole_file():
    # C9 BB is one letter in UTF-8, two in the encoding of French Excel.
    content = "nom;note\nCAFÉ»;x\n".encode("cp1252") + b"a;b\n" * 40_000 + "fin;été\n".encode("cp1252")
    rows = cells(content)
    assert rows[1] == ["CAFÉ»", "x"]
    assert rows[-1] == ["fin", "été"]


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["phone number,nom\n"], ","),
        (["phone number;nom\n"], ";"),
        (["phone number\tnom\n"], "\t"),
        (["phone number\n", "0612345678\n"], ","),
        (["phone number;message\n", "06;Bonjour, ça va\n", "07;oui, non, si\n"], ";"),
        (["phone number,message\n", "06,Bonjour ; ça va\n"], ","),
        (["phone number;nom, prénom;date\n", "06;Dupont, Zoé;1\n"], ";"),
        (['phone number,"a;b;c;d"\n', "06,x\n"], ","),
        (["montant;tel\n", "1,50;06\n", "2,75;07\n"], ";"),
        ([], ","),
    ],
)
def test_delimiter(lines, delimiter):
    assert find_delimiter(lines) == delimiter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Phone_Number , NOM,date \n 07900900123 , Zoé , x ", [["Phone_Number", "NOM", "date"], ["07900900123", "Zoé", "x"]]),
        ("\ufeffphone number,nom\n07900900123,a", [["phone number", "nom"], ["07900900123", "a"]]),
        ('phone number,"nom","date"\n079, "a, b" ,"c ""d"""', [["phone number", "nom", "date"], ["079", "a, b", 'c "d"']]),
        ('a,b\n1,"ligne 1\nligne 2"\n', [["a", "b"], ["1", "ligne 1\nligne 2"]]),
        ("a,b\n1,M.\u00a0Dupont 10\u202f000\u200b", [["a", "b"], ["1", "M. Dupont 10 000"]]),
        ("a,b,,\n1,2,,", [["a", "b"], ["1", "2", "", ""]]),
        ("a,b\n1,2,3,4", [["a", "b"], ["1", "2", "3", "4"]]),
        ("a,b\n1", [["a", "b"], ["1"]]),
        ("", []),
        (" \n\u200b\n,,,\n", []),
    ],
)  # fmt: skip
def test_cells(text, expected):
    assert cells(text) == expected


def test_blank_rows_count_in_between_and_not_at_the_ends():
    rows = read("\n,,\na,b\n\n1,2\n\n ,\u00a0\n3,4\n,,\n\n")
    assert [(row.number, row.cells) for row in rows] == [
        (3, ["a", "b"]),
        (4, []),
        (5, ["1", "2"]),
        (6, []),
        (7, []),
        (8, ["3", "4"]),
    ]


def test_the_number_of_a_row_counts_cells_of_several_lines_once():
    rows = read('a,b\n1,"x\ny\nz"\n2,w')
    assert [row.number for row in rows] == [1, 2, 3]


class OneWayStream(io.RawIOBase):
    def __init__(self, content):
        self._content = io.BytesIO(content)

    def readable(self):
        return True

    def seekable(self):
        return False

    def read(self, size=-1):
        return self._content.read(size)


def test_sources_of_all_sorts():
    content = b"a;b\n1;2\n"
    expected = [["a", "b"], ["1", "2"]]
    stream = io.BytesIO(content)
    further = io.BytesIO(b"before" + content)
    further.seek(len(b"before"))
    with tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(content)
        spooled.seek(0)
        for source in (content, stream, further, OneWayStream(content), spooled):
            assert [row.cells for row in read_spreadsheet(source)] == expected
    assert not stream.closed


def test_rows_come_before_the_file_is_read_to_its_end():
    class Counting(io.BytesIO):
        line_reads = 0

        def read1(self, size=-1):
            self.line_reads += 1
            return super().read1(size)

    stream = Counting(b"a,b\n" + b"1,2\n" * 200_000)
    rows = read_spreadsheet(stream)
    next(rows)
    assert stream.line_reads == 1
    rows.close()
    assert not stream.closed


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"%PDF-1.7\n...", SpreadsheetProblem.NOT_A_SPREADSHEET),
        (b"<html><table><tr><td>a</td></tr></table>", SpreadsheetProblem.NOT_A_SPREADSHEET),
        (b"\x89PNG\r\n\x1a\n\x00\x00", SpreadsheetProblem.NOT_A_SPREADSHEET),
        ("a;b".encode("utf-16-le"), SpreadsheetProblem.NOT_A_SPREADSHEET),
        (b"PK\x03\x04 not a workbook", SpreadsheetProblem.NOT_A_SPREADSHEET),
        (b"nom\n\x81\x8d\xff", SpreadsheetProblem.UNREADABLE_TEXT),
        (codecs.BOM_UTF16_LE + b"a\x00\x00\xd8b\x00", SpreadsheetProblem.UNREADABLE_TEXT),
        (b'a,b\n1,"never closed\n2,x\n', SpreadsheetProblem.UNCLOSED_QUOTE),
        (b'a,b\n1,"never closed', SpreadsheetProblem.UNCLOSED_QUOTE),
        (b'a,b\n1,"' + b"x\n" * 100_000, SpreadsheetProblem.CELL_TOO_LONG),
    ],
)
def test_what_cannot_be_read_says_why(content, expected):
    assert problem(content).code is expected


def test_an_unclosed_quote_is_located():
    error = problem('a,b\n1,2\n3,"x\n4,5\n')
    assert error.row == 3
    assert "row 3" in str(error)


def test_a_quoted_cell_at_the_very_end_is_closed():
    assert cells('a,b\n1,"x\ny"') == [["a", "b"], ["1", "x\ny"]]
    assert cells('a,b\n1,""') == [["a", "b"], ["1", ""]]


def test_limits():
    assert len(read("a\n" + "1\n" * 5, rows=5)) == 6
    too_long = problem("a\n" + "1\n" * 6, rows=5)
    assert (too_long.code, too_long.limit) == (SpreadsheetProblem.TOO_MANY_ROWS, 5)
    assert problem("a,b,c\n1,2,3", columns=2).code is SpreadsheetProblem.TOO_MANY_COLUMNS
    assert cells("a,b,,,,\n1,2,3,4", columns=2) == [["a", "b"], ["1", "2"]]
    too_big = problem(b"a,b\n" * 30, size=100)
    assert (too_big.code, too_big.limit) == (SpreadsheetProblem.FILE_TOO_BIG, 100)
    with pytest.raises(SpreadsheetError):
        list(read_spreadsheet(OneWayStream(b"a,b\n" * 30), SpreadsheetLimits(size=100)))


def test_rows_before_the_limit_are_given_first():
    rows = read_spreadsheet(b"a\n1\n2\n3", SpreadsheetLimits(rows=2))
    assert [next(rows).cells for _ in range(3)] == [["a"], ["1"], ["2"]]
    with pytest.raises(SpreadsheetError, match="more than 2 rows"):
        next(rows)


@given(st.binary(max_size=300))
@example(b'"\r')
@example(b"\xff\xfe\x00\x00")
@example(b"\r,\r\n\n;")
def test_any_bytes_are_rows_or_the_typed_error(content):
    # Workbooks start a process each: their own tests damage them.
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return
    try:
        rows = read(content)
    except SpreadsheetError:
        return
    numbers = [row.number for row in rows]
    assert numbers == list(range(numbers[0], numbers[0] + len(rows))) if rows else True
    assert all(cell == cell.strip() for row in rows for cell in row.cells)


CELL = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Z")), min_size=1, max_size=8
)


@given(
    st.integers(2, 5).flatmap(
        lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1)
    ),
    st.sampled_from(",;\t"),
)
def test_what_a_program_writes_is_what_we_read(rows, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    start = rows[0][0].casefold()
    if not start.startswith(("%pdf-", "<")):
        assert cells(out.getvalue()) == rows
