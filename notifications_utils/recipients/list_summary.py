"""What a whole list comes to: counts, duplicates and the first faulty rows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic

from notifications_utils.recipients.list_errors import ListError, RowProblem
from notifications_utils.recipients.recipient_row import MessageT, RecipientRow


@dataclass(frozen=True, slots=True)
class DuplicateRecipient:
    """A recipient who would get several messages, which may be meant: a report, not an error."""

    normalised: str = field(repr=False)
    row_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ListSummary(Generic[MessageT]):
    rows: int
    """Without the headings; rows beyond the limit are not counted."""
    rows_with_errors: int
    problems: Mapping[RowProblem, int]
    """How many rows have each problem."""
    international: int
    """Rows that go abroad."""
    duplicates: tuple[DuplicateRecipient, ...]
    errors: tuple[ListError, ...]
    """What is wrong with the list as a whole, most important first."""
    first_rows: tuple[RecipientRow[MessageT], ...]
    first_rows_with_errors: tuple[RecipientRow[MessageT], ...]

    @property
    def has_errors(self) -> bool:
        return bool(self.errors) or self.rows_with_errors > 0

    @property
    def duplicate_rows(self) -> int:
        """Rows that repeat the recipient of an earlier one."""
        return sum(len(duplicate.row_numbers) - 1 for duplicate in self.duplicates)


class Tally(Generic[MessageT]):
    """Counts rows as they go by; keeps `rows_kept` of each sort, whatever the length of the list."""

    def __init__(self, rows_kept: int) -> None:
        self.rows = 0
        self.rows_with_errors = 0
        self.international = 0
        self.problems: Counter[RowProblem] = Counter()
        self.first_rows: list[RecipientRow[MessageT]] = []
        self.first_rows_with_errors: list[RecipientRow[MessageT]] = []
        self._rows_kept = rows_kept
        self._first_seen: dict[str, int] = {}
        self._repeated: dict[str, list[int]] = {}

    def add(self, row: RecipientRow[MessageT]) -> None:
        self.rows += 1
        if len(self.first_rows) < self._rows_kept:
            self.first_rows.append(row)
        if row.errors:
            self._add_errors(row)
        recipient = row.recipient
        if recipient is None:
            return
        self.international += recipient.is_international
        first = self._first_seen.setdefault(recipient.normalised, row.number)
        if first != row.number:
            self._repeated.setdefault(recipient.normalised, [first]).append(row.number)

    def _add_errors(self, row: RecipientRow[MessageT]) -> None:
        self.rows_with_errors += 1
        self.problems.update({error.problem for error in row.errors})
        if len(self.first_rows_with_errors) < self._rows_kept:
            self.first_rows_with_errors.append(row)

    def summarise(self, errors: tuple[ListError, ...]) -> ListSummary[MessageT]:
        return ListSummary(
            rows=self.rows,
            rows_with_errors=self.rows_with_errors,
            problems=dict(self.problems),
            international=self.international,
            duplicates=tuple(
                DuplicateRecipient(normalised, tuple(numbers))
                for normalised, numbers in self._repeated.items()
            ),
            errors=errors,
            first_rows=tuple(self.first_rows),
            first_rows_with_errors=tuple(self.first_rows_with_errors),
        )
