"""`upstream/mapping.toml`: which fact of ours each mapped fact of upstream stands for, or why none does.

The first row whose pattern matches counts. A fact that no row matches is a question to answer, so patterns should only
be as wide as the reason is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from api.patch_series.declaration import InvalidDeclarationError, Table, Text, read_table
from scripts.upstream_sync.errors import UpstreamError
from scripts.upstream_sync.patterns import Pattern

MAPPING: Final = "mapping.toml"
_SAME: Final = "same"


class InvalidMappingError(UpstreamError):
    """The sentences name file and line."""


class Row(Table):
    """`ours`: a key of ours, or "same" for one of the same name. `not_applicable`: why there is none."""

    upstream: Annotated[list[Text], Field(min_length=1)]
    ours: Text | None = None
    not_applicable: Text | None = None

    @model_validator(mode="after")
    def check_answer(self) -> Self:
        if (self.ours is None) == (self.not_applicable is None):
            raise ValueError("ours: a row says either what is ours or why it is not-applicable")
        return self

    @cached_property
    def patterns(self) -> list[Pattern]:
        return [Pattern(text) for text in self.upstream]


class Rows(Table):
    map: list[Row] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Question:
    """A mapped fact of upstream without an answer, or a row that answers nothing (`key` is then its pattern)."""

    key: str
    problem: str


def read_mapping(path: Path) -> Sequence[Row]:
    """No rows when there is no such file. Raises `InvalidMappingError`."""
    if not path.exists():
        return []
    try:
        return read_table(path, f"upstream/{path.name}", Rows).map
    except InvalidDeclarationError as error:
        raise InvalidMappingError("\n".join(error.problems), "Its form: docs/reference/upstream.md") from None


def find_questions(
    theirs: Sequence[str], ours: Mapping[str, object], rows: Sequence[Row]
) -> Iterator[Question]:
    """`theirs`: keys of mapped facts."""
    used: set[Pattern] = set()
    for key in theirs:
        row, pattern = _find(key, rows)
        if row is None or pattern is None:
            yield Question(key, "is new upstream and nobody has said what it is here")
            continue
        used.add(pattern)
        wanted = key if row.ours == _SAME else row.ours
        if wanted is not None and wanted not in ours:
            yield Question(key, f"is mapped to `{wanted}`, which we do not have")
    for row in rows:
        for pattern in row.patterns:
            if pattern not in used:
                yield Question(pattern.text, "matches no fact of upstream any more")


def _find(key: str, rows: Sequence[Row]) -> tuple[Row, Pattern] | tuple[None, None]:
    pairs = ((row, pattern) for row in rows for pattern in row.patterns)
    return next((pair for pair in pairs if pair[1].matches(key)), (None, None))
