"""A file of recipients checked against a template, row by row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Generic

from notifications_utils.recipients.columns import match_columns
from notifications_utils.recipients.list_errors import ListError, ListProblem, RowProblem
from notifications_utils.recipients.list_summary import ListSummary, Tally
from notifications_utils.recipients.recipient_checks import RecipientChecks
from notifications_utils.recipients.recipient_row import MessageT, RecipientRow, RowChecker, RowTemplate
from notifications_utils.recipients.spreadsheet_errors import SheetRow, SpreadsheetError, SpreadsheetProblem


@dataclass(frozen=True, slots=True)
class ListLimits:
    """What a service may still send; None means as much as it likes.

    `allowed_recipients` are the team and the guest list as people wrote them.
    """

    rows: int = 100_000
    remaining_messages: int | None = None
    remaining_international: int | None = None
    allowed_recipients: frozenset[str] | None = None
    rows_kept: int = 20
    """Rows that the summary keeps to be shown, of each sort."""


NO_LIMITS: Final = ListLimits()


class RecipientList(Generic[MessageT]):
    """Rows of a file with all that is wrong with them, and what the list as a whole comes to.

    Reading never raises, whatever the rows hold and in whatever order one asks; a file that cannot be read
    on is an error of the list. Rows are read once: the iteration goes on where the last one stopped, and
    `summary` reads what remains.
    """

    def __init__(
        self,
        rows: Iterable[SheetRow],
        template: RowTemplate[MessageT],
        checks: RecipientChecks,
        limits: ListLimits = NO_LIMITS,
    ) -> None:
        self._limits = limits
        self._unreadable: SpreadsheetError | None = None
        self._exceeded_rows: int | None = None
        source = self._read(rows)
        headings = next(source, None)
        self.columns = match_columns(headings.cells if headings else (), template.placeholders, checks.kind)
        allowed = limits.allowed_recipients
        normalised = None if allowed is None else frozenset(map(checks.normalise, allowed))
        self._tally: Tally[MessageT] = Tally(limits.rows_kept)
        self._rows = self._check(source, RowChecker(self.columns, template, checks, normalised))

    def __iter__(self) -> Iterator[RecipientRow[MessageT]]:
        return self._rows

    @property
    def summary(self) -> ListSummary[MessageT]:
        for _ in self._rows:
            pass
        return self._tally.summarise(tuple(self._find_errors()))

    def _read(self, rows: Iterable[SheetRow]) -> Iterator[SheetRow]:
        try:
            yield from rows
        except SpreadsheetError as error:
            if error.code is SpreadsheetProblem.TOO_MANY_ROWS:
                self._exceeded_rows = error.limit
            else:
                self._unreadable = error

    def _check(
        self, source: Iterator[SheetRow], checker: RowChecker[MessageT]
    ) -> Iterator[RecipientRow[MessageT]]:
        for index, row in enumerate(source):
            if index == self._limits.rows:
                self._exceeded_rows = self._limits.rows
                return
            checked = checker.check(index, row)
            self._tally.add(checked)
            yield checked

    def _find_errors(self) -> Iterator[ListError]:
        tally, limits, columns = self._tally, self._limits, self.columns
        if self._unreadable is not None:
            yield ListError(ListProblem.UNREADABLE_FILE, cause=self._unreadable)
            if not columns.headings:
                return
        if columns.missing:
            yield ListError(ListProblem.MISSING_COLUMNS, columns=columns.missing)
        if columns.duplicate_recipients:
            yield ListError(ListProblem.DUPLICATE_RECIPIENT_COLUMNS, columns=columns.duplicate_recipients)
        if not tally.rows:
            yield ListError(ListProblem.NO_ROWS)
        if self._exceeded_rows is not None:
            yield ListError(ListProblem.TOO_MANY_ROWS, limit=self._exceeded_rows)
        yield from _compare(
            ListProblem.MORE_ROWS_THAN_REMAINING_MESSAGES, tally.rows, limits.remaining_messages
        )
        if not_allowed := tally.problems[RowProblem.NOT_ALLOWED]:
            yield ListError(ListProblem.RECIPIENTS_NOT_ALLOWED, count=not_allowed)
        yield from _compare(
            ListProblem.MORE_THAN_REMAINING_INTERNATIONAL_MESSAGES,
            tally.international,
            limits.remaining_international,
        )


def _compare(problem: ListProblem, count: int, limit: int | None) -> Iterator[ListError]:
    if limit is not None and count > limit:
        yield ListError(problem, count=count, limit=limit)
