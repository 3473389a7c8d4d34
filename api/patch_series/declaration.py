"""What a patch says of itself: `patch.toml`, in the vocabulary of DEP-3 (docs/how-to/write-a-patch.md)."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

DECLARATION: Final = "patch.toml"
APPROVALS_OF_A_BREAKING_PATCH: Final = 2

_MODULE_AND_NAME: Final = r"[a-z_][a-z0-9_.]*:[A-Za-z_][A-Za-z0-9_.]*"
_ERROR_PLACE: Final = re.compile(r" \(at line (\d+), column \d+\)$")
_TABLE: Final = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?")
_ANY: Final = re.compile(r"(?<!/)\*")
_KEY: Final = re.compile(r'\s*(?:"([^"]+)"|([A-Za-z0-9_-]+))\s*=')

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Target = Annotated[str, Field(pattern=f"^{_MODULE_AND_NAME}$")]
Link = Annotated[str, Field(pattern=r"^(https://\S+)?$")]


class Table(BaseModel):
    """A table of a TOML file that people write: names with dashes, nothing unknown."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"), strict=True
    )


AnyTable = TypeVar("AnyTable", bound=Table)


class Fact(Table):
    """A fact of the contract that is another one here; `base` is the digest of upstream's value when it was declared.

    `base` is left out where upstream has no such fact; `ours` where we have none. A key with `*` (but for `/*`, the items
    of a list) stands for all facts of that form which only we have, or only upstream in a removal, and names neither.
    """

    key: Text
    base: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    ours: Any = None

    @model_validator(mode="after")
    def check_sides(self) -> Self:
        is_pattern = _ANY.search(self.key) is not None
        if is_pattern and (self.base is not None or self.ours is not None):
            raise ValueError("key: one with `*` takes neither base nor ours; write the keys one by one")
        if not is_pattern and self.base is None and self.ours is None:
            raise ValueError("key: needs base (what upstream has), ours (what we have), or both")
        return self


class Anchor(Table):
    """Behaviour of upstream that is not a fact, and that this patch replaces; `digest` is of its syntax tree."""

    upstream: Literal["uk-api", "uk-admin", "uk-utils"]
    path: Text
    symbol: Text | None = None
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None


class Declaration(Table):
    """`fills`: slot → `module:callable` of the patch's package; each takes `Settings` and returns what fills the slot."""

    id: Annotated[int, Field(ge=1)]
    title: Text
    kind: Literal["extension", "restriction", "substitution", "removal", "rule", "branding", "lag"]
    reason: Literal[
        "legal", "market", "language", "provider", "security", "infra", "upstream-bug", "temporary"
    ]
    description: Text
    origin: Text
    author: Text
    last_update: date
    review_by: date
    forwarded: Annotated[str, Field(pattern=r"^(no|not-needed|https://\S+)$")]
    bug: Link = ""
    applied_upstream: str = ""
    client_impact: Literal["none", "additive", "breaking"]
    approved_by: list[Text] = Field(default_factory=list)
    page: Text
    settings: Target | None = None
    emulator: Target | None = None
    vectors: list[Text] = Field(default_factory=list)
    fills: dict[str, Target] = Field(default_factory=dict)
    fact: list[Fact] = Field(default_factory=list)
    anchor: list[Anchor] = Field(default_factory=list)

    @model_validator(mode="after")
    def check_together(self) -> Self:
        if self.review_by <= self.last_update:
            raise ValueError("review-by: must lie after last-update")
        if self.client_impact == "breaking" and len(set(self.approved_by)) < APPROVALS_OF_A_BREAKING_PATCH:
            raise ValueError("approved-by: what breaks clients needs the names of two people")
        return self

    @model_validator(mode="after")
    def check_effect(self) -> Self:
        if not self.fills and not self.fact and self.kind != "lag":
            raise ValueError("fills: the patch fills no slot and declares no fact, so it does nothing")
        return self


class Extension(Declaration):
    """Of the core, in the same words: it has no code of its own, so it fills nothing (ADR 0008).

    One without facts is about behaviour, and anchors it where upstream has another.
    """

    @model_validator(mode="after")
    def check_effect(self) -> Self:
        if self.fills or self.settings or self.emulator:
            raise ValueError("fills: an extension of the core has no parts of its own; what has is a patch")
        if not self.fact and not self.anchor:
            raise ValueError("fact: name a fact, or the anchor of a behaviour, that is another one here")
        return self


class InvalidDeclarationError(Exception):
    """`problems`: one sentence each, with file and line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(problems))


def read_declaration(path: Path, shown_as: str) -> Declaration:
    """`shown_as` names the file in errors. Raises `InvalidDeclarationError`, `OSError`."""
    return read_table(path, shown_as, Declaration)


def read_table(path: Path, shown_as: str, model: type[AnyTable]) -> AnyTable:
    """A whole file as one table. Raises `InvalidDeclarationError`, `OSError`."""
    text = path.read_text(encoding="utf-8")
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _ERROR_PLACE.search(message)
        line = f":{place[1]}" if place else ""
        raise InvalidDeclarationError([f"{shown_as}{line}: {_ERROR_PLACE.sub('', message)}"]) from None
    except ValidationError as error:
        raise InvalidDeclarationError(list(_describe(error, text, shown_as))) from None


def _describe(error: ValidationError, text: str, shown_as: str) -> Iterator[str]:
    for found in error.errors(include_input=False, include_url=False):
        message = found["msg"].removeprefix("Value error, ")
        location = [str(part) for part in found["loc"]]
        if not location and ":" in message:  # of the whole: the sentence begins with the field
            location = [message.partition(":")[0]]
            message = message.partition(": ")[2]
        name = ".".join(part for part in location if part not in {"str", "none"})
        yield f"{shown_as}:{find_line(text, location)}: {name}: {message}"


def find_line(text: str, location: Sequence[str]) -> int:
    """Of the key (or its table) that a validator's location names; 1 when nothing of it is there."""
    wanted, best = tuple(part for part in location if not part.isdecimal()), (0, 1)
    index = next((int(part) for part in location if part.isdecimal()), 0)
    table: tuple[str, ...] = ()
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.fullmatch(line.partition("#")[0].rstrip()):
            table = tuple(header[1].split("."))
            seen[table] = seen.get(table, -1) + 1
            place = table
        elif key := _KEY.match(line):
            place = (*table, key[1] or key[2])
        else:
            continue
        is_same_item = seen.get(table, 0) == index or not table
        if is_same_item and wanted[: len(place)] == place and len(place) > best[0]:
            best = (len(place), number)
    return best[1]
