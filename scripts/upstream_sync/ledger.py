"""`upstream/ledger.jsonl`: one line a judgement of an upstream pull request, only ever appended to."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from scripts.upstream_sync.errors import UpstreamError

LEDGER: Final = "ledger.jsonl"


class Verdict(StrEnum):
    IRRELEVANT = "irrelevant"
    ADOPT = "adopt"
    ADAPT = "adapt"
    DECLINED = "declined"
    DEFERRED = "deferred"
    SUPERSEDED = "superseded"
    REVERTED = "reverted"


class InvalidLedgerError(UpstreamError):
    """The sentence names the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`up`: id of the upstream; `merge`: the commit by which it came to the main branch; `class_`: the machine's class.

    `until`: when a deferred one comes back. `other`: number of the pull request that supersedes or reverts it.
    `ours`: our commit or pull request.
    """

    up: str
    merge: str
    verdict: Verdict
    by: str
    on: date
    pr: int | None = None
    class_: str = ""
    auto: bool = False
    until: date | None = None
    other: int | None = None
    ours: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.by.strip():
            raise InvalidLedgerError("a verdict needs the name of who gave it")
        if (self.verdict is Verdict.DEFERRED) != (self.until is not None):
            raise InvalidLedgerError("a day until when belongs to a deferred verdict, and only to that")
        if self.verdict in (Verdict.SUPERSEDED, Verdict.REVERTED) and self.other is None:
            raise InvalidLedgerError(f"a {self.verdict} one needs the number of the other pull request")


def read_ledger(path: Path) -> list[Judgement]:
    """In the order in which they were given. Raises `InvalidLedgerError`.

    A last line without its end was being written when the machine stopped: it counts as not written.
    """
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [_parse(line, f"{path.name}:{number}") for number, line in enumerate(lines, 1)]


def latest(judgements: Iterable[Judgement]) -> dict[tuple[str, str], Judgement]:
    """By upstream and merge: what was said last counts."""
    return {(judgement.up, judgement.merge): judgement for judgement in judgements}


def append(path: Path, judgements: Iterable[Judgement]) -> None:
    """All of them or, after a crash, a part that the next call writes over. Raises `OSError`."""
    text = "".join(_format(judgement) + "\n" for judgement in judgements)
    if not text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    with os.fdopen(descriptor, "r+b") as file:
        file.seek(_end_of_last_line(file.read()))
        file.truncate()
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def _end_of_last_line(content: bytes) -> int:
    return content.rfind(b"\n") + 1


def _format(judgement: Judgement) -> str:
    """What says nothing is left out."""
    record = {
        field.name.rstrip("_"): value
        for field in fields(judgement)
        if (value := getattr(judgement, field.name)) not in (None, "", False)
    }
    return json.dumps(record, ensure_ascii=False, default=str)


def _parse(line: str, place: str) -> Judgement:
    try:
        record: dict[str, Any] = json.loads(line)
        for name in ("on", "until"):
            if name in record:
                record[name] = date.fromisoformat(record[name])
        verdict, class_ = Verdict(record.pop("verdict")), record.pop("class", "")
        return Judgement(verdict=verdict, class_=class_, **record)
    except (ValueError, TypeError, KeyError, AttributeError, InvalidLedgerError) as error:
        raise InvalidLedgerError(
            f"{place}: not a judgement ({error})",
            "The file is only appended to: get the line back from git.",
        ) from None
