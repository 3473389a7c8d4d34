"""Workbooks (XLSX, XLSM, XLS, ODS), read by a process of their own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from notifications_utils.recipients.cleaning import clean_text
from notifications_utils.recipients.spreadsheet_errors import (
    SheetRow,
    SpreadsheetError,
    SpreadsheetLimits,
    SpreadsheetProblem,
)

_PROGRAM: Final = Path(__file__).with_name("workbook_process.py")


def read_workbook(content: bytes, limits: SpreadsheetLimits) -> Iterator[SheetRow]:
    """The rows of the first visible sheet that hold something; raises SpreadsheetError."""
    with subprocess.Popen(  # noqa: S603 - our own program, the content goes to its standard input
        [sys.executable, "-P", str(_PROGRAM), str(limits.seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield from _read_answer(process, content)
        finally:
            process.kill()


def _read_answer(process: "subprocess.Popen[bytes]", content: bytes) -> Iterator[SheetRow]:
    # The program answers once it has read everything, so that neither waits for the other.
    _write(process, content)
    for line in process.stdout or ():
        answer = json.loads(line)
        if isinstance(answer, str):
            raise SpreadsheetError(SpreadsheetProblem(answer))
        number, cells = answer
        yield SheetRow(number, [clean_text(cell).strip() for cell in cells])
    status = process.wait()
    if status:
        # A signal means a limit of the process, or the reader's own abort for want of memory.
        problem = SpreadsheetProblem.TOO_COMPLEX if status < 0 else SpreadsheetProblem.DAMAGED
        raise SpreadsheetError(problem)


def _write(process: "subprocess.Popen[bytes]", content: bytes) -> None:
    if process.stdin is None:
        return
    try:
        process.stdin.write(content)
        process.stdin.close()
    except BrokenPipeError:
        return  # it ended early: its status says why
