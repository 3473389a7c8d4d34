"""One row of a list: whom it goes to, with which values, and what is wrong with it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from notifications_utils.recipients.columns import CONTRACT_HEADINGS, Columns
from notifications_utils.recipients.email_address import InvalidEmailAddressError
from notifications_utils.recipients.list_errors import MISSING_MESSAGE, RowError, RowProblem
from notifications_utils.recipients.phone_number import InvalidPhoneNumberError
from notifications_utils.recipients.recipient_checks import Recipient, RecipientChecks
from notifications_utils.recipients.spreadsheet_errors import SheetRow
from notifications_utils.templating.personalisation import Personalisation
from notifications_utils.templating.placeholders import normalise_name
from notifications_utils.templating.template_errors import EmptyMessageError, TemplateError


class RowMessage(Protocol):
    """What a list asks of a filled template."""

    @property
    def is_empty(self) -> bool: ...

    def check_length(self) -> None:
        """Raises a TemplateError when the message is too long to be sent."""
        ...


MessageT = TypeVar("MessageT", bound=RowMessage)
MessageT_co = TypeVar("MessageT_co", bound=RowMessage, covariant=True)


class RowTemplate(Protocol[MessageT_co]):
    """What a list asks of a template of either kind."""

    @property
    def placeholders(self) -> tuple[str, ...]: ...

    def render(self, values: Mapping[str, object] | None = None) -> MessageT_co: ...


@dataclass(frozen=True, slots=True)
class RecipientRow(Generic[MessageT]):
    """A row once checked. What is personal data stays out of its repr."""

    number: int
    """As the spreadsheet shows it: the headings are usually row 1."""
    index: int
    """From 0, without the headings, blank rows counted: what the ids of a job's messages derive from."""
    cells: list[str] = field(repr=False)
    to: str = field(repr=False)
    """The recipient as the file spells it; empty when there is none."""
    recipient: Recipient | None = field(repr=False)
    """None when invalid."""
    personalisation: Personalisation
    """Values of the template's placeholders; an empty cell is None."""
    message: MessageT | None = field(repr=False)
    """None when the values are not complete."""
    errors: tuple[RowError, ...]


class RowChecker(Generic[MessageT]):
    """What stays the same for all rows of a list. `allowed` are normalised recipients, None allows everybody."""

    def __init__(
        self,
        columns: Columns,
        template: RowTemplate[MessageT],
        checks: RecipientChecks,
        allowed: Collection[str] | None,
    ) -> None:
        self._template = template
        self._checks = checks
        self._allowed = allowed
        self._recipient_column = columns.recipient
        self._recipient_heading = CONTRACT_HEADINGS[checks.kind]
        self._recipient_key = normalise_name(self._recipient_heading)
        # With two recipient columns the list is refused already: which of the cells is empty says nothing.
        self._recipient_required = columns.recipient is not None and not columns.duplicate_recipients
        self._names = {normalise_name(name): name for name in template.placeholders}
        self._single = {key: indexes[0] for key, indexes in columns.values.items() if len(indexes) == 1}
        self._repeated = {key: indexes for key, indexes in columns.values.items() if len(indexes) > 1}
        self._is_complete = len(columns.values) == len(self._names)

    def check(self, index: int, row: SheetRow) -> RecipientRow[MessageT]:
        """Never raises: what is wrong is in the answer."""
        errors: list[RowError] = []
        cells = row.cells
        to = self._find_recipient_cell(cells)
        recipient = self._check_recipient(to, errors)
        values = self._read_values(cells)
        personalisation = Personalisation.from_normalised(values)
        message = None
        if None in values.values():
            errors.extend(self._find_missing(values))
        elif self._is_complete:
            message = self._template.render(personalisation)
            _check_message(message, errors)
        return RecipientRow(row.number, index, cells, to, recipient, personalisation, message, tuple(errors))

    def _find_recipient_cell(self, cells: list[str]) -> str:
        column = self._recipient_column
        return cells[column] if column is not None and column < len(cells) else ""

    def _check_recipient(self, to: str, errors: list[RowError]) -> Recipient | None:
        heading = self._recipient_heading
        if not to:
            if self._recipient_required:
                errors.append(RowError(RowProblem.MISSING, MISSING_MESSAGE, heading))
            return None
        try:
            recipient = self._checks.check(to)
        except (InvalidEmailAddressError, InvalidPhoneNumberError) as error:
            errors.append(RowError(RowProblem.BAD_RECIPIENT, error.short_message, heading, error))
            return None
        if self._allowed is not None and recipient.normalised not in self._allowed:
            errors.append(RowError(RowProblem.NOT_ALLOWED, "Not in your team or guest list", heading))
        return recipient

    def _read_values(self, cells: list[str]) -> dict[str, object]:
        width = len(cells)
        values: dict[str, object] = {
            key: (cells[index] or None) if index < width else None for key, index in self._single.items()
        }
        for key, indexes in self._repeated.items():
            values[key] = _gather([cells[index] for index in indexes if index < width])
        return values

    def _find_missing(self, values: Mapping[str, object]) -> Iterator[RowError]:
        for key, name in self._names.items():
            # An empty recipient has been told already.
            if key != self._recipient_key and key in values and values[key] is None:
                yield RowError(RowProblem.MISSING, MISSING_MESSAGE, name)


def _gather(cells: list[str]) -> object:
    """Contract: the filled cells of columns with the same heading as a list, one alone as it is."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return None
    return filled if len(filled) > 1 else filled[0]


def _check_message(message: RowMessage, errors: list[RowError]) -> None:
    if message.is_empty:
        empty = EmptyMessageError()
        errors.append(RowError(RowProblem.MESSAGE_EMPTY, str(empty), cause=empty))
        return
    try:
        message.check_length()
    except TemplateError as error:
        errors.append(RowError(RowProblem.MESSAGE_TOO_LONG, str(error), cause=error))
